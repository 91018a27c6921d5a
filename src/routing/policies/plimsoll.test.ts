import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { policyContract } from '../policy.contract.ts'
import type { Policy, PolicySetup } from '../policy.ts'
import {
  CHANCES,
  meanOf,
  models,
  type RunConditions,
  runWorld,
  type ServedRequest,
  STATIC_MIXTURE_USD,
  worldTraining,
} from './known-world.fixture.ts'
import { plimsoll } from './plimsoll.ts'

const FLOOR = 0.8
const SEEDS = ['a', 'b', 'c', 'd', 'e']

function create(overrides: Partial<PolicySetup> = {}): Policy {
  const setup = { parameters: {}, training: null, snapshot: null, auditBudget: 0, ...overrides }
  return plimsoll.create(setup, null)
}

policyContract('plimsoll', create)

interface Run {
  readonly policy: Policy
  readonly served: readonly ServedRequest[]
}

function runSeeds(
  conditions: Omit<RunConditions, 'seed'>,
  overrides: Partial<PolicySetup> = {},
): readonly Run[] {
  return SEEDS.map(seed => {
    const policy = create(overrides)
    return { policy, served: runWorld(policy, { ...conditions, seed }) }
  })
}

const satisfaction = (served: readonly ServedRequest[]): number => meanOf(served, each => each.satisfied)
const costUsd = (served: readonly ServedRequest[]): number => meanOf(served, each => each.costUsd)

/** Mean of |label - prediction| over ten bins of predicted satisfaction. */
function calibrationError(served: readonly ServedRequest[]): number {
  const excess = new Float64Array(10)
  for (const { record, satisfied } of served) {
    const estimate = record.decision.estimates.find(({ model }) => model === record.decision.chosen)
    const predicted = estimate?.satisfaction ?? 0
    const bin = Math.min(9, Math.floor(predicted * 10))
    excess[bin] = (excess[bin] ?? 0) + satisfied - predicted
  }
  return excess.reduce((sum, value) => sum + Math.abs(value), 0) / served.length
}

describe('plimsoll on a world with a known answer', () => {
  it('holds the floor from a cold start, for less than the best static mixture, calls to learn included', () => {
    const runs = runSeeds({ requests: 1600 })
    expect(meanOf(runs, ({ served }) => satisfaction(served))).toBeGreaterThan(FLOOR - 0.012)
    expect(meanOf(runs, ({ served }) => satisfaction(served))).toBeLessThan(FLOOR + 0.02)
    expect(meanOf(runs, ({ served }) => costUsd(served))).toBeLessThan(0.95 * STATIC_MIXTURE_USD)
    for (const { policy, served } of runs) {
      expect(Math.abs(satisfaction(served) - FLOOR)).toBeLessThan(0.03)
      expect(policy.report('gold')?.infeasible).toBeNull()
      expect(calibrationError(served.slice(300))).toBeLessThan(0.06)
    }
  })

  it('does better still after offline training, from the first request on', () => {
    const training = worldTraining('warm', 400)
    const runs = runSeeds({ requests: 1000 }, { training })
    expect(meanOf(runs, ({ served }) => satisfaction(served))).toBeGreaterThan(FLOOR - 0.012)
    expect(meanOf(runs, ({ served }) => satisfaction(served))).toBeLessThan(FLOOR + 0.02)
    expect(meanOf(runs, ({ served }) => costUsd(served))).toBeLessThan(0.8 * STATIC_MIXTURE_USD)
    const early = meanOf(runs, ({ served }) => satisfaction(served.slice(0, 200)))
    expect(early).toBeGreaterThan(FLOOR - 0.04)
    for (const { served } of runs) {
      expect(served.every(({ record }) => record.decision.mode === 'exploit')).toBe(true)
      expect(calibrationError(served)).toBeLessThan(0.06)
    }
  })

  it('holds the floor with sixteen requests under way at once and labels in any order', () => {
    const runs = runSeeds({ requests: 1600, inFlight: 16 })
    expect(meanOf(runs, ({ served }) => satisfaction(served))).toBeGreaterThan(FLOOR - 0.015)
    expect(meanOf(runs, ({ served }) => costUsd(served))).toBeLessThan(STATIC_MIXTURE_USD)
    // No stampede: while nothing is known, the dearest model is tried, not flooded.
    for (const { served } of runs)
      expect(served.slice(0, 32).filter(({ model }) => model === 3).length).toBeLessThan(6)
  })

  it('holds the floor where three of ten users speak', () => {
    const runs = runSeeds({ requests: 2500, feedback: 'sparse' })
    expect(meanOf(runs, ({ served }) => satisfaction(served))).toBeGreaterThan(FLOOR - 0.02)
    expect(meanOf(runs, ({ served }) => costUsd(served))).toBeLessThan(1.1 * STATIC_MIXTURE_USD)
  })

  it('honours floors that differ by request', () => {
    const training = worldTraining('floors', 400)
    const floor = (_: number, random: { next(): number }): number => 0.7 + 0.15 * random.next()
    const served = runSeeds({ requests: 1500, floor }, { training }).flatMap(run => run.served)
    for (const [low, high] of [
      [0.7, 0.75],
      [0.75, 0.8],
      [0.8, 0.85],
    ] as const) {
      const bin = served.filter(({ record }) => record.context.floor >= low && record.context.floor < high)
      const margin = meanOf(bin, ({ satisfied, record }) => satisfied - record.context.floor)
      expect(Math.abs(margin)).toBeLessThan(0.025)
    }
  })
})

