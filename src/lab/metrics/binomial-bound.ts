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

/** Regularised incomplete beta function I_x(a, b) by its continued fraction (Abramowitz & Stegun 26.5.8, Lentz's method). */
function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges fast below the mean; above it the complement is taken.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  const tiny = 1e-300
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let fraction = d
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    fraction *= c * d
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    fraction *= c * d
    if (Math.abs(c * d - 1) < 1e-15) break
  }
  return (front * fraction) / a
}

/** Lanczos' coefficients for g = 7, nine terms (Godfrey). */
const lanczos = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406,
  12.507343278686905, -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
]

/** Natural logarithm of the gamma function for z > 0. */
function logGamma(z: number): number {
  const shifted = z - 1
  const base = shifted + 7.5
  const sum = lanczos.reduce((total, term, i) => total + (i === 0 ? term : term / (shifted + i)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum)
}
