import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { type PriceLottery, priceHull, priceLottery, readPriceHull, writePriceHull } from './price-hull.ts'
import type { PlanSample } from './price-plan.ts'

/** Two requests, two models that cost 1 and 3: the dear one helps the first request by .8, the second by .4. */
const two: PlanSample = {
  requests: 2,
  models: 2,
  satisfaction: Float64Array.of(0.1, 0.9, 0.5, 0.9),
  costUsd: Float64Array.of(1, 3, 1, 3),
}

function randomSample(requests: number, models: number): PlanSample {
  const random = createRandom('hull')
  const draw = (scale: (m: number) => number) =>
    Float64Array.from({ length: requests * models }, (_, i) => random.next() * scale(i % models))
  return { requests, models, satisfaction: draw(() => 1), costUsd: draw(m => 3 ** m) }
}

/** What a lottery buys of a sample on average, by the plain definition. */
function buys(sample: PlanSample, { lowUsd, highUsd, highShare }: PriceLottery): number {
  const at = (price: number): number => {
    let sum = 0
    for (let i = 0; i < sample.requests; i++) {
      const row = Array.from({ length: sample.models }, (_, m) => i * sample.models + m)
      const score = (e: number): number => (sample.costUsd[e] ?? 0) - price * (sample.satisfaction[e] ?? 0)
      const best = row.reduce((a, b) => (score(b) < score(a) ? b : a))
      sum += (sample.satisfaction[best] ?? 0) / sample.requests
    }
    return sum
  }
  return (1 - highShare) * at(lowUsd) + highShare * at(highUsd)
}

describe('priceHull', () => {
  it('finds what each model swap costs per satisfied request', () => {
    const hull = priceHull(two, two)
    // (.3, 1) -> (.7, 2) at 2 / .8 = 2.5 USD -> (.9, 3) at 2 / .4 = 5 USD.
    expect([...hull.satisfaction]).toEqual([0.3, 0.7, 0.9].map(value => expect.closeTo(value, 12)))
    expect([...hull.costUsd]).toEqual([1, 2, 3])
    const [first = 0, second = 0, third = 0] = hull.prices
    expect(first < 2.5 && second > 2.5 && second < 5 && third > 5).toBe(true)
  })

  it('counts what was bought by the truth, not by the predictions', () => {
    // The dear model disappoints on the second request: paying for it there is not worth it at any price.
    const truth = { satisfaction: Float64Array.of(0, 1, 1, 0), costUsd: two.costUsd }
    const hull = priceHull(two, truth)
    expect([...hull.satisfaction]).toEqual([0.5, 1])
    expect([...hull.costUsd]).toEqual([1, 2])
  })

  it('rises in price, satisfaction and slope on random samples', () => {
    const hull = priceHull(randomSample(60, 4), randomSample(60, 4))
    for (let j = 1; j < hull.prices.length; j++) {
      const step = (values: Float64Array, at: number): number => (values[at] ?? 0) - (values[at - 1] ?? 0)
      expect(step(hull.prices, j)).toBeGreaterThan(0)
      expect(step(hull.satisfaction, j)).toBeGreaterThan(0)
      if (j === 1) continue
      const slope = (at: number): number => step(hull.costUsd, at) / step(hull.satisfaction, at)
      expect(slope(j)).toBeGreaterThan(slope(j - 1))
    }
  })

  it('has finite prices where all models cost the same, or nothing', () => {
    for (const cost of [0, 2]) {
      const hull = priceHull({ ...two, costUsd: new Float64Array(4).fill(cost) }, two)
      // The better model of each request, for nothing.
      expect(hull.satisfaction.at(-1)).toBeCloseTo(0.9, 12)
      expect([...hull.prices].every(price => price > 0 && Number.isFinite(price))).toBe(true)
    }
  })

  it('leaves out models that are not eligible', () => {
    const half = { ...two, costUsd: Float64Array.of(1, Number.POSITIVE_INFINITY, 1, 3) }
    expect(priceHull(half, half).satisfaction.at(-1)).toBeCloseTo(0.5, 12)
  })
})

describe('priceLottery', () => {
  const sample = randomSample(80, 4)
  const hull = priceHull(sample, sample)

  it('meets every floor between the ends exactly', () => {
    const [lowest = 0, highest = 0] = [hull.satisfaction[0], hull.satisfaction.at(-1)]
    for (let share = 0; share <= 1; share += 0.1) {
      const floor = lowest + share * (highest - lowest)
      expect(buys(sample, priceLottery(hull, floor))).toBeCloseTo(floor, 9)
    }
  })

  it('takes the cheapest price below all floors and the highest above them', () => {
    const [first, last] = [hull.prices[0], hull.prices.at(-1)]
    expect(priceLottery(hull, 0.01)).toEqual({ lowUsd: first, highUsd: first, highShare: 1 })
    expect(priceLottery(hull, 0.999)).toMatchObject({ highUsd: last, highShare: 1 })
  })

  it('aims above the floor by standard errors', () => {
    // .5 + 1 * sqrt(.25 / 80) = .5559
    expect(buys(sample, priceLottery(hull, 0.5, 1))).toBeCloseTo(0.5 + Math.sqrt(0.25 / 80), 9)
  })

  it('survives its bytes', () => {
    const writer = new ByteWriter()
    writePriceHull(hull, writer)
    expect(readPriceHull(new ByteReader(writer.finish()))).toEqual(hull)
  })
})
