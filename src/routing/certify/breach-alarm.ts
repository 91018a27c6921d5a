/** How a breach alarm is set up. */
export interface BreachAlarmOptions {
  /** Probability of ever raising a false alarm, in (0, 1). */
  readonly delta: number
  /** Largest value that can be folded: 1 for labels. */
  readonly largestValue: number
}

/** Serialisable form of a breach alarm. */
export interface BreachAlarmState {
  readonly count: number
  readonly sum: number
  readonly sumOfSquares: number
  /** Natural logarithm of the wealth. */
  readonly logWealth: number
  /** Number of values at which it was raised; `null` before. */
  readonly raisedAt: number | null
}

/** Raises once the belief that every conditional mean reaches its floor has become untenable. */
export interface BreachAlarm {
  /** Folds one value and the floor of its request. */
  add(value: number, floor: number): void
  /** Number of values at which it was raised, for good; `null` while it was not. */
  readonly raisedAt: number | null
  state(): BreachAlarmState
}

// Keeps the first bets small: as if this many values of the widest spread had been seen.
const priorCount = 1
const priorVariance = 0.25

/**
 * Creates a breach alarm: the e-process W_i = W_(i-1) * (1 + b_i (floor_i - z_i)), raised when W >= 1/delta.
 * If every conditional mean of z_i is at least its floor, W is a non-negative supermartingale and the chance of ever
 * raising is at most delta (Ville). The bet b_i = clip(d / (var + d^2), 0, 1 / (2 (largest - floor_i))), d the shortfall of
 * the mean so far, uses only values before i (Waudby-Smith & Ramdas 2023, approximate growth rate).
 * A kept long-run mean with bad hours may rightly raise it: an alarm is no verdict on the mean.
 */
export function createBreachAlarm(
  options: BreachAlarmOptions,
  from: BreachAlarmState | null = null,
): BreachAlarm {
  const { delta, largestValue } = options
  if (!(delta > 0 && delta < 1)) throw new RangeError(`delta is ${delta}; it must lie in (0, 1)`)
  let state: BreachAlarmState = from ?? { count: 0, sum: 0, sumOfSquares: 0, logWealth: 0, raisedAt: null }
  return {
    add(value, floor) {
      requireBearable(value, floor, largestValue)
      const count = state.count + 1
      const logWealth = state.logWealth + Math.log1p(bet(state, floor, largestValue) * (floor - value))
      const raised = logWealth >= -Math.log(delta) ? count : null
      state = {
        count,
        sum: state.sum + value,
        sumOfSquares: state.sumOfSquares + value * value,
        logWealth,
        raisedAt: state.raisedAt ?? raised,
      }
    },
    get raisedAt() {
      return state.raisedAt
    },
    state: () => state,
  }
}

function bet({ count, sum, sumOfSquares }: BreachAlarmState, floor: number, largestValue: number): number {
  const weight = count + priorCount
  const mean = (sum + priorCount * floor) / weight
  const variance =
    (sumOfSquares - (count === 0 ? 0 : (sum * sum) / count) + priorCount * priorVariance) / weight
  const shortfall = floor - mean
  const best = shortfall / (variance + shortfall * shortfall)
  return Math.max(0, Math.min(best, 0.5 / (largestValue - floor)))
}

/** Throws a RangeError for a value or floor against which a bet could lose more than it has. */
export function requireBearable(value: number, floor: number, largestValue: number): void {
  if (value <= largestValue && floor < largestValue) return
  throw new RangeError(
    `value ${value} and floor ${floor} must not exceed ${largestValue}, the floor must lie below it`,
  )
}
