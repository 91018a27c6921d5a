import { describe, expect, it } from 'vitest'
import { binomialLowerBound } from './binomial-bound.ts'
import { floorFigures, floorGrid, floorRun } from './floor-figures.ts'
import { outcomeMatrix } from './outcome-matrix.ts'

const run = (floor: number, satisfaction: number, certifiedLower = 0) => ({
  floor,
  satisfaction,
  certifiedLower,
  costUsd: 1,
})

describe('floorFigures', () => {
  it('counts floors met, missed and bracketed, by hand', () => {
    const runs = [run(0.7, 0.7), run(0.8, 0.79), run(0.8, 0.85, 0.81), run(0.9, 0.84, 0.8)]
    expect(floorFigures(runs)).toEqual({
      floorCompliance: 0.5,
      certifiedFloorCompliance: 0.25,
      missedByOnePoint: 0.25,
      meanMiss: expect.closeTo((0.01 + 0.06) / 4, 12),
      meanOvershoot: expect.closeTo(0.05 / 4, 12),
      within2Points: 0.5,
      within5Points: 0.75,
    })
  })

  it('counts a floor met but for rounding as met', () => {
    expect(floorFigures([run(0.3, 0.1 + 0.1 + 0.1 - 1e-16)]).floorCompliance).toBe(1)
    expect(() => floorFigures([])).toThrow('at least one floor')
  })
})

describe('floorRun', () => {
  it('takes the exact binomial bound at 95%', () => {
    const matrix = outcomeMatrix(Float64Array.of(1, 0, 0, 1, 1, 1), Float64Array.of(1, 3, 1, 3, 1, 3), 2)
    expect(floorRun(matrix, Int32Array.of(0, 1, 0), 0.9)).toEqual({
      floor: 0.9,
      satisfaction: 1,
      costUsd: 5 / 3,
      certifiedLower: binomialLowerBound(3, 3, 0.05),
    })
  })
})

describe('floorGrid', () => {
  it('takes equal steps, both ends included', () => {
    expect(floorGrid(0.5, 1)).toHaveLength(11)
    expect(floorGrid(0.5, 1, 3)).toEqual([0.5, 0.75, 1])
    expect(floorGrid(0.5, 1, 1)).toEqual([0.5])
  })
})
