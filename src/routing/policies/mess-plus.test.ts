import { describe, expect, it } from 'vitest'
import type { DecisionRecord } from '../decision.ts'
import { createRandom } from '../numeric/random.ts'
import type { Policy } from '../policy.ts'
import { createPolicy } from './registry.ts'
import {
  coldStart,
  contextOf,
  decideAndLearn,
  feedback,
  large,
  middle,
  outcome,
  runStream,
  small,
  spec,
  zoo,
} from './small-zoo.fixture.ts'

const alwaysExplore = { c: 1000 }
const neverExplore = { c: 0 }

function messPlus(parameters: Readonly<Record<string, number>> = {}, auditBudget = 0): Policy {
  return createPolicy('mess-plus', { ...coldStart, parameters, auditBudget })
}

/** One exploration with the costs and labels of all three models. */
function explore(policy: Policy, costs: readonly number[], labels: readonly number[]): DecisionRecord {
  const record = decideAndLearn(policy, contextOf(), 'explore')
  for (const [m, { id }] of zoo.entries()) {
    policy.learn(outcome(record, id, costs[m] ?? 0))
    policy.learn(feedback(record, id, labels[m] ?? 0))
  }
  return record
}

function predictions(policy: Policy): ReadonlyMap<string, number | null> {
  const { estimates } = policy.decide(contextOf(), createRandom('prediction'))
  return new Map(estimates.map(estimate => [estimate.model, estimate.satisfaction]))
}

describe('mess-plus exploration', () => {
  it('calls every model, serves the largest and says so', () => {
    const { decision } = explore(messPlus(alwaysExplore), [1, 2, 3], [1, 1, 1])
    expect(decision).toMatchObject({ mode: 'explore', chosen: large, shadows: [small, middle] })
    expect(decision.probabilities).toEqual(Float64Array.of(0, 0, 1))
  })

  it('serves the proven model where one is declared', () => {
    const decision = messPlus(alwaysExplore).decide(contextOf({ proven: middle }), createRandom(1))
    expect(decision).toMatchObject({ chosen: middle, shadows: [small, large] })
  })

  it('explores with probability c / max(t, 1)^(1/4)', () => {
    const policy = messPlus({ c: 0.5 })
    const share = (): number => {
      const modes = Array.from({ length: 2000 }, (_, i) => policy.decide(contextOf(), createRandom(i)).mode)
      return modes.filter(mode => mode === 'explore').length / 2000
    }
    expect(Math.abs(share() - 0.5)).toBeLessThan(0.05)
    for (let t = 0; t < 81; t++) decideAndLearn(policy, contextOf(), t)
    expect(Math.abs(share() - 0.5 / 3)).toBeLessThan(0.035)
  })

  it('calls one model, uniformly drawn, where it is told to', () => {
    const policy = messPlus({ ...alwaysExplore, single: 1 })
    const decision = policy.decide(contextOf(), createRandom(3))
    expect(decision).toMatchObject({ mode: 'explore', shadows: [] })
    expect(decision.probabilities).toEqual(Float64Array.of(1 / 3, 1 / 3, 1 / 3))
  })
})

describe('mess-plus queue', () => {
  it('adds floor minus label of the served answer, never below zero', () => {
    const policy = messPlus(neverExplore)
    const labels = [0, 1, 0, 1, 1, 1, 1, 1, 1]
    // Floor .8: .8, .6, 1.4, 1.2, 1.0, .8, .6, .4, .2; the price is the queue in units of the largest model's stated cost.
    const unitUsd = (356 * 16) / 1e6
    for (const [i, label] of labels.entries()) {
      const record = decideAndLearn(policy, contextOf(), i)
      policy.learn(feedback(record, record.decision.chosen, label))
    }
    expect(policy.report('gold')?.priceUsd).toBeCloseTo(0.2 * unitUsd, 12)
    for (let i = 0; i < 5; i++) {
      const record = decideAndLearn(policy, contextOf(), `more-${i}`)
      policy.learn(feedback(record, record.decision.chosen, 1))
    }
    expect(policy.report('gold')?.priceUsd).toBe(0)
    expect(policy.report('gold')?.debt).toBeCloseTo(14 * 0.8 - 12, 12)
  })

  it('divides by v: twice the v halves the price', () => {
    const priceOf = (v: number): number => {
      const policy = messPlus({ ...neverExplore, v })
      const record = decideAndLearn(policy, contextOf(), 1)
      policy.learn(feedback(record, record.decision.chosen, 0))
      return policy.report('gold')?.priceUsd ?? 0
    }
    expect(priceOf(2)).toBeCloseTo(priceOf(1) / 2, 12)
    expect(priceOf(1)).toBeGreaterThan(0)
  })

  it('ignores silence, other metrics and labels of models that did not serve', () => {
    const policy = messPlus(neverExplore)
    const record = decideAndLearn(policy, contextOf(), 1)
    const other = record.decision.chosen === small ? large : small
    policy.learn({ kind: 'silence', atMs: 0, record })
    policy.learn(feedback(record, other, 0))
    policy.learn(feedback(record, record.decision.chosen, 0, 'safety'))
    expect(policy.report('gold')?.priceUsd).toBe(0)
  })

  it('takes audits alone where users only complain', () => {
    const policy = messPlus(neverExplore, 0.1)
    const record = decideAndLearn(policy, contextOf({ feedback: 'one-sided' }), 1)
    const { chosen } = record.decision
    expect(policy.auditProbability(record)).toBe(0.1)
    policy.learn(feedback(record, chosen, 0))
    expect(policy.report('gold')?.priceUsd).toBe(0)
    policy.learn({ kind: 'audit', atMs: 0, record, model: chosen, value: 0, probability: 0.1 })
    expect(policy.report('gold')?.priceUsd).toBeGreaterThan(0)
  })
})

