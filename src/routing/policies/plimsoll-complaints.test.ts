import { describe, expect, it } from 'vitest'
import type { Policy, PolicySetup, TrainingRows } from '../policy.ts'
import { CHANCES, meanOf, type RunConditions, runWorld, worldTraining } from './known-world.fixture.ts'
import { plimsoll } from './plimsoll.ts'

const training: TrainingRows = worldTraining('complaints', 400)
const trained = plimsoll.create({ parameters: {}, training, snapshot: null, auditBudget: 0 }, null).snapshot()

/** Training takes a second: every policy goes on from the same trained state. */
function create(overrides: Partial<PolicySetup> = {}): Policy {
  return plimsoll.create(
    { parameters: {}, training: null, snapshot: trained, auditBudget: 0, ...overrides },
    null,
  )
}

const HALF = 1500
/** The two middle models, which serve most, lose half of their satisfied answers. */
const worse: RunConditions['chance'] = (kind, model, position) =>
  (CHANCES[kind]?.[model] ?? 0) * (position >= HALF && (model === 1 || model === 2) ? 0.5 : 1)
const RATES = [0.2, 0.2, 0.2, 0.2]
const complaining = { feedback: 'one-sided', complaintRates: RATES } as const

const kindsOf = (policy: Policy) => policy.report('gold')?.alarms.map(({ kind }) => kind) ?? []

describe('plimsoll where users only complain', () => {
  it('decides alike whatever the rates of the models are, as long as nothing is alarming', () => {
    const conditions = { ...complaining, seed: 'rates', requests: 900 }
    const equal = create()
    const decisions = runWorld(equal, conditions).map(({ record }) => record.decision)
    const other = create()
    const rates = [0.5, 0.05, 0.3, 0.1]
    const others = runWorld(other, { ...conditions, complaintRates: rates }).map(
      ({ record }) => record.decision,
    )
    expect([kindsOf(equal), kindsOf(other)]).toEqual([[], []])
    expect(others).toEqual(decisions)
  })

  it('raises an alarm at a model that got worse, and by itself does no more', () => {
    const conditions = { ...complaining, seed: 'worse', requests: 2 * HALF, chance: worse }
    const policy = create()
    const served = runWorld(policy, conditions)
    const after = policy.report('gold')?.alarms.filter(({ atDecision }) => atDecision > HALF) ?? []
    expect(after.map(({ kind }) => kind)).toContain('complaints:world/large')
    expect(after[0]?.atDecision).toBeLessThan(HALF + 900)
    const silent = runWorld(create(), { ...conditions, feedback: 'none' })
    expect(served.map(({ model }) => model)).toEqual(silent.map(({ model }) => model))
  })

  it('serves with another model for a while where the operator wants that, for its price', () => {
    const conditions = { ...complaining, seed: 'retreat', requests: 2 * HALF, chance: worse }
    const held = runWorld(create(), conditions)
    const policy = create({ parameters: { complaintFallback: 1e9 } })
    const served = runWorld(policy, conditions)
    const after = policy.report('gold')?.alarms.find(({ atDecision }) => atDecision > HALF)
    const late = served.slice((after?.atDecision ?? 0) + 1)
    expect(late.every(({ record }) => `complaints:${record.decision.chosen}` !== after?.kind)).toBe(true)
    expect(late.every(({ record }) => record.decision.mode === 'exploit')).toBe(true)
    const part = held.slice(-late.length)
    expect(meanOf(late, each => each.satisfied)).toBeGreaterThan(meanOf(part, each => each.satisfied) + 0.05)
    expect(meanOf(late, each => each.costUsd)).toBeGreaterThan(meanOf(part, each => each.costUsd))
  })

  it('audits the suspect with what was saved, and finds back to the floor by it', () => {
    const conditions = { ...complaining, seed: 'burst', requests: 3 * HALF, chance: worse, audits: true }
    const setup = { auditBudget: 0.05, parameters: { auditReserve: 0.5 } }
    const policy = create(setup)
    const asked: number[] = []
    const watched: Policy = {
      ...policy,
      decide: (context, random) => policy.decide(context, random),
      report: name => policy.report(name),
      snapshot: () => policy.snapshot(),
      learn: event => policy.learn(event),
      auditProbability: record => {
        const probability = policy.auditProbability(record)
        asked.push(probability)
        return probability
      },
    }
    const served = runWorld(watched, conditions)
    expect(Math.max(...asked.slice(0, 400))).toBeCloseTo(0.025, 12)
    expect(Math.max(...asked)).toBe(1)
    expect(asked.reduce((sum, probability) => sum + probability, 0)).toBeLessThan(0.05 * served.length + 1)
    const blind = runWorld(create(), { ...conditions, audits: false })
    const satisfied = (part: typeof served) => meanOf(part.slice(-1000), each => each.satisfied)
    expect(satisfied(served)).toBeGreaterThan(satisfied(blind) + 0.05)
  })

  it('says that nothing can be known, and what audits would take', () => {
    const policy = create()
    runWorld(policy, { ...complaining, seed: 'blind', requests: 60 })
    expect(policy.report('gold')?.promise?.remark).toMatch(
      /^users only complain and nothing is audited.*takes about \d+ audits.*at the price of a call.*\$/,
    )
  })
})
