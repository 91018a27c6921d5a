import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import type { Policy } from '../policy.ts'
import { createObservations, expectedCostUsd, largestModel, statedCostUsd } from './observations.ts'
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

const world = new Map([
  [small, { satisfaction: 0.6, costUsd: 1 }],
  [middle, { satisfaction: 0.85, costUsd: 4 }],
  [large, { satisfaction: 0.95, costUsd: 16 }],
])

function policyOf(name: string, parameters: Readonly<Record<string, number>> = {}, auditBudget = 0): Policy {
  return createPolicy(name, { ...coldStart, parameters, auditBudget })
}

describe('fixed', () => {
  it('uses its model whatever is learned, and leans on the largest where it is missing', () => {
    const policy = policyOf('fixed:test/middle')
    expect(runStream(policy, world, 100).share).toEqual(new Map([[middle, expect.closeTo(1, 9)]]))
    const without = contextOf({ models: zoo.filter(model => model.id !== middle) })
    expect(policy.decide(without, createRandom(1)).chosen).toBe(large)
    expect(
      policy.decide({ ...without, sla: { ...without.sla, proven: small } }, createRandom(1)).chosen,
    ).toBe(small)
  })
})

describe('random', () => {
  it('spreads evenly', () => {
    const { share } = runStream(policyOf('random'), world, 4000)
    for (const model of zoo) expect(Math.abs((share.get(model.id) ?? 0) - 1 / 3)).toBeLessThan(0.05)
  })
})

describe('cheapest-feasible', () => {
  it('tries every model and settles on the cheapest that meets the floor', () => {
    const { share } = runStream(policyOf('cheapest-feasible', { labels: 60 }), world, 1000)
    expect(share).toEqual(new Map([[middle, expect.closeTo(1, 9)]]))
  })

  it('follows the floor of the request', () => {
    const policy = policyOf('cheapest-feasible', { labels: 60 })
    runStream(policy, world, 1000)
    const chosen = (floor: number) => policy.decide(contextOf({ floor }), createRandom(1)).chosen
    expect(chosen(0.5)).toBe(small)
    expect(chosen(0.9)).toBe(large)
    // None reaches it: the best one.
    expect(chosen(0.999)).toBe(large)
  })

  it('demands a margin of z standard errors', () => {
    const policy = policyOf('cheapest-feasible', { labels: 60, z: 10 })
    runStream(policy, world, 400)
    expect(policy.decide(contextOf({ floor: 0.83 }), createRandom(1)).chosen).toBe(large)
  })

  it('tries nothing where no label can ever come, and leans on the proven model', () => {
    const policy = policyOf('cheapest-feasible')
    const decision = policy.decide(contextOf({ feedback: 'none', proven: middle }), createRandom(1))
    expect(decision).toMatchObject({ chosen: middle, mode: 'exploit' })
    const audited = policyOf('cheapest-feasible', {}, 0.1)
    expect(audited.decide(contextOf({ feedback: 'none' }), createRandom(1)).mode).toBe('explore')
  })
})

describe('static-mixture', () => {
  it('meets a floor between two models by the lottery that costs least', () => {
    const policy = policyOf('static-mixture', { labels: 200, exploration: 0 })
    runStream(policy, world, 2000)
    const { probabilities, prices } = policy.decide(contextOf({ floor: 0.9 }), createRandom(1))
    // True optimum: half middle, half large, at a price of 12 / .1.
    expect(probabilities[0]).toBe(0)
    expect(Math.abs((probabilities[1] ?? 0) - 0.5)).toBeLessThan(0.2)
    expect(Math.abs((prices[0]?.priceUsd ?? 0) - 120)).toBeLessThan(40)
  })

  it('explores every model a little, with the stated probability', () => {
    const policy = policyOf('static-mixture', { labels: 20, exploration: 0.3 })
    runStream(policy, world, 500)
    const { probabilities } = policy.decide(contextOf({ floor: 0.5 }), createRandom(1))
    expect([...probabilities]).toEqual([0.8, 0.1, 0.1].map(share => expect.closeTo(share, 9)))
  })

  it('uses the best model where the floor is out of reach', () => {
    const policy = policyOf('static-mixture', { labels: 100, exploration: 0 })
    runStream(policy, world, 1000)
    expect(policy.decide(contextOf({ floor: 0.999 }), createRandom(1)).probabilities[2]).toBe(1)
  })
})

describe('observations', () => {
  it('sum up labels, costs and the debt of served answers', () => {
    const observations = createObservations(0)
    const policy = policyOf('fixed:test/small')
    const record = decideAndLearn(policy, contextOf(), 1)
    observations.learn({ kind: 'decision', atMs: 0, record })
    observations.learn(outcome(record, small, 3))
    observations.learn(outcome(record, small, null))
    observations.learn(feedback(record, small, 0.25))
    observations.learn(feedback(record, large, 1))
    expect(observations.model(small)).toEqual({ labels: 1, satisfactionSum: 0.25, calls: 1, costSumUsd: 3 })
    expect(observations.model(large).labels).toBe(1)
    expect(observations.class('gold')).toEqual({ decisions: 1, debt: expect.closeTo(0.55, 12) })
  })

  it('do not take a failed call for a cheap one', () => {
    const observations = createObservations(0)
    const record = decideAndLearn(policyOf('random'), contextOf(), 1)
    const event = outcome(record, small, 0)
    if (event.kind !== 'outcome') throw new Error('not an outcome')
    observations.learn({ ...event, outcome: { ...event.outcome, error: 'upstream_timeout' } })
    expect(observations.model(small).calls).toBe(0)
  })

  it('prefer measured costs, then typical ones, then the price list', () => {
    const none = { labels: 0, satisfactionSum: 0, calls: 0, costSumUsd: 0 }
    const priced = spec('priced', 2)
    expect(statedCostUsd(priced, 100)).toBeCloseTo((2 * 356) / 1e6, 12)
    expect(statedCostUsd({ ...priced, typicalCostUsd: 0.5 }, 100)).toBe(0.5)
    expect(expectedCostUsd(none, spec('unpriced', null), 100)).toBeNull()
    expect(expectedCostUsd({ ...none, calls: 4, costSumUsd: 2 }, priced, 100)).toBe(0.5)
  })

  it('lean on the proven model, else on the dearest, else on the first', () => {
    const observations = createObservations(0)
    expect(largestModel(observations, contextOf())).toBe(2)
    expect(largestModel(observations, contextOf({ proven: small }))).toBe(0)
    expect(largestModel(observations, contextOf({ models: [spec('a', null), spec('b', null)] }))).toBe(0)
  })
})
