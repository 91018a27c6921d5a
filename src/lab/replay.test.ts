import { describe, expect, it } from 'vitest'
import type { LearningEvent } from '../routing/learning-event.ts'
import { createPolicy, policyDefinitions } from '../routing/policies/registry.ts'
import type { Policy } from '../routing/policy.ts'
import { parseDrift } from './drift.ts'
import { parseChannel } from './feedback-channel.ts'
import type { PreparedTrace } from './prepare-trace.ts'
import { type Chooser, type ReplaySetup, type ReplayStep, replay } from './replay.ts'
import { scriptedPolicy } from './scripted-policy.fixture.ts'
import { type TinyRow, tinyPrepared } from './tiny-trace.fixture.ts'
import { trainingRows } from './training-rows.ts'
import { createWorld } from './world.ts'

interface Setting {
  readonly channel?: string
  readonly delay?: number
  readonly audit?: number
  readonly drifts?: readonly string[]
  readonly seed?: number
  readonly order?: readonly number[]
}

function setupOf(prepared: PreparedTrace, setting: Setting = {}): ReplaySetup {
  const { trace } = prepared
  const { channel = 'chosen', delay = 0, audit = 0, drifts = [], seed = 1 } = setting
  return {
    prepared,
    world: createWorld({
      trace,
      order: setting.order ?? [...trace.rows.keys()],
      drifts: drifts.map(text => parseDrift(text, trace.models)),
      seed,
    }),
    sla: { name: 'class', floor: 0.5, feedback: 'chosen', promise: 'on-average', delta: 0.05 },
    floors: { kind: 'constant', floor: 0.8 },
    channel: parseChannel(channel, trace.models),
    audits: { budget: audit, judge: null, humanShare: 0 },
    delay,
    seed,
    typicalCostUsd: () => null,
  }
}

const by = (policy: Policy): Chooser => ({ kind: 'policy', policy })

const rows: readonly TinyRow[] = [
  { scores: [0, 1], costsUsd: [1, 5] },
  { scores: [1, 1], costsUsd: [2, 6] },
  { scores: [0, 0], costsUsd: [3, 7] },
]

/** Events in short: kind, position of the decision, and what it says. */
function brief(event: LearningEvent): string {
  const at = event.record.id.split('-').at(-1)
  switch (event.kind) {
    case 'decision':
    case 'silence':
      return `${event.kind} ${at}`
    case 'outcome':
      return `outcome ${at} ${event.model} ${event.outcome.costUsd}${event.outcome.shadow ? ' shadow' : ''}`
    case 'feedback':
    case 'audit':
      return `${event.kind} ${at} ${event.model} ${event.value}`
  }
}

