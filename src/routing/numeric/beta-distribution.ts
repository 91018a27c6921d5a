import type { Random } from './random.ts'

/** From here on the asymptotic series below are exact to 64 bits but for a few units in the last place. */
const LARGE = 8

/** ln Gamma(x), x > 0: the recurrence up to 8, then Stirling's series (Abramowitz & Stegun 6.1.41). */
export function logGamma(x: number): number {
  let shift = 0
  let at = x
  while (at < LARGE) {
    shift += Math.log(at)
    at++
  }
  const inverse = 1 / at
  const square = inverse * inverse
  const series =
    inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188)))))
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift
}

/** Derivative of `logGamma`, x > 0 (Abramowitz & Stegun 6.3.5 and 6.3.18). */
export function digamma(x: number): number {
  let shift = 0
  let at = x
  while (at < LARGE) {
    shift += 1 / at
    at++
  }
  const square = 1 / (at * at)
  const series =
    square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square * (1 / 132)))))
  return Math.log(at) - 0.5 / at - series - shift
}

/** Derivative of `digamma`, x > 0 (Abramowitz & Stegun 6.4.6 and 6.4.12). */
export function trigamma(x: number): number {
  let shift = 0
  let at = x
  while (at < LARGE) {
    shift += 1 / (at * at)
    at++
  }
  const inverse = 1 / at
  const square = inverse * inverse
  const series =
    inverse *
    (1 + 0.5 * inverse + square * (1 / 6 - square * (1 / 30 - square * (1 / 42 - square * (1 / 30)))))
  return series + shift
}

/** A number with its derivatives by both shapes of a Beta distribution. */
export interface BetaGradient {
  readonly value: number
  readonly byA: number
  readonly byB: number
}

/** Log density of Beta(a, b) at x in (0, 1): (a - 1) ln x + (b - 1) ln(1 - x) - ln B(a, b); a, b > 0. */
export function betaLogDensity(x: number, a: number, b: number): BetaGradient {
  const both = digamma(a + b)
  return {
    value: (a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta(a, b),
    byA: Math.log(x) - digamma(a) + both,
    byB: Math.log1p(-x) - digamma(b) + both,
  }
}

/** Differential entropy of Beta(a, b): ln B(a, b) - (a - 1) psi(a) - (b - 1) psi(b) + (a + b - 2) psi(a + b). */
export function betaEntropy(a: number, b: number): BetaGradient {
  const both = (a + b - 2) * trigamma(a + b)
  return {
    value: logBeta(a, b) - (a - 1) * digamma(a) - (b - 1) * digamma(b) + (a + b - 2) * digamma(a + b),
    byA: both - (a - 1) * trigamma(a),
    byB: both - (b - 1) * trigamma(b),
  }
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b)
}

/** A draw from Beta(a, b), a, b >= 1, as X / (X + Y) of two Gamma variables; strictly inside (0, 1). */
export function sampleBeta(a: number, b: number, random: Random): number {
  const x = sampleGamma(a, random)
  const share = x / (x + sampleGamma(b, random))
  return Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, share))
}

/** A draw from Gamma(shape, 1), shape >= 1 (Marsaglia & Tsang 2000). */
function sampleGamma(shape: number, random: Random): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const normal = random.normal()
    const cube = (1 + c * normal) ** 3
    if (cube <= 0) continue
    const accept = 0.5 * normal * normal + d - d * cube + d * Math.log(cube)
    if (Math.log(1 - random.next()) < accept) return d * cube
  }
}
