import { describe, expect, it } from 'vitest'
import { evaluate } from '../evaluate.ts'
import { tinyPrepared } from '../tiny-trace.fixture.ts'
import { planEvaluation } from './evaluation-plan.ts'

// Test rows: m0 costs 1 and satisfies half, m1 costs 4 and satisfies all but one in eight; training rows are alike.
const rows = Array.from({ length: 16 }, (_, i) => ({
  scores: [i % 2, i % 8 === 1 ? 0 : 1],
  costsUsd: [1, 4],
}))
const test = tinyPrepared(rows.slice(0, 8))
const training = tinyPrepared(rows.map((row, i) => ({ ...row, prompt: `training ${i}` })))

function referencesAt(floors: readonly number[]) {
  const plan = planEvaluation({
    prepared: training,
    policies: ['random'],
    floors: { kind: 'list', floors },
    rows: { kind: 'trace', test },
  })
  const [split] = evaluate(plan).splits
  return new Map(split?.references.map(reference => [reference.name, reference]))
}

describe('referenceResults', () => {
  const floors = [0.4, 0.6, 0.7, 0.95]
  const references = referencesAt(floors)
  const points = (name: string) =>
    references.get(name)?.runs.map(({ floor, satisfaction, costUsd }) => [floor, satisfaction, costUsd])

  it('solves the fixed models by hand', () => {
    expect(points('best-fixed')).toEqual(floors.map(floor => [floor, 0.875, 4]))
    expect(points('cheapest-feasible-fixed')).toEqual([
      [0.4, 0.5, 1],
      [0.6, 0.875, 4],
      [0.7, 0.875, 4],
      [0.95, 0.875, 4],
    ])
  })

  it('mixes them on the straight line between their means', () => {
    // From .5 at 1 to .875 at 4: eight more per point of satisfaction.
    expect(points('best-static-mixture')?.map(([, , costUsd]) => costUsd)).toEqual([
      1,
      expect.closeTo(1.8, 12),
      expect.closeTo(2.6, 12),
      4,
    ])
  })

  it('gives the best static mixture nothing to save against itself', () => {
    const metrics = references.get('best-static-mixture')?.metrics
    expect(metrics?.billSavedVsMixture).toBeCloseTo(0, 12)
    expect(metrics?.pointsOverMixture).toBeCloseTo(0, 12)
  })

  it('lets the clairvoyant buy single labels', () => {
    // m0 satisfies four of eight rows for 1; the other four cost 3 more each and m1 satisfies all of them.
    expect(points('clairvoyant-frontier')).toEqual([
      [0.4, 0.5, 1],
      [0.6, 0.6, expect.closeTo(1 + 0.1 * 3, 12)],
      [0.7, 0.7, expect.closeTo(1 + 0.2 * 3, 12)],
      [0.95, 0.95, expect.closeTo(1 + 0.45 * 3, 12)],
    ])
    expect(references.get('clairvoyant-frontier')?.metrics.costVsClairvoyant).toBeCloseTo(1, 12)
    expect(points('oracle')).toEqual(floors.map(floor => [floor, 1, 2.5]))
  })

  it('has no frontier for a policy without predictions', () => {
    expect([...references.keys()].filter(name => name.startsWith('predictor'))).toEqual([])
  })
})
