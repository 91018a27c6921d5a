import { expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { trainingRows } from '../synthetic-stream.fixture.ts'
import { coldStart } from './small-zoo.fixture.ts'
import { threshold } from './threshold.ts'
import { pair, pairContext, pairPrompts, pairRows } from './two-kinds.fixture.ts'

const policy = threshold.create({ ...coldStart, training: pairRows() }, null)

it('refuses any number of models but two', () => {
  expect(() => threshold.create({ ...coldStart, training: trainingRows() }, null)).toThrow(
    'between two models, but was trained on 3',
  )
})

it('calls the strong model for the prompts on which it wins, whichever column it stands in', () => {
  const rows = pairRows()
  const swap = (values: Float64Array): Float64Array => values.map((_, e) => values[e ^ 1] ?? 0)
  const swapped = {
    ...rows,
    models: rows.models.toReversed(),
    satisfaction: swap(rows.satisfaction),
    costUsd: swap(rows.costUsd),
  }
  for (const each of [policy, threshold.create({ ...coldStart, training: swapped }, null)]) {
    const strongShare = (kind: 'easy' | 'hard'): number =>
      pairPrompts(200, kind).filter(
        features => each.decide(pairContext(features, 0.85), createRandom('x')).chosen === pair[1]?.id,
      ).length / 200
    expect(strongShare('hard')).toBeGreaterThan(0.6)
    expect(strongShare('easy')).toBeLessThan(0.15)
  }
})

it('predicts no satisfaction and knows mean costs', () => {
  const [features] = pairPrompts(1)
  if (features === undefined) throw new Error('one prompt was asked for')
  const { estimates, probabilities } = policy.decide(pairContext(features, 0.8), createRandom('x'))
  expect(estimates.map(({ satisfaction }) => satisfaction)).toEqual([null, null])
  const costs = estimates.map(({ costUsd }) => costUsd ?? 0).sort((a, b) => a - b)
  expect(costs[0]).toBeCloseTo(0.001, 3)
  expect(Math.abs((costs[1] ?? 0) - 0.016)).toBeLessThan(0.002)
  expect(Math.max(...probabilities)).toBe(1)
})
