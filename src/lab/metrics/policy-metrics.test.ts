import { describe, expect, it } from 'vitest'
import { createRandom } from '../../routing/numeric/random.ts'
import { floorRun } from './floor-figures.ts'
import { modelMeans, type OutcomeMatrix, outcomeMatrix } from './outcome-matrix.ts'
import { gapOverMixture, type PolicyMetrics, policyMetrics, summariseMetrics } from './policy-metrics.ts'
import { choicesAtPrice } from './price-curve.ts'

/** Rows on which a cheap model answers a share well and a dear one all. */
function world(rows: number, seed: string): OutcomeMatrix {
  const random = createRandom(seed)
  const satisfaction = Float64Array.from({ length: rows * 2 }, (_, i) =>
    i % 2 === 1 || random.next() < 0.6 ? 1 : 0,
  )
  return outcomeMatrix(
    satisfaction,
    satisfaction.map((_, i) => (i % 2 === 0 ? 1 : 5)),
    2,
  )
}

function outcome(test: OutcomeMatrix, predicted: OutcomeMatrix | null): PolicyMetrics {
  const choices = predicted === null ? new Int32Array(test.rows).fill(1) : choicesAtPrice(predicted, 10)
  const runs = [0.7, 0.8, 0.9].map(floor => floorRun(test, choices, floor))
  return policyMetrics({ runs, training: modelMeans(test), test, predicted })
}

describe('policyMetrics', () => {
  const test = world(400, 'world')

  it('gives the best model no saving and nothing over the mixture', () => {
    const metrics = outcome(test, null)
    expect(metrics).toMatchObject({
      floorCompliance: 1,
      meanMiss: 0,
      gap: null,
      brier: null,
      auc: null,
      ece: null,
    })
    expect(metrics.billSavedVsBestFixed).toBeCloseTo(0, 12)
    expect(metrics.billSavedVsMixture).toBeCloseTo(0, 12)
    expect(metrics.pointsOverMixture).toBeCloseTo(0, 9)
    expect(metrics.costVsClairvoyant).toBeGreaterThan(1.5)
  })

  it('gives foresight the clairvoyant cost, a perfect score and points over the mixture', () => {
    const metrics = outcome(test, test)
    expect(metrics.costVsClairvoyant).toBeCloseTo(1, 9)
    expect(metrics).toMatchObject({ brier: 0, auc: 1, ece: 0 })
    expect(metrics.billSavedVsMixture).toBeGreaterThan(0.3)
    expect(metrics.pointsOverMixture).toBeGreaterThan(10)
    expect(metrics.gap).toBeGreaterThan(5)
  })

  it('finds no gap for predictions that know nothing of the rows', () => {
    const flat = modelMeans(test)
    const repeated = (values: Float64Array): Float64Array =>
      Float64Array.from({ length: 800 }, (_, i) => values[i % 2] ?? 0)
    expect(
      gapOverMixture(outcomeMatrix(repeated(flat.satisfaction), repeated(flat.costUsd), 2), test),
    ).toBeCloseTo(0, 9)
  })

  it('summarises seeds by mean and deviation, and says null where a metric never applies', () => {
    const seeds = [outcome(world(100, 'a'), null), outcome(world(100, 'b'), null)]
    const summary = summariseMetrics(seeds)
    expect(summary.floorCompliance).toEqual({ mean: 1, sd: 0 })
    expect(summary.gap).toBeNull()
    expect(Object.keys(summary).sort()).toEqual(Object.keys(seeds[0] ?? {}).sort())
    const [a, b] = seeds.map(metrics => metrics.costVsClairvoyant)
    expect(summary.costVsClairvoyant?.mean).toBeCloseTo(((a ?? 0) + (b ?? 0)) / 2, 12)
  })
})
