import { expect, it } from 'vitest'
import { createRandom } from '../../routing/numeric/random.ts'
import { evaluate } from '../evaluate.ts'
import { tinyPrepared } from '../tiny-trace.fixture.ts'
import { planEvaluation } from './evaluation-plan.ts'
import { promptsOfRows, resampledWeights } from './prompt-weights.ts'
import { createWeightedFigures } from './weighted-figures.ts'

const random = createRandom('weighted figures')
const prepared = tinyPrepared(
  Array.from({ length: 60 }, (_, i) => ({
    scores: [random.next() < 0.5 ? 1 : 0, random.next() < 0.7 ? 1 : 0, random.next() < 0.9 ? 1 : 0],
    costsUsd: [1 + random.next(), 2 + random.next(), 6 + random.next()],
    prompt: `prompt ${i % 50}`,
  })),
)
const evaluation = evaluate(
  planEvaluation({
    prepared,
    policies: ['static-mixture', 'random'],
    floors: { kind: 'auto' },
    rows: { kind: 'random', trainingShare: 0.5, seeds: [1, 2] },
  }),
)

it('agrees with the metrics where every row counts once', () => {
  for (const split of evaluation.splits) {
    const figures = createWeightedFigures(split)(new Float64Array(split.data.test.rows).fill(1))
    for (const [p, { metrics }] of split.results.entries()) {
      const own = figures[p]
      expect(own?.billSavedVsMixture).toBeCloseTo(metrics.billSavedVsMixture ?? Number.NaN, 10)
      expect(own?.pointsOverMixture).toBeCloseTo(metrics.pointsOverMixture, 10)
      if (metrics.gap === null || metrics.brier === null) expect([own?.gap, own?.brier]).toEqual([null, null])
      else {
        expect(own?.gap).toBeCloseTo(metrics.gap, 10)
        expect(own?.brier).toBeCloseTo(metrics.brier, 10)
      }
    }
  }
})

it('counts a row of weight two as two rows', () => {
  const [split] = evaluation.splits
  if (split === undefined) throw new Error('no split')
  const weights = new Float64Array(split.data.test.rows)
  weights[0] = 1
  weights[1] = 2
  const [figures] = createWeightedFigures(split)(weights)
  const choices = split.results[0]?.choices.slice(1) ?? []
  const costOf = (row: number, choice: number): number => split.data.test.costUsd[row * 3 + choice] ?? 0
  const byHand = choices.map(each => (costOf(0, each[0] ?? 0) + 2 * costOf(1, each[1] ?? 0)) / 3)
  expect(figures?.costUsd).toBeCloseTo(byHand.reduce((sum, cost) => sum + cost, 0) / byHand.length, 12)
})

it('knows nothing of a split none of whose rows was drawn, and resamples on without it', () => {
  const [split] = evaluation.splits
  if (split === undefined) throw new Error('no split')
  const [figures] = createWeightedFigures(split)(new Float64Array(split.data.test.rows))
  expect(figures).toMatchObject({ satisfaction: Number.NaN, billSavedVsMixture: Number.NaN, gap: Number.NaN })
  const few = tinyPrepared(
    Array.from({ length: 12 }, (_, i) => ({
      scores: [i % 2, 1],
      costsUsd: [1, 2],
      prompt: `prompt ${i % 3}`,
    })),
  )
  // One test prompt of three in each split: many a resample misses it in one of them.
  const { comparisons } = evaluate(
    planEvaluation({
      prepared: few,
      policies: ['fixed:m0', 'fixed:m1'],
      floors: { kind: 'auto' },
      rows: { kind: 'random', trainingShare: 0.7, seeds: [1, 2, 3] },
    }),
  )
  const cost = comparisons.find(({ metric }) => metric === 'costUsd')
  expect(cost).toMatchObject({ difference: 1, lower: 1, upper: 1 })
})

it('draws whole prompts, as many as there are', () => {
  const groups = promptsOfRows({ promptOf: Int32Array.of(5, 7, 5, 9), prompts: 10 }, Int32Array.of(0, 1, 2))
  expect(groups).toEqual({ promptOf: Int32Array.of(0, 1, 0), prompts: 2 })
  const seen = new Set<string>()
  for (let i = 0; i < 50; i++) {
    const weights = resampledWeights(groups, random)
    expect(weights[0]).toBe(weights[2])
    expect((weights[0] ?? 0) + (weights[1] ?? 0)).toBe(2)
    seen.add(weights.join())
  }
  expect(seen).toEqual(new Set(['2,0,2', '1,1,1', '0,2,0']))
})

it('compares the other policies with the first, the difference inside its interval', () => {
  const { comparisons } = evaluation
  expect(new Set(comparisons.map(({ policy, against }) => `${policy}-${against}`))).toEqual(
    new Set(['random-static-mixture']),
  )
  const cost = comparisons.find(({ metric }) => metric === 'costUsd')
  const meanCost = (p: number): number => {
    const runs = evaluation.splits.flatMap(split => split.results[p]?.runs.slice(1) ?? [])
    return runs.reduce((sum, run) => sum + run.costUsd, 0) / runs.length
  }
  expect(cost?.difference).toBeCloseTo(meanCost(1) - meanCost(0), 10)
  expect(cost?.lower).toBeLessThan(cost?.difference ?? 0)
  expect(cost?.upper).toBeGreaterThan(cost?.difference ?? 0)
  // Nothing is predicted by `random`, so there is nothing to compare.
  expect(comparisons.some(({ metric }) => metric === 'brier')).toBe(false)
})
