import { describe, expect, it } from 'vitest'
import { betaEntropy, betaLogDensity, digamma, logGamma, sampleBeta, trigamma } from './beta-distribution.ts'
import { createRandom } from './random.ts'

const shapes = [
  [1, 1],
  [1.7, 1.3],
  [2.5, 6],
  [40, 3],
] as const

/** Integral of f over (0, 1) by the midpoint rule. */
function integral(f: (x: number) => number): number {
  const cells = 20_000
  let sum = 0
  for (let i = 0; i < cells; i++) sum += f((i + 0.5) / cells) / cells
  return sum
}

describe('gamma functions', () => {
  it('have their known values', () => {
    expect(logGamma(1)).toBeCloseTo(0, 10)
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 10)
    expect(logGamma(11)).toBeCloseTo(Math.log(3628800), 9)
    expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 10)
    expect(digamma(0.5)).toBeCloseTo(-0.5772156649015329 - 2 * Math.LN2, 10)
    expect(trigamma(1)).toBeCloseTo(Math.PI ** 2 / 6, 10)
    expect(trigamma(0.5)).toBeCloseTo(Math.PI ** 2 / 2, 9)
  })

  it.each([0.3, 1, 2.5, 7.9, 8.1, 60])('are each other’s derivatives at %d', x => {
    const h = 1e-4
    expect(digamma(x)).toBeCloseTo((logGamma(x + h) - logGamma(x - h)) / (2 * h), 5)
    expect(trigamma(x)).toBeCloseTo((digamma(x + h) - digamma(x - h)) / (2 * h), 5)
  })
})

describe.each(shapes)('Beta(%d, %d)', (a, b) => {
  const h = 1e-5

  it('has a density of integral one', () => {
    expect(integral(x => Math.exp(betaLogDensity(x, a, b).value))).toBeCloseTo(1, 5)
  })

  it('knows the slopes of its log density', () => {
    for (const x of [0.1, 0.5, 0.97]) {
      const { byA, byB } = betaLogDensity(x, a, b)
      const at = (da: number, db: number): number => betaLogDensity(x, a + da, b + db).value
      expect(byA).toBeCloseTo((at(h, 0) - at(-h, 0)) / (2 * h), 5)
      expect(byB).toBeCloseTo((at(0, h) - at(0, -h)) / (2 * h), 5)
    }
  })

  it('has the entropy of the integral, and knows its slopes', () => {
    const { value, byA, byB } = betaEntropy(a, b)
    const direct = integral(x => {
      const log = betaLogDensity(x, a, b).value
      return -Math.exp(log) * log
    })
    expect(value).toBeCloseTo(direct, 4)
    const at = (da: number, db: number): number => betaEntropy(a + da, b + db).value
    expect(byA).toBeCloseTo((at(h, 0) - at(-h, 0)) / (2 * h), 5)
    expect(byB).toBeCloseTo((at(0, h) - at(0, -h)) / (2 * h), 5)
  })

  it('is what is drawn', () => {
    const random = createRandom(`beta-${a}-${b}`)
    const draws = Float64Array.from({ length: 20_000 }, () => sampleBeta(a, b, random))
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length
    const expected = (a * b) / ((a + b) ** 2 * (a + b + 1))
    expect(Math.abs(mean - a / (a + b))).toBeLessThan(5 * Math.sqrt(expected / draws.length))
    expect(variance / expected).toBeGreaterThan(0.95)
    expect(variance / expected).toBeLessThan(1.05)
    expect(draws.every(x => x > 0 && x < 1)).toBe(true)
  })
})
