import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { lowerHull } from './lower-hull.ts'
import { mixtureCostAt, mixtureSatisfactionAt, staticMixture } from './static-mixture.ts'

/** Cheapest mixture by looking at every single model and every pair that straddles the floor. */
function bruteForce(satisfaction: Float64Array, costUsd: Float64Array, floor: number): number | null {
  const costs: number[] = []
  for (const [i, s] of satisfaction.entries()) {
    if (s >= floor) costs.push(costUsd[i] ?? 0)
    for (const [j, above] of satisfaction.entries()) {
      if (!(s < floor && above > floor)) continue
      const share = (floor - s) / (above - s)
      costs.push((1 - share) * (costUsd[i] ?? 0) + share * (costUsd[j] ?? 0))
    }
  }
  return costs.length === 0 ? null : Math.min(...costs)
}

describe('staticMixture', () => {
  it('mixes two models half and half, by hand', () => {
    const mixture = staticMixture(Float64Array.of(0.6, 0.9, 0.7), Float64Array.of(1, 4, 9), 0.75)
    expect(mixture?.weights).toEqual(Float64Array.of(0.5, 0.5, 0))
    expect(mixture?.costUsd).toBeCloseTo(2.5, 12)
    expect(mixture?.priceUsd).toBeCloseTo(10, 9)
  })

  it('takes the cheapest model alone where it meets the floor, at a price of zero', () => {
    const mixture = staticMixture(Float64Array.of(0.6, 0.9), Float64Array.of(1, 4), 0.5)
    expect(mixture).toEqual({ weights: Float64Array.of(1, 0), satisfaction: 0.6, costUsd: 1, priceUsd: 0 })
  })

  it('says null where no model reaches the floor', () => {
    expect(staticMixture(Float64Array.of(0.6, 0.9), Float64Array.of(1, 4), 0.91)).toBeNull()
  })

  it('reaches the best model exactly', () => {
    expect(staticMixture(Float64Array.of(0.6, 0.7, 0.9), Float64Array.of(1, 2, 4), 0.9)?.weights[2]).toBe(1)
  })

  it('equals brute force on random zoos and its weights add up to what it states', () => {
    const random = createRandom('mixtures')
    for (let trial = 0; trial < 300; trial++) {
      const models = 1 + random.integer(6)
      // Coarse values make ties in satisfaction and cost frequent.
      const satisfaction = Float64Array.from({ length: models }, () => random.integer(20) / 20)
      const costUsd = Float64Array.from({ length: models }, () => random.integer(10) / 10)
      const floor = random.next()
      const mixture = staticMixture(satisfaction, costUsd, floor)
      const expected = bruteForce(satisfaction, costUsd, floor)
      if (mixture === null || expected === null) {
        expect(mixture?.costUsd ?? null).toBe(expected)
        continue
      }
      expect(mixture.costUsd).toBeCloseTo(expected, 10)
      const dot = (values: Float64Array): number =>
        values.reduce((sum, v, m) => sum + v * (mixture.weights[m] ?? 0), 0)
      expect(dot(satisfaction)).toBeCloseTo(mixture.satisfaction, 10)
      expect(dot(costUsd)).toBeCloseTo(mixture.costUsd, 10)
      expect(mixture.weights.filter(weight => weight > 0).length).toBeLessThanOrEqual(2)
      expect(mixture.satisfaction).toBeGreaterThanOrEqual(floor - 1e-12)
    }
  })
})

describe('mixtureCostAt', () => {
  const satisfaction = Float64Array.of(0.5, 0.9)
  const costUsd = Float64Array.of(1, 3)

  it('interpolates between the models', () => {
    expect(mixtureCostAt(satisfaction, costUsd, 0.7)).toBeCloseTo(2, 12)
  })

  it('counts satisfaction beyond the zoo as that of its ends', () => {
    expect(mixtureCostAt(satisfaction, costUsd, 0.97)).toBe(3)
    expect(mixtureCostAt(satisfaction, costUsd, 0.1)).toBe(1)
  })
})

describe('mixtureSatisfactionAt', () => {
  const satisfaction = Float64Array.of(0.5, 0.9, 0.7)
  const costUsd = Float64Array.of(1, 3, 9)

  it('interpolates between the models and ends at their ends', () => {
    expect(mixtureSatisfactionAt(satisfaction, costUsd, 2)).toBeCloseTo(0.7, 12)
    expect(mixtureSatisfactionAt(satisfaction, costUsd, 3)).toBe(0.9)
    expect(mixtureSatisfactionAt(satisfaction, costUsd, 8)).toBe(0.9)
    expect(mixtureSatisfactionAt(satisfaction, costUsd, 0.2)).toBe(0.5)
  })

  it('is the inverse of mixtureCostAt on random zoos', () => {
    const random = createRandom('inverse')
    for (let trial = 0; trial < 200; trial++) {
      const models = 2 + random.integer(4)
      const s = Float64Array.from({ length: models }, () => random.next())
      const c = Float64Array.from({ length: models }, () => 0.1 + random.next())
      const cheapest = s[c.indexOf(Math.min(...c))] ?? 0
      const asked = cheapest + random.next() * (Math.max(...s) - cheapest)
      expect(mixtureSatisfactionAt(s, c, mixtureCostAt(s, c, asked))).toBeCloseTo(asked, 9)
    }
  })
})

describe('lowerHull', () => {
  it('passes over options above the line and keeps prices increasing', () => {
    const hull = lowerHull([0.2, 0.5, 0.6, 0.8], [1, 3, 2, 6])
    expect(hull.start).toBe(0)
    expect(hull.steps.map(step => step.to)).toEqual([2, 3])
    expect(hull.steps.map(step => step.priceUsd)).toEqual([expect.closeTo(2.5, 9), expect.closeTo(20, 9)])
  })

  it('refuses arrays of unequal length, and none', () => {
    expect(() => lowerHull([0.5], [1, 2])).toThrow('given 2 and 1')
    expect(() => lowerHull([], [])).toThrow('at least one')
  })
})