describe('replay', () => {
  it('tells the policy decision, costs and labels, in this order', () => {
    const policy = scriptedPolicy({ choose: () => 'm0', shadows: ['m1'] })
    const steps = [...replay(by(policy), setupOf(tinyPrepared(rows)))]
    expect(policy.events.slice(0, 5).map(brief)).toEqual([
      'decision 0',
      'outcome 0 m0 1',
      'outcome 0 m1 5 shadow',
      'feedback 0 m0 0',
      'feedback 0 m1 1',
    ])
    expect(steps.map(step => [step.satisfaction, step.costUsd, step.shadowCostUsd])).toEqual([
      [0, 6, 5],
      [1, 8, 6],
      [0, 10, 7],
    ])
  })

  it('counts in learnedUpTo what the policy had learned when it decided', () => {
    const policy = scriptedPolicy()
    const steps = [...replay(by(policy), setupOf(tinyPrepared(rows), { delay: 1 }))]
    // Decision and outcome of each step; the label of step 0 comes after the decision of step 1.
    expect(steps.map(step => step.record.learnedUpTo)).toEqual([0, 2, 5])
  })

  it('delivers labels and silence late by as many decisions as told, and never those after the end', () => {
    const said = (channel: string): string[] => {
      const policy = scriptedPolicy()
      const steps = [...replay(by(policy), setupOf(tinyPrepared(rows), { channel, delay: 2 }))]
      expect(steps.map(step => step.position)).toEqual([0, 1, 2])
      return policy.events.filter(event => event.kind !== 'outcome').map(brief)
    }
    expect(said('chosen')).toEqual(['decision 0', 'decision 1', 'decision 2', 'feedback 0 m0 0'])
    expect(said('none')).toEqual(['decision 0', 'decision 1', 'decision 2', 'silence 0'])
  })

  it('draws audits by the probabilities of the policy, when the user has had the word', () => {
    const policy = scriptedPolicy({ auditProbability: (_, feedback) => (feedback === undefined ? 0 : 1) })
    const setup = setupOf(tinyPrepared(rows), { channel: 'one-sided:1', audit: 1 })
    const steps = [...replay(by(policy), setup)]
    expect(steps.map(step => step.audit)).toEqual([
      { probability: 1, value: 0 },
      { probability: 0, value: null },
      { probability: 1, value: 0 },
    ])
    expect(policy.events.filter(event => event.kind === 'audit')).toMatchObject([
      { model: 'm0', value: 0, probability: 1 },
      { model: 'm0', value: 0, probability: 1 },
    ])
  })

  it('shows the models of the moment, without prices, and nothing of the row but its prompt', () => {
    const policy = scriptedPolicy()
    const setup = setupOf(tinyPrepared(rows), { drifts: ['m0@.5:gone'] })
    expect([...replay(by(policy), setup)].map(step => step.record.decision.chosen)).toEqual([
      'm0',
      'm0',
      'm1',
    ])
    expect(policy.contexts[0]).toEqual({
      sla: { ...setup.sla, floor: 0.8 },
      floor: 0.8,
      atMs: 0,
      models: ['m0', 'm1'].map(id => ({ id, priceUsdPerMillion: null, typicalCostUsd: null })),
      features: setup.prepared.features[0],
      // 'prompt 0' has eight characters.
      promptTokens: 2,
      load: [],
    })
  })

  it('refuses calls of models that are not there', () => {
    const gone = scriptedPolicy({ choose: () => 'm0' })
    const setup = setupOf(tinyPrepared(rows), { drifts: ['m0@.5:gone'] })
    expect(() => [...replay(by(gone), setup)]).toThrow(
      "called model 'm0', which cannot be called at request 2",
    )
  })

  it('lets the oracle take the cheapest model that satisfies, else the cheapest', () => {
    const steps = [...replay({ kind: 'oracle' }, setupOf(tinyPrepared(rows)))]
    expect(steps.map(step => step.record.decision.chosen)).toEqual(['m1', 'm0', 'm0'])
  })
})

describe('the certificate of a replay', () => {
  const many = tinyPrepared(
    Array.from({ length: 1500 }, (_, i) => ({ scores: [i % 10 === 0 ? 0 : 1], costsUsd: [1] })),
  )
  const last = (policy: Policy, setting: Setting) =>
    [...replay(by(policy), setupOf(many, setting))].at(-1)?.certificate

  it('rests on the labels of the served answers that have arrived', () => {
    expect(last(scriptedPolicy(), { channel: 'chosen' })).toMatchObject({ state: 'compliant', labels: 1500 })
    expect(last(scriptedPolicy(), { channel: 'chosen', delay: 500 })).toMatchObject({ labels: 1000 })
    expect(last(scriptedPolicy(), { channel: 'full' })?.estimate).toBeCloseTo(0.9, 12)
    expect(last(scriptedPolicy(), { channel: 'sparse:.5' })?.labels).toBeLessThan(850)
  })

  it('claims nothing without labels', () => {
    for (const channel of ['one-sided:.3', 'none']) {
      expect(last(scriptedPolicy(), { channel })).toMatchObject({
        state: 'undecided',
        lower: 0,
        upper: 1,
        labels: 0,
      })
    }
  })

  it('rests on audits where users only complain, unbiased whatever the policy believes', () => {
    const estimates = [0.5, 0.99].map(predicted => {
      const policy = scriptedPolicy({ auditProbability: () => 0.5, predicted })
      const reading = last(policy, { channel: 'one-sided:.3', audit: 0.5 })
      expect(reading?.labels).toBeGreaterThan(650)
      expect(reading?.labels).toBeLessThan(900)
      return reading?.estimate ?? 0
    })
    // Standard error at most .5 / sqrt(1500) = .013.
    for (const estimate of estimates) expect(Math.abs(estimate - 0.9)).toBeLessThan(0.05)
  })

  it('takes what was not audited enough as the worst on either side', () => {
    const policy = scriptedPolicy({ auditProbability: () => 0.1 })
    const reading = last(policy, { channel: 'none', audit: 0.5 })
    expect(reading).toMatchObject({ state: 'undecided', lower: 0, upper: 1, estimate: null })
  })
})

