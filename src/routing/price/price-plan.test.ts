import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { cheapestPrice, guardedPrice, type PlanSample, reachable, satisfactionAt } from './price-plan.ts'

/** Two models, two requests: the dear model adds .4 on the first and .1 on the second, for one dollar more. */
const sample: PlanSample = {
  requests: 2,
  models: 2,
  satisfaction: Float64Array.of(0.5, 0.9, 0.8, 0.9),
  costUsd: Float64Array.of(1, 2, 1, 2),
}
const range = { lowest: 0.01, highest: 1000 }

describe('price plan', () => {
  it('buys what is worth its price', () => {
    expect(satisfactionAt(sample, 2.4)).toBeCloseTo(0.65, 12)
    expect(satisfactionAt(sample, 2.6)).toBeCloseTo(0.85, 12)
    expect(satisfactionAt(sample, 9)).toBeCloseTo(0.85, 12)
    expect(satisfactionAt(sample, 11)).toBeCloseTo(0.9, 12)
    expect(reachable(sample)).toBeCloseTo(0.9, 12)
  })

  it('finds the smallest price that reaches a target', () => {
    expect(cheapestPrice(sample, 0.6, range)).toBe(0.01)
    expect(cheapestPrice(sample, 0.66, range)).toBeCloseTo(2.5, 3)
    expect(cheapestPrice(sample, 0.86, range)).toBeCloseTo(10, 3)
    expect(cheapestPrice(sample, 0.95, range)).toBeCloseTo(1000, 6)
  })

  it('never pays more than three times what one point less costs', () => {
    expect(guardedPrice(sample, 0.855, range)).toBeCloseTo(7.5, 2)
    expect(guardedPrice(sample, 0.87, range)).toBeCloseTo(10, 2)
    expect(guardedPrice(sample, 0.655, range)).toBeCloseTo(0.03, 6)
  })

  it('leaves out models that may not serve', () => {
    const masked = { ...sample, costUsd: Float64Array.of(1, Number.POSITIVE_INFINITY, 1, 2) }
    expect(satisfactionAt(masked, 100)).toBeCloseTo(0.7, 12)
    expect(reachable(masked)).toBeCloseTo(0.7, 12)
  })

  it('buys no less at a higher price, whatever the predictions', () => {
    const random = createRandom('plans')
    for (let trial = 0; trial < 50; trial++) {
      const drawn: PlanSample = {
        requests: 30,
        models: 4,
        satisfaction: Float64Array.from({ length: 120 }, () => random.next()),
        costUsd: Float64Array.from({ length: 120 }, () => random.next() ** 3),
      }
      let before = 0
      for (let price = 1e-3; price < 1e3; price *= 1.7) {
        const bought = satisfactionAt(drawn, price)
        expect(bought).toBeGreaterThanOrEqual(before - 1e-12)
        before = bought
      }
      expect(before).toBeLessThanOrEqual(reachable(drawn) + 1e-12)
    }
  })
})
