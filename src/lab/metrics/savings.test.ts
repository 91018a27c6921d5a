import { describe, expect, it } from 'vitest'
import { createRandom } from '../../routing/numeric/random.ts'
import { floorRun } from './floor-figures.ts'
import { modelMeans, outcomeMatrix } from './outcome-matrix.ts'
import {
  billSavedVsBestFixed,
  billSavedVsMixture,
  costSaving,
  costVsClairvoyant,
  pointsOverMixture,
  regret,
} from './savings.ts'

const means = (satisfaction: readonly number[], costUsd: readonly number[]) => ({
  satisfaction: Float64Array.from(satisfaction),
  costUsd: Float64Array.from(costUsd),
})
const test = means([0.6, 0.8, 0.9], [1, 3, 8])
const run = (floor: number, satisfaction: number, costUsd: number) => ({
  floor,
  satisfaction,
  costUsd,
  certifiedLower: 0,
})

describe('savings', () => {
  it('bill saved against the cheapest model that met the floor in training, at its price on the test rows', () => {
    const training = means([0.65, 0.75, 0.85], [1.1, 2.9, 7])
    // Floors .6, .7, .8 and .9 are met in training by models 0, 1, 2 and, none reaching it, the best: 1 + 3 + 8 + 8.
    const runs = [run(0.6, 0.6, 1), run(0.7, 0.7, 2), run(0.8, 0.8, 4), run(0.9, 0.85, 8)]
    expect(billSavedVsBestFixed(runs, training, test)).toBeCloseTo(1 - 15 / 20, 12)
    expect(costSaving(2, 8)).toBe(0.75)
  })

  it('bill saved against the mixture at the satisfaction achieved, by hand', () => {
    // The mixture costs 2 at .7, 8 at .95 (the best model's) and 1 at .5 (the cheapest model's).
    const runs = [run(0.8, 0.7, 1.5), run(0.9, 0.95, 6), run(0.6, 0.5, 1.3)]
    expect(billSavedVsMixture(runs, test)).toBeCloseTo(1 - 8.8 / 11, 12)
  })

  it('says null where there is no bill to save of', () => {
    const free = means([0.6, 0.8], [0, 0])
    const matrix = outcomeMatrix(Float64Array.of(1, 0), Float64Array.of(0, 0), 2)
    const runs = [run(0.6, 0.6, 0)]
    expect(billSavedVsBestFixed(runs, free, free)).toBeNull()
    expect(billSavedVsMixture(runs, free)).toBeNull()
    expect(costVsClairvoyant([floorRun(matrix, Int32Array.of(0), 0.5)], matrix)).toBeNull()
  })

  it('missing a floor earns nothing: the mixture itself saves nothing wherever it lands', () => {
    expect(billSavedVsMixture([run(0.9, 0.6, 1), run(0.9, 0.7, 2)], test)).toBeCloseTo(0, 12)
  })

  it('points over the mixture of the same cost, by hand', () => {
    // The mixture has .7 for 2 and .9 for 20 (the best model's).
    expect(pointsOverMixture([run(0, 0.73, 2), run(0, 0.88, 20)], test)).toBeCloseTo((3 - 2) / 2, 9)
    expect(pointsOverMixture([run(0, 0.6, 1), run(0, 0.8, 3), run(0, 0.9, 8)], test)).toBeCloseTo(0, 12)
  })

  it('cost against the clairvoyant at the satisfaction achieved, by hand', () => {
    // Both rows can be answered by the cheap model in the first and the dear one in the second.
    const matrix = outcomeMatrix(Float64Array.of(1, 1, 0, 1), Float64Array.of(1, 4, 1, 4), 2)
    const dear = floorRun(matrix, Int32Array.of(1, 1), 1)
    expect(costVsClairvoyant([dear], matrix)).toBeCloseTo(4 / 2.5, 12)
    expect(costVsClairvoyant([floorRun(matrix, Int32Array.of(0, 1), 1)], matrix)).toBeCloseTo(1, 12)
  })

  it('no policy is cheaper than the clairvoyant', () => {
    const random = createRandom('clairvoyant-bound')
    for (let trial = 0; trial < 100; trial++) {
      const models = 2 + random.integer(3)
      const values = (): Float64Array =>
        Float64Array.from({ length: 6 * models }, () => random.integer(3) / 2)
      const matrix = outcomeMatrix(
        values(),
        values().map(value => value + 0.1),
        models,
      )
      const choices = Int32Array.from({ length: 6 }, () => random.integer(models))
      expect(costVsClairvoyant([floorRun(matrix, choices, 0.5)], matrix)).toBeGreaterThanOrEqual(1 - 1e-9)
    }
  })

  it('regret is a pair, summed over the requests', () => {
    expect(regret({ satisfaction: 0.7, costUsd: 3 }, 2.5, 0.8, 100)).toEqual({
      costUsd: 50,
      violation: expect.closeTo(10, 9),
    })
    expect(regret({ satisfaction: 0.9, costUsd: 2 }, 2.5, 0.8, 100)).toEqual({ costUsd: -50, violation: 0 })
  })

  it('models alone neither gain nor lose against their mixture when they lie on the hull', () => {
    const matrix = outcomeMatrix(Float64Array.of(0, 1, 1, 1), Float64Array.of(1, 2, 1, 4), 2)
    const ends = [0, 1].map(model => floorRun(matrix, new Int32Array(2).fill(model), 0.5))
    expect(pointsOverMixture(ends, modelMeans(matrix))).toBeCloseTo(0, 12)
  })
})
