import { incompleteBeta } from '../../routing/numeric/incomplete-beta.ts'

/**
 * Exact lower confidence bound of a probability after `successes` in `trials` independent trials (Clopper & Pearson 1934,
 * one-sided): the p at which `successes` or more happen with probability `alpha`, the alpha-quantile of
 * Beta(successes, trials - successes + 1). 0 without successes.
 */
export function binomialLowerBound(successes: number, trials: number, alpha: number): number {
  checkAlpha(alpha)
  if (
    !(
      Number.isInteger(trials) &&
      trials > 0 &&
      Number.isInteger(successes) &&
      successes >= 0 &&
      successes <= trials
    )
  ) {
    throw new RangeError(
      `${successes} successes in ${trials} trials; expected whole numbers, at least one trial`,
    )
  }
  if (successes === 0) return 0
  return bisect(p => incompleteBeta(successes, trials - successes + 1, p) < alpha)
}

/**
 * Lower confidence bound, one-sided, of the mean of independent values in [0, 1]: exact binomial where all are 0 or 1. With
 * fractions it is Chernoff's, the p below the mean at which trials * KL(mean, p) = ln(1 / alpha) (Hoeffding 1963, theorem 1),
 * which holds for any values in [0, 1]. Throws `RangeError` without values or outside [0, 1].
 */
export function meanLowerBound(values: ArrayLike<number>, alpha: number): number {
  checkAlpha(alpha)
  let sum = 0
  let whole = true
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN
    if (!(value >= 0 && value <= 1))
      throw new RangeError(`value ${i} is ${value}; expected a number from 0 to 1`)
    sum += value
    if (value !== 0 && value !== 1) whole = false
  }
  if (values.length === 0) throw new RangeError('a bound needs at least one value')
  if (whole) return binomialLowerBound(sum, values.length, alpha)
  const mean = sum / values.length
  const limit = Math.log(1 / alpha) / values.length
  return bisect(p => p < mean && divergence(mean, p) > limit)
}

function checkAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha is ${alpha}; it must lie in (0, 1)`)
}

/** Kullback-Leibler divergence of Bernoulli(p) from Bernoulli(q). */
function divergence(p: number, q: number): number {
  const term = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b))
  return term(p, q) + term(1 - p, 1 - q)
}

/** Largest p in [0, 1], to the last bits, up to which `below` holds. */
function bisect(below: (p: number) => boolean): number {
  let low = 0
  let high = 1
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (below(middle)) low = middle
    else high = middle
  }
  return low
}
