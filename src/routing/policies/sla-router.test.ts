import { describe, expect, it } from 'vitest'
import type { DecisionRecord } from '../decision.ts'
import { designWithin } from '../labels/audit-design.ts'
import type { LearningEvent } from '../learning-event.ts'
import { createRandom } from '../numeric/random.ts'
import { policyContract } from '../policy.contract.ts'
import type { Policy } from '../policy.ts'
import { runOneSidedStream } from './one-sided-stream.fixture.ts'
import { createPolicy } from './registry.ts'
import { predictionIn, scaleConstraint, stepConstraint, stepIn } from './sla-router-evidence.ts'
import {
  coldStart,
  contextOf,
  decideAndLearn,
  feedback,
  large,
  middle,
  outcome,
  type RequestOptions,
  small,
  zoo,
} from './small-zoo.fixture.ts'

function slaRouter(parameters: Readonly<Record<string, number>> = {}, auditBudget = 0): Policy {
  return createPolicy('sla-router', { ...coldStart, parameters: { c: 0, ...parameters }, auditBudget })
}

policyContract('sla-router with a trusted rate', overrides =>
  createPolicy('sla-router', { ...coldStart, parameters: { trustedRate: 0.3, c: 1000 }, ...overrides }),
)

policyContract('sla-router that trusts few audits', overrides =>
  createPolicy('sla-router', { ...coldStart, parameters: { trustedLabels: 5 }, ...overrides }),
)

function audit(record: DecisionRecord, value: number, probability: number): LearningEvent {
  return { kind: 'audit', atMs: 0, record, model: record.decision.chosen, value, probability }
}

function silence(record: DecisionRecord): LearningEvent {
  return { kind: 'silence', atMs: 0, record }
}

function priceOf(policy: Policy, options: RequestOptions): number {
  const { prices } = policy.decide(contextOf(options), createRandom('price'))
  return prices.find(price => price.constraint === 'satisfaction')?.priceUsd ?? Number.NaN
}

function debtOf(policy: Policy): number {
  return policy.report('gold')?.debt ?? Number.NaN
}

describe('sla-router where users say good and bad', () => {
  it('moves the price by the predicted shortfall at the decision, and by the rest when the label comes', () => {
    const policy = slaRouter({ repay: 0, kappa: 0.1 })
    // The first decision shows what models cost: before it there is no scale, and nothing moves.
    const [first, second, third] = [1, 2, 3].map(i => decideAndLearn(policy, contextOf({ floor: 0.9 }), i))
    if (first === undefined || second === undefined || third === undefined) throw new Error('no records')
    const shortfalls = [first, second, third].map(record => 0.9 - predictionIn(record))
    const [s1 = 0, s2 = 0, s3 = 0] = shortfalls
    // kappa doubled, and G2 of the predicted shortfalls so far.
    expect(stepIn(first)).toBe(0)
    expect(stepIn(second)).toBeCloseTo(0.2 / Math.sqrt(1 + s1 ** 2), 12)
    expect(stepIn(third)).toBeCloseTo(0.2 / Math.sqrt(1 + s1 ** 2 + s2 ** 2), 12)
    const decided = priceOf(policy, { floor: 0.9 })
    expect(decided).toBeGreaterThan(0)
    policy.learn(feedback(third, third.decision.chosen, 0))
    const predicted = stepIn(second) * s2 + stepIn(third) * s3
    const known = stepIn(second) * s2 + stepIn(third) * 0.9
    expect(priceOf(policy, { floor: 0.9 }) / decided).toBeCloseTo(known / predicted, 9)
  })

  it('logs price, step and scale in USD', () => {
    const policy = slaRouter()
    decideAndLearn(policy, contextOf(), 1)
    const { decision } = decideAndLearn(policy, contextOf(), 2)
    const [price, step, scale] = decision.prices
    expect(decision.prices.map(({ constraint }) => constraint)).toEqual([
      'satisfaction',
      stepConstraint,
      scaleConstraint,
    ])
    expect(scale?.priceUsd).toBeGreaterThan(0)
    expect(step?.priceUsd).toBeCloseTo((2 / 1) * Math.max(price?.priceUsd ?? 0, scale?.priceUsd ?? 0), 6)
  })

  it('counts a debt of floor minus satisfaction once labels are in', () => {
    const policy = slaRouter()
    const labels = [1, 0, 0, 1, 0]
    const records = labels.map((_, i) => decideAndLearn(policy, contextOf({ floor: 0.7 }), i))
    expect(debtOf(policy)).toBeCloseTo(
      records.reduce((sum, record) => sum + 0.7 - predictionIn(record), 0),
      9,
    )
    for (const [i, record] of records.entries())
      policy.learn(feedback(record, record.decision.chosen, labels[i] ?? 0))
    expect(debtOf(policy)).toBeCloseTo(5 * 0.7 - 2, 9)
  })

  it('weighs labels by the share of users who speak', () => {
    const policy = slaRouter()
    const records = Array.from({ length: 6 }, (_, i) =>
      decideAndLearn(policy, contextOf({ feedback: 'sparse' }), i),
    )
    for (const record of records.slice(0, 5)) policy.learn(silence(record))
    const [last] = records.slice(5)
    if (last === undefined) throw new Error('no record')
    const before = debtOf(policy)
    policy.learn(feedback(last, last.decision.chosen, 0))
    // One user spoke and five were silent: (1 + 5 + 1) / (1 + 1).
    expect(debtOf(policy) - before).toBeCloseTo(3.5 * predictionIn(last), 9)
  })

  it('explores with probability c / t^(1/4), uniformly, and logs it', () => {
    const policy = slaRouter({ c: 0.5 })
    for (let t = 0; t < 16; t++) decideAndLearn(policy, contextOf(), t)
    const { decision } = decideAndLearn(policy, contextOf(), 'sixteenth')
    const rare = Math.min(...decision.probabilities)
    expect(rare).toBeCloseTo(0.5 / 2 / 3, 12)
  })

  it('explores upward only while it is in debt', () => {
    const policy = slaRouter({ c: 1000 })
    for (let i = 0; i < 60; i++) {
      const record = decideAndLearn(policy, contextOf(), i)
      for (const [m, { id }] of zoo.entries()) policy.learn(feedback(record, id, m === 2 ? i % 2 : 0))
      for (const [m, { id }] of zoo.entries()) policy.learn(outcome(record, id, 4 ** m))
    }
    expect(debtOf(policy)).toBeGreaterThan(10)
    const { probabilities, estimates } = policy.decide(contextOf(), createRandom(1))
    const seen = new Map(estimates.map(estimate => [estimate.model, estimate.satisfaction ?? 0]))
    expect(seen.get(large)).toBeGreaterThan((seen.get(small) ?? 1) + 0.3)
    // The largest is the best already: there is no way up, and a debt is not paid downward.
    expect(probabilities).toEqual(Float64Array.of(0, 0, 1))
  })
})

