/** How a confidence sequence is set up; the scales must be fixed before the first value. */
export interface ConfidenceSequenceOptions {
  /** Probability that a bound is ever wrong, in (0, 1); for each side alone. */
  readonly delta: number
  /** How far a value may lie below its prediction, > 0: 1 for labels in [0, 1], 1 / (least audit probability) for reweighted ones. */
  readonly lowerScale: number
  /** How far a value may lie above its prediction, > 0. */
  readonly upperScale: number
}

/** What has been folded so far. */
export interface ConfidenceSequenceState {
  readonly count: number
  readonly sum: number
  /** Sum of squared differences between values and their predictions. */
  readonly variance: number
}

/** Bounds of the running mean of conditional means. */
export interface Bounds {
  /** Mean of the values; `null` without any. */
  readonly estimate: number | null
  readonly lower: number
  readonly upper: number
}

/** Confidence sequence for a running mean: it holds at all times at once, under adaptive choices and drift. */
export interface ConfidenceSequence {
  /** Folds one value with the prediction made before it was known. Throws on numbers that are not finite. */
  add(value: number, prediction: number): void
  /** Lower and upper bound; minus and plus infinity before the first value. */
  bounds(): Bounds
  /**
   * How many values more until the bound on the estimate's side of `target` passes it, if mean and variance stay as they are:
   * 0 if it has, `null` if the estimate lies on the target or more than a billion values are needed.
   */
  countNeeded(target: number): number | null
  state(): ConfidenceSequenceState
}

// Stitching constants of the boundary: eta = 2, s = 1.4, zeta(1.4) = 3.1055.
const exponent = 1.4
const zetaOfExponent = 3.1055
const k1 = (2 ** 0.25 + 2 ** -0.25) / Math.SQRT2
const k2 = (Math.SQRT2 + 1) / 2
const mostValues = 1e9

/**
 * Uncertainty of a sum of `count` values by the stitched empirical-Bernstein boundary
 * (Howard, Ramdas, McAuliffe & Sekhon 2021, Annals of Statistics 49, theorem 4 with the polynomial stitched boundary):
 * v = max(variance, scale^2), l = s ln(1 + ln(v / scale^2) / ln 2) + ln(zeta(s) / delta),
 * u = sqrt(k1^2 v l + k2^2 scale^2 l^2) + k2 scale l. The mean lies within u / count on one side at all times with
 * probability at least 1 - delta.
 */
export function stitchedBoundary(variance: number, scale: number, delta: number): number {
  const start = scale * scale
  const v = Math.max(variance, start)
  const l = exponent * Math.log(1 + Math.log(v / start) / Math.LN2) + Math.log(zetaOfExponent / delta)
  return Math.sqrt(k1 * k1 * v * l + k2 * k2 * start * l * l) + k2 * scale * l
}

/**
 * Creates a confidence sequence for the running mean (1/t) sum E[z_i | F_(i-1)] of values z_i that are predictable up to
 * one-sided scales: lower and upper bound each hold for all t with probability at least 1 - delta.
 *
 * @example
 * const sequence = createConfidenceSequence({ delta: 0.05, lowerScale: 1, upperScale: 1 })
 * sequence.add(1, 0.8)
 * sequence.bounds().estimate // 1
 */
export function createConfidenceSequence(
  options: ConfidenceSequenceOptions,
  from: ConfidenceSequenceState | null = null,
): ConfidenceSequence {
  checkOptions(options)
  const { delta, lowerScale, upperScale } = options
  let count = from?.count ?? 0
  let sum = from?.sum ?? 0
  let variance = from?.variance ?? 0
  return {
    add(value, prediction) {
      if (!Number.isFinite(value) || !Number.isFinite(prediction)) {
        throw new RangeError(
          `a confidence sequence takes finite numbers, not ${value} predicted as ${prediction}`,
        )
      }
      count += 1
      sum += value
      variance += (value - prediction) ** 2
    },
    bounds() {
      if (count === 0) {
        return { estimate: null, lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY }
      }
      const estimate = sum / count
      return {
        estimate,
        lower: estimate - stitchedBoundary(variance, lowerScale, delta) / count,
        upper: estimate + stitchedBoundary(variance, upperScale, delta) / count,
      }
    },
    countNeeded(target) {
      if (count === 0) return null
      const margin = sum / count - target
      const scale = margin >= 0 ? lowerScale : upperScale
      const passed = (total: number): boolean =>
        stitchedBoundary((variance / count) * total, scale, delta) / total <= Math.abs(margin)
      return moreNeeded(count, passed)
    },
    state: () => ({ count, sum, variance }),
  }
}

/** Least number of further values after which `passed` holds, by doubling and bisection; `null` beyond a billion. */
function moreNeeded(count: number, passed: (total: number) => boolean): number | null {
  if (passed(count)) return 0
  let short = count
  let enough = 2 * count
  while (!passed(enough)) {
    if (enough > mostValues) return null
    short = enough
    enough *= 2
  }
  while (enough - short > 1) {
    const middle = Math.floor((short + enough) / 2)
    if (passed(middle)) enough = middle
    else short = middle
  }
  return enough - count
}

function checkOptions({ delta, lowerScale, upperScale }: ConfidenceSequenceOptions): void {
  if (!(delta > 0 && delta < 1)) throw new RangeError(`delta is ${delta}; it must lie in (0, 1)`)
  if (!(lowerScale > 0 && upperScale > 0)) {
    throw new RangeError(`the scales are ${lowerScale} and ${upperScale}; both must be positive`)
  }
}
