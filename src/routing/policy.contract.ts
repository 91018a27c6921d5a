import { describe, expect, it } from 'vitest'
import { type DecisionRecord, modelIndex } from './decision.ts'
import type { ModelId } from './model.ts'
import { createRandom } from './numeric/random.ts'
import type { Policy, PolicySetup, PolicySnapshot, TrainingRows } from './policy.ts'
import {
  decideOnce,
  eventsAfter,
  feedbackKinds,
  newcomer,
  serve,
  syntheticFeatures,
  syntheticWorld,
  trainingRows,
  zoo,
} from './synthetic-stream.fixture.ts'

/** Builds the policy under test; the overrides go into its setup. */
export type PolicyFactory = (overrides?: Partial<PolicySetup>) => Policy

/** The names of the cases, for skips. */
export type PolicyContractCase =
  | 'deterministic'
  | 'restores'
  | 'decides purely'
  | 'models come and go'
  | 'propensities'
  | 'feedback kinds'
  | 'late and repeated labels'
  | 'audits within budget'
  | 'reports'
  | 'unknown costs'
  | 'trains'
  | 'refuses foreign snapshots'

function checkDecision(record: DecisionRecord): void {
  const { context, decision } = record
  const ids = context.models.map(spec => spec.id)
  const sum = decision.probabilities.reduce((total, probability) => total + probability, 0)
  expect(decision.probabilities).toHaveLength(ids.length)
  expect(sum).toBeCloseTo(1, 9)
  expect(Math.min(...decision.probabilities)).toBeGreaterThanOrEqual(0)
  expect(decision.probabilities[modelIndex(context, decision.chosen)]).toBeGreaterThan(0)
  expect(decision.estimates.map(estimate => estimate.model).sort()).toEqual([...ids].sort())
  const scores = decision.estimates.map(estimate => estimate.score)
  expect(scores.every(Number.isFinite)).toBe(true)
  expect(scores).toEqual([...scores].sort((a, b) => a - b))
  expect(decision.shadows).not.toContain(decision.chosen)
  expect(decision.shadows.every(id => ids.includes(id))).toBe(true)
  expect(decision.prices.every(price => price.priceUsd >= 0 && Number.isFinite(price.priceUsd))).toBe(true)
  for (const { satisfaction, costUsd } of decision.estimates) {
    if (satisfaction !== null) expect(satisfaction >= 0 && satisfaction <= 1).toBe(true)
    if (costUsd !== null) expect(costUsd >= 0 && Number.isFinite(costUsd)).toBe(true)
  }
}

/** What a policy cannot do, and what it needs. */
export interface PolicyContractOptions {
  /** Each skip needs its reason. */
  readonly skips?: Partial<Record<PolicyContractCase, string>>
  /** Rows for a policy that refuses a cold start: given to it wherever no snapshot is. */
  readonly training?: TrainingRows
}

/**
 * What every policy must do, whatever it believes. Runs on synthetic prompts with a known world, two kinds of them:
 * no assertion is about quality, all are about what callers rely on. Each skip needs its reason.
 */
export function policyContract(
  name: string,
  build: PolicyFactory,
  options: PolicyContractOptions = {},
): void {
  const { training } = options
  const create: PolicyFactory = (overrides = {}) =>
    build(training === undefined || overrides.snapshot ? overrides : { training, ...overrides })
  const check = (title: PolicyContractCase, body: () => void): void => {
    const reason = options.skips?.[title]
    if (reason === undefined) it(title, body)
    else it.skip(`${title}: ${reason}`, body)
  }
  describe(`policy contract: ${name}`, () => {
    check('deterministic', () => checkDeterministic(create))
    check('restores', () => checkRestores(create))
    check('decides purely', () => checkPurity(create))
    check('models come and go', () => checkChangingModels(create))
    check('propensities', () => checkPropensities(create))
    check('feedback kinds', () => checkFeedbackKinds(create))
    check('late and repeated labels', () => checkLateLabels(create))
    check('audits within budget', () => checkAuditBudget(create))
    check('reports', () => checkReports(create))
    check('unknown costs', () => checkUnknownCosts(create))
    check('trains', () => checkTraining(create, training ?? trainingRows()))
    check('refuses foreign snapshots', () => checkForeignSnapshot(create))
  })
}