describe('no leaks', () => {
  const length = 300
  const random = (i: number, salt: number): number => (Math.imul(i * 7 + salt, 2654435761) >>> 0) / 4294967296
  const visible = Array.from({ length }, (_, i) => ({
    scores: [0.4, 0.7, 0.9].map((p, m) => (random(i, m) < p ? 1 : 0)),
    costsUsd: [1, 3, 10].map((cost, m) => cost * (0.5 + random(i, m + 5))),
    prompt: `${'word '.repeat(1 + (i % 7))}${i}`,
  }))
  const decisionsOf = (steps: readonly ReplayStep[]) =>
    steps.map(({ record }) => ({ id: record.id, ...record.decision }))
  const run = (tiny: readonly TinyRow[], policy: string): readonly ReplayStep[] => {
    const prepared = tinyPrepared(tiny)
    const setup = setupOf(prepared, { drifts: ['m0@.5:quality*.7'] })
    const needsTraining = policyDefinitions.find(({ name }) => name === policy)?.needsTraining === true
    const warm = tinyPrepared(visible.slice(0, 60))
    const trained = warm.trace.models.slice(0, policy === 'threshold' ? 2 : 3)
    const built = createPolicy(policy, {
      // A long training shows no more here than a short one.
      parameters: policy === 'proteus' ? { steps: 50 } : {},
      training: needsTraining ? trainingRows(warm, [...warm.trace.rows.keys()], trained) : null,
      snapshot: null,
      auditBudget: 0,
    })
    return [...replay(by(built), setup)]
  }

  it.each(policyDefinitions.map(definition => definition.name).filter(name => name !== 'fixed'))(
    '%s decides the same when everything hidden changes',
    policy => {
      const plain = run(visible, policy)
      const disguised = visible.map((row, i) => {
        const { decision } = plain[i]?.record ?? {}
        const called = [decision?.chosen, ...(decision?.shadows ?? [])]
        const known = [0, 1, 2].map(m => called.includes(`m${m}` as (typeof called)[0]))
        return {
          ...row,
          // Scores and costs of models that were not called, and all that is no score, cost or prompt.
          scores: row.scores.map((score, m) => (known[m] ? score : 1 - score)),
          costsUsd: row.costsUsd.map((cost, m) => (known[m] ? cost : cost * 17 + 1)),
          hidden: {
            id: `other-${length - i}`,
            task: `task ${i % 3}`,
            split: 'test',
            promptTokens: 1000 - i,
            completionTokens: Float64Array.of(i, 2 * i, 3 * i),
            latencyMs: Float64Array.of(3, 2, 1),
            answers: ['x', 'y', `${i}`],
          },
        }
      })
      expect(decisionsOf(run(disguised, policy))).toEqual(decisionsOf(plain))
    },
  )

  it('would notice a policy that does see them', () => {
    const peek = (tiny: readonly TinyRow[]) =>
      decisionsOf([...replay({ kind: 'oracle' }, setupOf(tinyPrepared(tiny)))]).map(
        decision => decision.chosen,
      )
    const flipped = visible.map(row => ({ ...row, scores: row.scores.map(score => 1 - score) }))
    expect(peek(flipped)).not.toEqual(peek(visible))
  })
})
