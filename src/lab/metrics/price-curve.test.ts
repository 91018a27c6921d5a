import { describe, expect, it } from 'vitest'
import { modelMeans, outcomeMatrix } from './outcome-matrix.ts'
import { choicesAtPrice, priceCurve, priceGrid } from './price-curve.ts'

// Model 0 costs 1, model 1 costs 3, model 2 costs 3: predicted gains of .2 and .5 of model 1, none of model 2.
const predicted = outcomeMatrix(
  Float64Array.of(0.6, 0.8, 0.8, 0.4, 0.9, 0.4),
  Float64Array.of(1, 3, 3, 1, 3, 3),
  3,
)

describe('choicesAtPrice', () => {
  it('upgrades a row once the price exceeds cost per gain, by hand', () => {
    // Row 0 pays from 2 / .2 = 10 on, row 1 from 2 / .5 = 4 on.
    expect(choicesAtPrice(predicted, 0)).toEqual(Int32Array.of(0, 0))
    expect(choicesAtPrice(predicted, 3.9)).toEqual(Int32Array.of(0, 0))
    expect(choicesAtPrice(predicted, 4.1)).toEqual(Int32Array.of(0, 1))
    expect(choicesAtPrice(predicted, 10.1)).toEqual(Int32Array.of(1, 1))
  })

  it('takes the cheaper of equals, at an infinite price too', () => {
    const ties = outcomeMatrix(Float64Array.of(0.9, 0.9, 0.5), Float64Array.of(3, 2, 1), 3)
    expect(choicesAtPrice(ties, Number.POSITIVE_INFINITY)).toEqual(Int32Array.of(1))
    const even = outcomeMatrix(Float64Array.of(1, 0.5), Float64Array.of(2, 1), 2)
    expect(choicesAtPrice(even, 2)).toEqual(Int32Array.of(1))
  })
})

describe('priceCurve', () => {
  it('pays true costs for choices made from predictions', () => {
    const truth = outcomeMatrix(Float64Array.of(1, 0, 0, 0, 1, 0), Float64Array.of(2, 5, 5, 1, 4, 4), 3)
    expect(priceCurve(predicted, truth, [0, 5, Number.POSITIVE_INFINITY])).toEqual([
      { satisfaction: 0.5, costUsd: 1.5 },
      { satisfaction: 1, costUsd: 3 },
      { satisfaction: 0.5, costUsd: 4.5 },
    ])
  })

  it('goes from the cheapest to the best over ascending prices, never paying less for more', () => {
    const prices = priceGrid(modelMeans(predicted))
    expect(prices).toHaveLength(81)
    expect([...prices].sort((a, b) => a - b)).toEqual(prices)
    expect(prices[1]).toBeCloseTo(2 * 10 ** -3.5, 12)
    expect(prices[79]).toBeCloseTo(2000, 9)
    const curve = priceCurve(predicted, predicted, prices)
    for (const [i, point] of curve.entries()) {
      expect(point.satisfaction).toBeGreaterThanOrEqual((curve[i - 1]?.satisfaction ?? 0) - 1e-12)
      expect(point.costUsd).toBeGreaterThanOrEqual((curve[i - 1]?.costUsd ?? 0) - 1e-12)
    }
  })
})