describe('sla-router where users only complain and decisions are audited', () => {
  const auditedOptions = { feedback: 'one-sided', proven: large } as const
  const auditing = (parameters: Readonly<Record<string, number>> = {}) =>
    slaRouter({ trustedLabels: 0, complaints: 0, ...parameters }, 0.1)

  it('asks for audits of q = clip(2 b sqrt(f (1 - f)), b/2, b), whatever the user said', () => {
    const policy = auditing()
    const record = decideAndLearn(policy, contextOf(auditedOptions), 1)
    const f = predictionIn(record)
    const q = policy.auditProbability(record)
    expect(q).toBeCloseTo(Math.max(0.05, 0.2 * Math.sqrt(f * (1 - f))), 12)
    const complaint = { metric: 'satisfaction', value: 0, source: 'user' } as const
    expect(policy.auditProbability(record, complaint)).toBe(q)
    expect(q).toBeGreaterThanOrEqual(designWithin(0.1).least)
    expect(policy.auditProbability(decideAndLearn(policy, contextOf(), 2))).toBe(0)
  })

  it('takes f at the decision, 0 after a complaint, and f + (S - f)/q after an audit', () => {
    const policy = auditing()
    const [a, b, c] = [1, 2, 3].map(i => decideAndLearn(policy, contextOf(auditedOptions), i))
    if (a === undefined || b === undefined || c === undefined) throw new Error('no records')
    let debt = debtOf(policy)
    expect(debt).toBeCloseTo(3 * 0.8 - predictionIn(a) - predictionIn(b) - predictionIn(c), 9)
    const change = (event: LearningEvent): number => {
      policy.learn(event)
      const moved = debtOf(policy) - debt
      debt = debtOf(policy)
      return moved
    }
    expect(change(feedback(a, a.decision.chosen, 0))).toBeCloseTo(predictionIn(a), 9)
    expect(change(audit(a, 0, 0.05))).toBeCloseTo(0, 9)
    expect(change(silence(b))).toBe(0)
    expect(change(audit(b, 1, 0.05))).toBeCloseTo((predictionIn(b) - 1) / 0.05, 6)
    // Repeated statements change nothing.
    expect(change(audit(b, 1, 0.05))).toBe(0)
    expect(change(feedback(a, a.decision.chosen, 0))).toBe(0)
    // Audit first, complaint later: the end is the same as the other way round, a stand-in of 0.
    change(audit(c, 0, 0.05))
    const before = 0.8 - predictionIn(c)
    change(feedback(c, c.decision.chosen, 0))
    expect(debt - (3 * 0.8 - predictionIn(b) - (1 - predictionIn(b)) / 0.05)).toBeCloseTo(
      0.8 - 0.8 + before - before,
      6,
    )
  })

  it('leans on the proven model of a cold start until there are audits enough, and says so', () => {
    const policy = slaRouter({ trustedLabels: 3 }, 0.5)
    for (let i = 0; i < 3; i++) {
      const record = decideAndLearn(policy, contextOf(auditedOptions), i)
      expect(record.decision.chosen).toBe(large)
      policy.learn(audit(record, 1, 0.4))
    }
    expect(policy.report('gold')?.alarms.map(alarm => alarm.kind)).toEqual(['too-few-audits'])
    expect(decideAndLearn(policy, contextOf(auditedOptions), 'free').decision.chosen).toBe(small)
  })

  it('says so when the audits that it asks for do not come', () => {
    const policy = auditing()
    for (let i = 0; i < 300; i++) policy.learn(silence(decideAndLearn(policy, contextOf(auditedOptions), i)))
    expect(policy.report('gold')?.alarms.map(alarm => alarm.kind)).toContain('audits-missing')
  })
})