function checkDeterministic(create: PolicyFactory): void {
  for (const feedback of feedbackKinds) {
    const first = create({ auditBudget: 0.2 })
    const second = create({ auditBudget: 0.2 })
    const a = serve(syntheticWorld(first, feedback), 150)
    const b = serve(syntheticWorld(second, feedback), 150)
    expect(b.records.map(record => record.decision)).toEqual(a.records.map(record => record.decision))
    expect(second.snapshot()).toEqual(first.snapshot())
  }
}

function checkRestores(create: PolicyFactory): void {
  for (const cut of [0, 1, 37, 250]) {
    const original = create({ auditBudget: 0.2 })
    serve(syntheticWorld(original, 'chosen'), cut)
    const snapshot = original.snapshot()
    const restored = create({ auditBudget: 0.2, snapshot })
    expect(restored.snapshot()).toEqual(snapshot)
    const a = serve(syntheticWorld(original, 'chosen'), 60, cut)
    const b = serve(syntheticWorld(restored, 'chosen'), 60, cut)
    expect(b.records.map(record => record.decision)).toEqual(a.records.map(record => record.decision))
    expect(restored.snapshot()).toEqual(original.snapshot())
    expect(restored.report('class-chosen')).toEqual(original.report('class-chosen'))
  }
}

/** Byte by byte without a matcher, which takes seconds for a large state that is compared after every decision. */
function sameSnapshot(a: PolicySnapshot, b: PolicySnapshot): boolean {
  if (a.policy !== b.policy || a.schema !== b.schema || a.bytes.length !== b.bytes.length) return false
  return a.bytes.every((byte, i) => byte === b.bytes[i])
}

function checkPurity(create: PolicyFactory): void {
  const policy = create({ auditBudget: 0.2 })
  const here = syntheticWorld(policy, 'chosen')
  const untouched = create({ auditBudget: 0.2 })
  const twin = syntheticWorld(untouched, 'chosen')
  for (let i = 0; i < 120; i++) {
    const before = policy.snapshot()
    const { record, easy } = decideOnce(here, i)
    // Repeated questions and other prompts in between must leave no trace.
    expect(policy.decide(record.context, createRandom(record.id))).toEqual(record.decision)
    const other = { ...record.context, features: syntheticFeatures(createRandom(i), !easy), floor: 0.6 }
    policy.decide(other, createRandom('other'))
    policy.auditProbability(record)
    policy.report(here.sla.name)
    expect(sameSnapshot(policy.snapshot(), before)).toBe(true)
    for (const event of eventsAfter(here, record, easy)) policy.learn(event)
    const same = decideOnce(twin, i)
    for (const event of eventsAfter(twin, same.record, same.easy)) untouched.learn(event)
  }
  expect(untouched.snapshot()).toEqual(policy.snapshot())
}

function checkChangingModels(create: PolicyFactory): void {
  const policy = create()
  const here = syntheticWorld(policy, 'chosen')
  const zoos = [zoo, zoo.slice(0, 2), [...zoo, newcomer], [newcomer], [...zoo].reverse(), zoo.slice(1)]
  for (const [stage, models] of zoos.entries()) {
    const { records } = serve({ ...here, models }, 40, stage * 40)
    for (const record of records) {
      checkDecision(record)
      expect(models.map(spec => spec.id)).toContain(record.decision.chosen)
    }
  }
  const restored = create({ snapshot: policy.snapshot() })
  expect(restored.snapshot()).toEqual(policy.snapshot())
}

function checkPropensities(create: PolicyFactory): void {
  const policy = create()
  const here = syntheticWorld(policy, 'chosen')
  for (const record of serve(here, 200).records) checkDecision(record)
  // The stated probabilities are those of the draw: 600 draws of one decision stay within five standard deviations.
  const { record } = decideOnce(here, 200)
  const draws = 600
  const counts = new Map<ModelId, number>()
  for (let i = 0; i < draws; i++) {
    const { chosen, probabilities } = policy.decide(record.context, createRandom(`draw-${i}`))
    expect(probabilities).toEqual(record.decision.probabilities)
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
  }
  for (const [m, spec] of record.context.models.entries()) {
    const probability = record.decision.probabilities[m] ?? 0
    const deviation = Math.sqrt(draws * probability * (1 - probability))
    expect(Math.abs((counts.get(spec.id) ?? 0) - draws * probability)).toBeLessThanOrEqual(
      5 * deviation + 1e-9,
    )
  }
}

