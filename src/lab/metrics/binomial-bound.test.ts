import { describe, expect, it } from 'vitest'
import { createRandom } from '../../routing/numeric/random.ts'
import { binomialLowerBound, meanLowerBound } from './binomial-bound.ts'

/** P(X >= successes) for X ~ Binomial(trials, p), by summing. */
function tail(successes: number, trials: number, p: number): number {
  let choose = 1
  let sum = 0
  for (let k = 0; k <= trials; k++) {
    if (k >= successes) sum += choose * p ** k * (1 - p) ** (trials - k)
    choose = (choose * (trials - k)) / (k + 1)
  }
  return sum
}

describe('binomialLowerBound', () => {
  it('has its closed forms at the ends, and the tabulated value between', () => {
    expect(binomialLowerBound(0, 10, 0.05)).toBe(0)
    expect(binomialLowerBound(10, 10, 0.05)).toBeCloseTo(0.05 ** 0.1, 12)
    expect(binomialLowerBound(1, 10, 0.05)).toBeCloseTo(1 - 0.95 ** 0.1, 12)
    // Clopper and Pearson's 90% interval for 5 of 10 begins at .2224.
    expect(binomialLowerBound(5, 10, 0.05)).toBeCloseTo(0.2224, 4)
  })

  it('is the p whose upper tail is alpha', () => {
    for (const [successes, trials, alpha] of [
      [3, 7, 0.05],
      [15, 20, 0.1],
      [60, 80, 0.01],
    ] as const) {
      expect(tail(successes, trials, binomialLowerBound(successes, trials, alpha))).toBeCloseTo(alpha, 9)
    }
  })

  it('stays close to the normal bound for many trials', () => {
    const bound = binomialLowerBound(16_000, 20_000, 0.05)
    expect(bound).toBeCloseTo(0.8 - 1.645 * Math.sqrt((0.8 * 0.2) / 20_000), 3)
  })

  it('covers in at least 95 of 100 runs, and not in all', () => {
    const random = createRandom('clopper-pearson')
    const truth = 0.7
    let covered = 0
    for (let run = 0; run < 2000; run++) {
      let successes = 0
      for (let i = 0; i < 60; i++) if (random.next() < truth) successes++
      if (binomialLowerBound(successes, 60, 0.05) <= truth) covered++
    }
    expect(covered / 2000).toBeGreaterThan(0.945)
    expect(covered / 2000).toBeLessThan(0.99)
  })

  it('refuses what is no count and no error rate', () => {
    expect(() => binomialLowerBound(1.5, 10, 0.05)).toThrow('1.5 successes in 10 trials')
    expect(() => binomialLowerBound(11, 10, 0.05)).toThrow('11 successes')
    expect(() => binomialLowerBound(1, 10, 1)).toThrow('alpha is 1')
  })
})

describe('meanLowerBound', () => {
  it('is exact for labels of 0 and 1', () => {
    expect(meanLowerBound([1, 0, 1, 1], 0.05)).toBe(binomialLowerBound(3, 4, 0.05))
  })

  it('with fractions solves trials * KL(mean, p) = ln(1 / alpha), and lies below the exact one', () => {
    const values = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 0.5 : 1))
    const p = meanLowerBound(values, 0.05)
    const kl = 0.75 * Math.log(0.75 / p) + 0.25 * Math.log(0.25 / (1 - p))
    expect(100 * kl).toBeCloseTo(Math.log(20), 6)
    expect(p).toBeLessThan(binomialLowerBound(75, 100, 0.05))
    expect(meanLowerBound([0.5], 0.05)).toBeGreaterThan(0)
  })

  it('refuses values outside [0, 1], and none', () => {
    expect(() => meanLowerBound([0.5, 1.2], 0.05)).toThrow('value 1 is 1.2')
    expect(() => meanLowerBound([], 0.05)).toThrow('at least one value')
  })
})
