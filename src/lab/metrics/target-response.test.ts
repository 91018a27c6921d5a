import { describe, expect, it } from 'vitest'
import { targetResponse } from './target-response.ts'

describe('targetResponse', () => {
  it('shows a bias that the correlation does not', () => {
    // achieved = .1 + .5 * asked.
    const response = targetResponse([0.6, 0.7, 0.8], [0.4, 0.45, 0.5])
    expect(response.pearson).toBeCloseTo(1, 12)
    expect(response.slope).toBeCloseTo(0.5, 12)
    expect(response.intercept).toBeCloseTo(0.1, 12)
    expect(response.rmse).toBeCloseTo(Math.sqrt((0.04 + 0.0625 + 0.09) / 3), 12)
  })

  it('computes the correlation of scattered points, by hand', () => {
    // Deviations -1, 0, 1 and 0, -1, 1: products 1, squares 2 and 2.
    expect(targetResponse([1, 2, 3], [2, 1, 3]).pearson).toBeCloseTo(0.5, 12)
    expect(targetResponse([1, 2, 3], [2, 1, 3]).slope).toBeCloseTo(0.5, 12)
  })

  it('says null where there is no spread', () => {
    expect(targetResponse([0.7], [0.8])).toEqual({
      pearson: null,
      slope: null,
      intercept: null,
      rmse: expect.closeTo(0.1, 12),
    })
    expect(targetResponse([0.7, 0.8], [0.8, 0.8])).toMatchObject({ pearson: null, slope: 0, intercept: 0.8 })
    const answer = 0.1 + 0.2
    expect(targetResponse([0.7, 0.8, 0.9], [answer, 0.3, answer]).pearson).toBeNull()
    expect(() => targetResponse([0.7], [])).toThrow('0 values achieved for 1 asked')
  })
})