describe('sla-router where nothing tells good from bad', () => {
  it.each(['one-sided', 'none'] as const)('serves the proven model for ever and says why: %s', kind => {
    const policy = slaRouter({ c: 1000 })
    const options = { feedback: kind, proven: middle }
    for (let i = 0; i < 50; i++) {
      const record = decideAndLearn(policy, contextOf(options), i)
      expect(record.decision.chosen).toBe(middle)
      expect(record.decision.mode).toBe('exploit')
      policy.learn(silence(record))
    }
    const expected = kind === 'none' ? 'no-labels' : 'complaint-rate-unknown'
    expect(policy.report('gold')).toMatchObject({
      priceUsd: null,
      debt: 0,
      reachable: null,
      alarms: [{ atDecision: 1, kind: expected }],
    })
  })

  it('serves the dearest where no model is proven, and follows a stated rate where there is one', () => {
    const decided = (parameters: Readonly<Record<string, number>>) =>
      decideAndLearn(slaRouter(parameters), contextOf({ feedback: 'one-sided' }), 1).decision.chosen
    expect(decided({})).toBe(large)
    expect(decided({ trustedRate: 0.1 })).toBe(small)
  })

  it('takes 1 - Y/rho with a stated rate', () => {
    const policy = slaRouter({ trustedRate: 0.25 })
    const [a, b] = [1, 2].map(i => decideAndLearn(policy, contextOf({ feedback: 'one-sided' }), i))
    if (a === undefined || b === undefined) throw new Error('no records')
    policy.learn(silence(a))
    policy.learn(feedback(b, b.decision.chosen, 0))
    expect(debtOf(policy)).toBeCloseTo(0.8 - 1 + 0.8 - (1 - 1 / 0.25), 9)
  })
})

describe('sla-router, scale and models', () => {
  it('decides the same when a dear model that was never used leaves', () => {
    const [whole, reduced] = [slaRouter(), slaRouter()]
    const random = createRandom('unused')
    for (let i = 0; i < 300; i++) {
      const models = i < 100 ? zoo : zoo.slice(0, 2)
      const label = random.next() < 0.9 ? 1 : 0
      const options = { floor: 0.7, word: random.integer(20) }
      const a = decideAndLearn(whole, contextOf(options), i)
      const b = decideAndLearn(reduced, contextOf({ ...options, models }), i)
      expect(a.decision.chosen).not.toBe(large)
      expect(b.decision.chosen).toBe(a.decision.chosen)
      expect(b.decision.prices[0]).toEqual(a.decision.prices[0])
      for (const [policy, record] of [
        [whole, a],
        [reduced, b],
      ] as const) {
        policy.learn(outcome(record, record.decision.chosen, 0.001))
        policy.learn(feedback(record, record.decision.chosen, label))
      }
    }
  })
})

describe('sla-router on a stream of complaints', () => {
  const rates = [0.5, 0.3, 0.15, 0.05]

  it('holds the floor with audits, whoever complains most', () => {
    const audited = runOneSidedStream('sla-router', { rates, auditBudget: 0.2, warm: true })
    expect(audited.satisfaction).toBeGreaterThan(0.77)
    expect(audited.costUsd).toBeLessThan(0.8 * audited.dearestUsd)
    const impatient = [...rates].reverse()
    const same = runOneSidedStream('sla-router', { rates: impatient, auditBudget: 0.2, warm: true })
    expect(same.satisfaction).toBeGreaterThan(0.77)
  })

  it('never slides without audits: it serves the proven model', () => {
    const blind = runOneSidedStream('sla-router', { rates, auditBudget: 0, warm: false })
    expect(blind.share[3]).toBeGreaterThan(0.99)
    expect(blind.satisfaction).toBeGreaterThan(0.88)
  })

  it('holds the floor with a stated rate that is true, and falls short by one that is too high', () => {
    const same = [0.3, 0.3, 0.3, 0.3]
    const run = (trustedRate: number) =>
      runOneSidedStream('sla-router', { rates: same, auditBudget: 0, warm: true, trustedRate })
    expect(run(0.3).satisfaction).toBeGreaterThan(0.77)
    expect(run(1).satisfaction).toBeLessThan(run(0.3).satisfaction - 0.03)
  })
})