describe('plimsoll when the world changes', () => {
  const half = 900

  it('notices that a model got worse, says so, and keeps the floor', () => {
    const chance = (kind: number, model: number, position: number): number =>
      (CHANCES[kind]?.[model] ?? 0) * (model === 2 && position >= half ? 0.5 : 1)
    const runs = runSeeds({ requests: 2400, chance })
    const after = meanOf(runs, ({ served }) => satisfaction(served.slice(half + 300)))
    expect(after).toBeGreaterThan(FLOOR - 0.015)
    for (const { policy } of runs) {
      const kinds = policy.report('gold')?.alarms.filter(({ atDecision }) => atDecision > half)
      expect(kinds?.map(({ kind }) => kind)).toContain('change:world/large')
    }
  })

  it('goes on without a model that is gone, and takes it up again', () => {
    const without = models.filter((_, m) => m !== 2)
    const eligible = (position: number): typeof models =>
      position >= half && position < 1700 ? without : models
    const runs = runSeeds({ requests: 2600, eligible })
    expect(meanOf(runs, ({ served }) => satisfaction(served.slice(half)))).toBeGreaterThan(FLOOR - 0.012)
    for (const { served } of runs) {
      expect(served.slice(1700).filter(({ model }) => model === 2).length).toBeGreaterThan(50)
    }
  })

  it('tries a model that joins, also after offline training', () => {
    const old = models.filter((_, m) => m !== 1)
    const all = worldTraining('joins', 300)
    const keep = (values: Float64Array): Float64Array => values.filter((_, i) => i % 4 !== 1)
    const training = { ...all, models: old, satisfaction: keep(all.satisfaction), costUsd: keep(all.costUsd) }
    const eligible = (position: number): typeof models => (position >= half ? models : old)
    for (const overrides of [{ training }, {}]) {
      const runs = runSeeds({ requests: 2400, eligible }, overrides)
      expect(meanOf(runs, ({ served }) => satisfaction(served.slice(half)))).toBeGreaterThan(FLOOR - 0.012)
      const share = meanOf(runs, ({ served }) =>
        meanOf(served.slice(1600), ({ model }) => (model === 1 ? 1 : 0)),
      )
      expect(share).toBeGreaterThan(0.1)
    }
  })

  it('follows a floor that the operator moves', () => {
    const classFloor = (position: number): number => (position < half ? 0.7 : 0.88)
    const runs = runSeeds({ requests: 2200, classFloor })
    const low = runs.map(({ served }) => served.slice(300, half))
    const high = runs.map(({ served }) => served.slice(half))
    expect(Math.abs(meanOf(low, satisfaction) - 0.7)).toBeLessThan(0.03)
    expect(meanOf(high, satisfaction)).toBeGreaterThan(0.865)
    expect(meanOf(high, costUsd)).toBeGreaterThan(2 * meanOf(low, costUsd))
  })
})