function checkFeedbackKinds(create: PolicyFactory): void {
  for (const feedback of feedbackKinds) {
    for (const auditBudget of [0, 0.3]) {
      const policy = create({ auditBudget })
      const here = syntheticWorld(policy, feedback)
      for (const record of serve(here, 150).records) checkDecision(record)
      expect(Number.isFinite(policy.report(here.sla.name)?.debt)).toBe(true)
    }
  }
}

function checkLateLabels(create: PolicyFactory): void {
  const policy = create({ auditBudget: 0.2 })
  const here = syntheticWorld(policy, 'chosen')
  const { records, events } = serve(here, 60)
  const labels = events.filter(event => event.kind !== 'decision')
  // Repeated, in reverse, and once the models are gone.
  for (const event of [...labels].reverse()) policy.learn(event)
  const small = { ...here, models: [newcomer] }
  for (const record of serve(small, 20, 60).records) checkDecision(record)
  for (const event of labels) policy.learn(event)
  const first = records[0]
  if (first === undefined) throw new Error('the run made no record')
  policy.learn({ kind: 'silence', atMs: 1e9, record: first })
  const before = policy.snapshot()
  // None of these is satisfaction: constraints of their own, hypotheses, and notes of the audits.
  for (const metric of [
    'safety',
    'regenerated',
    'abandoned',
    'edit-distance',
    'audit-missed',
    'human-verdict',
  ])
    policy.learn({
      kind: 'feedback',
      atMs: 1e9,
      record: first,
      model: first.decision.chosen,
      metric,
      value: 0.25,
      source: 'system',
    })
  expect(policy.snapshot()).toEqual(before)
  for (const record of serve(here, 20, 80).records) checkDecision(record)
  expect(create({ auditBudget: 0.2, snapshot: policy.snapshot() }).snapshot()).toEqual(policy.snapshot())
}

function checkAuditBudget(create: PolicyFactory): void {
  for (const feedback of feedbackKinds) {
    for (const auditBudget of [0, 0.1, 1]) {
      const policy = create({ auditBudget })
      const { records } = serve(syntheticWorld(policy, feedback), 300)
      const probabilities = records.map(record => policy.auditProbability(record))
      expect(probabilities.every(q => q >= 0 && q <= 1)).toBe(true)
      const mean = probabilities.reduce((sum, q) => sum + q, 0) / probabilities.length
      expect(mean).toBeLessThanOrEqual(auditBudget + 1e-9)
    }
  }
}

function checkReports(create: PolicyFactory): void {
  const policy = create()
  const here = syntheticWorld(policy, 'chosen')
  expect(policy.report(here.sla.name)).toBeNull()
  serve(here, 100)
  const report = policy.report(here.sla.name)
  if (report === null) throw new Error('no report after 100 decisions')
  expect(Number.isFinite(report.debt)).toBe(true)
  if (report.priceUsd !== null) expect(report.priceUsd >= 0 && Number.isFinite(report.priceUsd)).toBe(true)
  if (report.reachable !== null) expect(report.reachable >= 0 && report.reachable <= 1).toBe(true)
  expect(policy.report('a class never seen')).toBeNull()
}

function checkUnknownCosts(create: PolicyFactory): void {
  const unpriced = zoo.map(spec => ({ ...spec, priceUsdPerMillion: null }))
  for (const models of [unpriced, [...zoo.slice(0, 2), newcomer]]) {
    const policy = create()
    const silent = syntheticWorld(policy, 'chosen', { models, knownCosts: false })
    for (const record of serve(silent, 80).records) checkDecision(record)
    const measured = { ...silent, knownCosts: true }
    for (const record of serve(measured, 80, 80).records) checkDecision(record)
  }
}

function checkTraining(create: PolicyFactory, training: TrainingRows): void {
  const policy = create({ training })
  expect(create({ training }).snapshot()).toEqual(policy.snapshot())
  for (const record of serve(syntheticWorld(policy, 'chosen'), 50).records) checkDecision(record)
  const snapshot = policy.snapshot()
  expect(create({ snapshot }).snapshot()).toEqual(snapshot)
  expect(create({ training, snapshot }).snapshot()).toEqual(snapshot)
}

function checkForeignSnapshot(create: PolicyFactory): void {
  const snapshot = create().snapshot()
  expect(() => create({ snapshot: { ...snapshot, policy: 'another' } })).toThrow('another')
  expect(() => create({ snapshot: { ...snapshot, schema: snapshot.schema + 1000 } })).toThrow('schema')
  expect(() => create({ snapshot: { ...snapshot, bytes: snapshot.bytes.slice(0, 3) } })).toThrow()
}
