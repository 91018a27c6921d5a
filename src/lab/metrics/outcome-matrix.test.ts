import { describe, expect, it } from 'vitest'
import {
  achievedBy,
  bestSingle,
  modelMeans,
  oracleChoices,
  outcomeMatrix,
  randomRouter,
  selectRows,
} from './outcome-matrix.ts'

// Three rows of a cheap and a dear model.
const matrix = outcomeMatrix(Float64Array.of(1, 1, 0, 1, 0, 0), Float64Array.of(1, 4, 1, 5, 2, 6), 2)

describe('outcome matrix', () => {
  it('places policies and references, by hand', () => {
    expect(achievedBy(matrix, Int32Array.of(0, 1, 0))).toEqual({ satisfaction: 2 / 3, costUsd: 8 / 3 })
    expect([...modelMeans(matrix).satisfaction]).toEqual([
      expect.closeTo(1 / 3, 12),
      expect.closeTo(2 / 3, 12),
    ])
    expect(randomRouter(matrix)).toEqual({ satisfaction: 0.5, costUsd: 19 / 6 })
    expect(bestSingle(matrix)).toEqual({
      satisfaction: expect.closeTo(2 / 3, 12),
      costUsd: expect.closeTo(5, 12),
    })
  })

  it('lets the oracle take the cheapest good answer, and the cheapest where none is good', () => {
    expect(oracleChoices(matrix)).toEqual(Int32Array.of(0, 1, 0))
  })

  it('selects rows, repeated as asked', () => {
    const rows = selectRows(matrix, [2, 0, 0])
    expect(rows.satisfaction).toEqual(Float64Array.of(0, 0, 1, 1, 1, 1))
    expect(rows.costUsd).toEqual(Float64Array.of(2, 6, 1, 4, 1, 4))
    expect(rows.rows).toBe(3)
  })

  it('refuses shapes and choices that do not fit', () => {
    expect(() => outcomeMatrix(new Float64Array(5), new Float64Array(5), 2)).toThrow('5 satisfactions')
    expect(() => outcomeMatrix(new Float64Array(4), new Float64Array(2), 2)).toThrow('2 costs')
    expect(() => achievedBy(matrix, Int32Array.of(0, 1))).toThrow('2 choices for 3 rows')
    expect(() => achievedBy(matrix, Int32Array.of(0, 1, 2))).toThrow('row 2 chooses model 2; expected 0 to 1')
  })
})