describe('plimsoll and floors out of reach', () => {
  it('names an infeasible floor and the best reachable value', () => {
    for (const training of [null, worldTraining('infeasible', 400)]) {
      const classFloor = (): number => 0.985
      for (const { policy, served } of runSeeds({ requests: 2000, classFloor }, { training }).slice(0, 3)) {
        const infeasible = policy.report('gold')?.infeasible
        expect(infeasible?.bindingConstraint).toBe('satisfaction')
        expect(infeasible?.atDecision).toBeLessThan(1500)
        expect(Math.abs((infeasible?.reachable ?? 0) - 0.937)).toBeLessThan(0.03)
        expect(satisfaction(served)).toBeGreaterThan(0.85)
      }
    }
  })

  it('pays no more than the operator allows', () => {
    const ceiling = 2e-4
    const capped = runSeeds({ requests: 800 }, { parameters: { maxPriceUsd: ceiling } })
    for (const { served } of capped) {
      expect(served.every(({ record }) => (record.decision.prices[0]?.priceUsd ?? 1) <= ceiling)).toBe(true)
    }
    expect(meanOf(capped, ({ served }) => costUsd(served))).toBeLessThan(STATIC_MIXTURE_USD)
  })
})

describe('plimsoll where users only complain', () => {
  it('stays with the proven model while nothing else is known', () => {
    const proven = models[2]
    if (proven === undefined) throw new Error('the world has four models')
    const served = runWorld(create(), { seed: 'silent', requests: 400, feedback: 'one-sided', proven })
    expect(served.every(({ model }) => model === 2)).toBe(true)
  })

  it('finds out which model is the dearest where nobody states a price, and stays with it', () => {
    const served = runWorld(create(), { seed: 'unpriced', requests: 100, feedback: 'one-sided' })
    expect(new Set(served.slice(0, 4).map(({ model }) => model)).size).toBe(4)
    expect(served.slice(4).every(({ model }) => model === 3)).toBe(true)
  })

  it('takes the best model where every one is free', () => {
    const policy = create()
    const served = runWorld(policy, { seed: 'free', requests: 1500, free: true })
    expect(satisfaction(served.slice(500))).toBeGreaterThan(0.9)
  })

  it('holds what training taught', () => {
    const training = worldTraining('silent', 500)
    const runs = runSeeds({ requests: 1000, feedback: 'none' }, { training })
    expect(meanOf(runs, ({ served }) => satisfaction(served))).toBeGreaterThan(FLOOR - 0.03)
    expect(meanOf(runs, ({ served }) => costUsd(served))).toBeLessThan(0.9 * STATIC_MIXTURE_USD)
  })
})

describe('plimsoll sees nothing but prompts, prices and its own history', () => {
  it('decides alike whatever the ids, times and seeds are, but where it draws by lot', () => {
    const rename = (policy: Policy): Policy => ({
      ...policy,
      report: name => policy.report(name),
      snapshot: () => policy.snapshot(),
      auditProbability: record => policy.auditProbability(record),
      decide: (context, random) => policy.decide({ ...context, atMs: 7 }, random),
      learn: event => policy.learn({ ...event, atMs: 7 * event.atMs }),
    })
    const plain = runWorld(create(), { seed: 'same', requests: 500 })
    const renamed = runWorld(rename(create()), { seed: 'same', requests: 500 })
    expect(renamed.map(({ record }) => record.decision)).toEqual(plain.map(({ record }) => record.decision))
    const settled = create({ training: worldTraining('purity', 200) })
    const { record } = runWorld(settled, { seed: 'settled', requests: 1 })[0] ?? {}
    if (record === undefined) throw new Error('nothing was served')
    const again = settled.decide(record.context, createRandom('another seed'))
    expect(again).toEqual(settled.decide(record.context, createRandom('a third seed')))
  })
})
