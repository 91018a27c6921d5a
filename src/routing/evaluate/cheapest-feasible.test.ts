import { describe, expect, it } from 'vitest'
import { bestFixed, cheapestFeasibleFixed, columnMeans } from './cheapest-feasible.ts'

const satisfaction = Float64Array.of(0.9, 0.6, 0.9, 0.8)
const costUsd = Float64Array.of(5, 1, 4, 4)

describe('fixed references', () => {
  it('averages columns', () => {
    expect(columnMeans(Float64Array.of(1, 2, 3, 6), 2)).toEqual(Float64Array.of(2, 4))
    const tenths = Float64Array.from({ length: 10 }, (_, row) => (row < 7 ? 1 : 0))
    expect(columnMeans(tenths, 1)[0], 'exactly, so that a floor of .7 is met').toBe(0.7)
    expect(() => columnMeans(new Float64Array(5), 2)).toThrow('rows of 2')
  })

  it('takes the cheaper one of two equally good models as the best', () => {
    expect(bestFixed(satisfaction, costUsd)).toEqual({ index: 2, satisfaction: 0.9, costUsd: 4 })
  })

  it('takes the cheapest model that meets the floor, the better one of two equally cheap', () => {
    expect(cheapestFeasibleFixed(satisfaction, costUsd, 0.7)).toEqual({
      index: 2,
      satisfaction: 0.9,
      costUsd: 4,
    })
    expect(cheapestFeasibleFixed(satisfaction, costUsd, 0.6)?.index).toBe(1)
    expect(cheapestFeasibleFixed(satisfaction, costUsd, 0.91)).toBeNull()
  })
})
