import { requireBearable } from './breach-alarm.ts'

/** How a change alarm is set up. */
export interface ChangeAlarmOptions {
  /** Mean number of values between two false alarms, at least; > 1. */
  readonly valuesBetweenFalseAlarms: number
  /** Largest value that can be folded: 1 for labels, `largestValue` of `standInRange` for stand-ins. */
  readonly largestValue: number
}

/** Serialisable form of a change alarm. */
export interface ChangeAlarmState {
  readonly count: number
  /** Natural logarithms of the wealth of each bet, never below 0. */
  readonly logWealth: readonly number[]
  /** Number of values at the last alarm; `null` without any. */
  readonly lastAt: number | null
}

/** Notices that conditional means have fallen below their floors, however long they were above before. */
export interface ChangeAlarm {
  /** Folds one value and the floor of its request; true where it raises. It then begins anew. */
  add(value: number, floor: number): boolean
  readonly lastAt: number | null
  state(): ChangeAlarmState
}

/** Bets as shares of the largest that cannot ruin; a mean of wealths is a wealth. */
const BETS = [0.1, 0.3, 0.5]

/**
 * Creates a change alarm, the e-CUSUM: for each of three constant bets b = {.1, .3, .5} / (largest - floor),
 * W <- max(1, W) (1 + b (floor - z)); it raises when the mean of the three W reaches A, and begins anew. While every conditional
 * mean is at least its floor, the mean time to an alarm is at least A (Shin, Ramdas & Rinaldo 2024, e-detectors: the mean of
 * the W_t is at most t). Unlike the breach alarm, its wealth never falls below one: long good behaviour buys no patience.
 */
export function createChangeAlarm(
  options: ChangeAlarmOptions,
  from: ChangeAlarmState | null = null,
): ChangeAlarm {
  const { valuesBetweenFalseAlarms, largestValue } = options
  if (!(valuesBetweenFalseAlarms > 1)) {
    throw new RangeError(
      `the time between false alarms is ${valuesBetweenFalseAlarms} values; it must exceed 1`,
    )
  }
  let state: ChangeAlarmState = from ?? { count: 0, logWealth: BETS.map(() => 0), lastAt: null }
  return {
    add(value, floor) {
      requireBearable(value, floor, largestValue)
      const count = state.count + 1
      const grown = state.logWealth.map((wealth, i) => {
        const bet = (BETS[i] ?? 0) / (largestValue - floor)
        return Math.max(0, wealth) + Math.log1p(bet * (floor - value))
      })
      const raised =
        grown.reduce((sum, wealth) => sum + Math.exp(wealth), 0) / BETS.length >= valuesBetweenFalseAlarms
      state = {
        count,
        logWealth: raised ? BETS.map(() => 0) : grown,
        lastAt: raised ? count : state.lastAt,
      }
      return raised
    },
    get lastAt() {
      return state.lastAt
    },
    state: () => state,
  }
}