describe('mess-plus learning', () => {
  it('trains its predictor in exploration rounds only, unless told otherwise', () => {
    for (const learnAlways of [0, 1]) {
      const policy = messPlus({ ...neverExplore, learnAlways })
      const record = decideAndLearn(policy, contextOf(), 1)
      policy.learn(feedback(record, record.decision.chosen, 1))
      const moved = (predictions(policy).get(record.decision.chosen) ?? 0) > 0.5
      expect(moved).toBe(learnAlways === 1)
    }
    const policy = messPlus(alwaysExplore)
    explore(policy, [1, 2, 3], [0, 1, 1])
    expect(predictions(policy).get(small)).toBeLessThan(0.5)
    expect(predictions(policy).get(middle)).toBeGreaterThan(0.5)
  })

  it('overwrites the expected cost by the last exploration sample, or averages where told to', () => {
    const costOf = (averageCost: number): number | null | undefined => {
      const policy = messPlus({ ...alwaysExplore, averageCost })
      explore(policy, [1, 2, 3], [1, 1, 1])
      explore(policy, [3, 2, 3], [1, 1, 1])
      return policy.decide(contextOf(), createRandom(1)).estimates.find(estimate => estimate.model === small)
        ?.costUsd
    }
    expect(costOf(0)).toBe(3)
    expect(costOf(1)).toBe(2)
  })

  it('knows no cost before the first exploration: every model costs one unit', () => {
    const { estimates, prices } = messPlus().decide(contextOf(), createRandom(1))
    expect(new Set(estimates.map(estimate => estimate.costUsd)).size).toBe(1)
    expect(prices).toEqual([{ constraint: 'satisfaction', priceUsd: 0 }])
    const unpriced = messPlus().decide(
      contextOf({ models: [spec('a', null), spec('b', null)] }),
      createRandom(1),
    )
    expect(unpriced.estimates.map(estimate => estimate.costUsd)).toEqual([null, null])
    expect(unpriced.prices).toEqual([])
  })

  it('decides the same when every cost is a thousand times higher', () => {
    const world = (scale: number) =>
      new Map([
        [small, { satisfaction: 0.6, costUsd: scale }],
        [middle, { satisfaction: 0.8, costUsd: 3 * scale }],
        [large, { satisfaction: 0.95, costUsd: 10 * scale }],
      ])
    const unpriced = zoo.map(model => ({ ...model, priceUsdPerMillion: null }))
    const run = (scale: number) =>
      runStream(messPlus(), world(scale), 400, () => contextOf({ models: unpriced }))
    expect(run(1000).share).toEqual(run(1).share)
  })

  it('holds a floor in between on a stationary stream once it has learned', () => {
    const world = new Map([
      [small, { satisfaction: 0.6, costUsd: 1 }],
      [middle, { satisfaction: 0.75, costUsd: 4 }],
      [large, { satisfaction: 0.95, costUsd: 16 }],
    ])
    const { satisfaction, costUsd } = runStream(messPlus(), world, 3000)
    expect(Math.abs(satisfaction - 0.8)).toBeLessThan(0.03)
    expect(costUsd).toBeLessThan(16)
  })
})
