import { describe, expect, it } from 'vitest'
import type { DecisionRecord } from './decision.ts'
import { decisionId, modelIndex, type RoutingContext } from './decision.ts'
import type { Features } from './features/features.ts'
import type { LearningEvent } from './learning-event.ts'
import { type ModelId, type ModelSpec, modelId } from './model.ts'
import { createRandom, type Random } from './numeric/random.ts'
import type { Policy, PolicySetup, TrainingRows } from './policy.ts'
import type { FeedbackKind, SlaClass } from './sla.ts'

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

const feedbackKinds: readonly FeedbackKind[] = ['full', 'chosen', 'sparse', 'one-sided', 'none']

function model(name: string, index: number, priced: boolean): ModelSpec {
  const price = 0.1 * 4 ** index
  return {
    id: modelId(`test/${name}`),
    priceUsdPerMillion: priced ? { input: price, output: 3 * price } : null,
    typicalCostUsd: null,
  }
}

const zoo: readonly ModelSpec[] = ['small', 'middle', 'large'].map((name, index) => model(name, index, true))
const newcomer = model('newcomer', 1.5, false)

function slaClass(feedback: FeedbackKind, name = `class-${feedback}`): SlaClass {
  return { name, floor: 0.8, feedback, promise: 'on-average', delta: 0.05 }
}

/** Hand-built features in the shape of the hashed n-gram featurizer: easy prompts share one half of the words. */
function syntheticFeatures(random: Random, easy: boolean): Features {
  const offset = easy ? 0 : 8192
  const chosen = Array.from({ length: 12 }, () => offset + random.integer(200))
  const buckets = Uint16Array.from([...new Set(chosen)].sort((a, b) => a - b))
  return {
    encoder: 'hashed-ngrams@1',
    buckets,
    counts: Uint16Array.from(buckets, () => 1 + random.integer(3)),
    statistics: Float32Array.from({ length: 61 }, (_, i) =>
      i === 0 ? 4 + 3 * random.next() : random.next(),
    ),
  }
}

interface World {
  readonly sla: SlaClass
  readonly random: Random
  readonly policy: Policy
  readonly models: readonly ModelSpec[]
  /** Unknown where a provider states no price and reports no usage. */
  readonly knownCosts: boolean
}

function syntheticContext(
  world: World,
  index: number,
): { readonly context: RoutingContext; readonly easy: boolean } {
  const easy = world.random.next() < 0.5
  const context: RoutingContext = {
    sla: world.sla,
    floor: index % 5 === 0 ? 0.7 : world.sla.floor,
    atMs: index * 1000,
    models: world.models,
    features: syntheticFeatures(world.random, easy),
    promptTokens: 50 + world.random.integer(400),
    load: [],
  }
  return { context, easy }
}

function satisfies(world: World, position: number, easy: boolean): number {
  const chance = [0.6, 0.8, 0.95, 0.85][position] ?? 0.8
  return world.random.next() < chance - (easy ? 0 : 0.2) ? 1 : 0
}

/** Events that follow one decision, in the order in which a gateway would commit them. */
function eventsAfter(world: World, record: DecisionRecord, easy: boolean): LearningEvent[] {
  const { decision, context } = record
  const atMs = context.atMs
  const called = [decision.chosen, ...decision.shadows]
  const events: LearningEvent[] = [{ kind: 'decision', atMs, record }]
  for (const id of called) events.push(outcomeEvent(world, record, id))
  const feedback = (id: ModelId, value: number): void => {
    events.push({ kind: 'feedback', atMs, record, model: id, metric: 'satisfaction', value, source: 'user' })
  }
  const labels = new Map(
    context.models.map(spec => [spec.id, satisfies(world, modelIndex(context, spec.id), easy)]),
  )
  const chosenLabel = labels.get(decision.chosen) ?? 0
  const coin = world.random.next()
  switch (context.sla.feedback) {
    case 'full':
      for (const [id, value] of labels) feedback(id, value)
      break
    case 'chosen':
      for (const id of called) feedback(id, labels.get(id) ?? 0)
      break
    case 'sparse':
      if (coin < 0.3) feedback(decision.chosen, chosenLabel)
      else events.push({ kind: 'silence', atMs, record })
      break
    case 'one-sided':
      if (chosenLabel === 0 && coin < 0.3) feedback(decision.chosen, 0)
      else events.push({ kind: 'silence', atMs, record })
      break
    case 'none':
      events.push({ kind: 'silence', atMs, record })
  }
  const probability = world.policy.auditProbability(record)
  if (probability > 0 && world.random.next() < probability) {
    events.push({ kind: 'audit', atMs, record, model: decision.chosen, value: chosenLabel, probability })
  }
  return events
}

function outcomeEvent(world: World, record: DecisionRecord, id: ModelId): LearningEvent {
  const position = modelIndex(record.context, id)
  const costUsd = world.knownCosts ? 1e-5 * 4 ** position * (0.5 + world.random.next()) : null
  const outcome = {
    costUsd,
    promptTokens: record.context.promptTokens,
    completionTokens: 100 + world.random.integer(200),
    latencyMs: 500,
    firstTokenMs: 100,
    error: world.random.next() < 0.02 ? 'upstream_timeout' : null,
    shadow: id !== record.decision.chosen,
  }
  return { kind: 'outcome', atMs: record.context.atMs, record, model: id, outcome }
}

function decideOnce(
  world: World,
  index: number,
): { readonly record: DecisionRecord; readonly easy: boolean } {
  const { context, easy } = syntheticContext(world, index)
  const id = decisionId(`${world.sla.name}-${index}`)
  const decision = world.policy.decide(context, createRandom(id))
  return { record: { id, context, decision, learnedUpTo: index }, easy }
}

/** Decides and learns `count` requests; gives back every record and event. */
function run(world: World, count: number, from = 0): { records: DecisionRecord[]; events: LearningEvent[] } {
  const records: DecisionRecord[] = []
  const events: LearningEvent[] = []
  for (let i = from; i < from + count; i++) {
    const { record, easy } = decideOnce(world, i)
    const following = eventsAfter(world, record, easy)
    for (const event of following) world.policy.learn(event)
    records.push(record)
    events.push(...following)
  }
  return { records, events }
}

function world(policy: Policy, feedback: FeedbackKind, options: Partial<World> = {}): World {
  const random = createRandom(`world-${feedback}`)
  return { sla: slaClass(feedback), random, policy, models: zoo, knownCosts: true, ...options }
}

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

function trainingRows(): TrainingRows {
  const random = createRandom('training')
  const rows = 120
  const easy = Array.from({ length: rows }, () => random.next() < 0.5)
  const labelOf = (row: number, m: number): number =>
    random.next() < ([0.6, 0.8, 0.95][m] ?? 0) - (easy[row] ? 0 : 0.2) ? 1 : 0
  return {
    models: zoo,
    features: easy.map(isEasy => syntheticFeatures(random, isEasy)),
    promptTokens: easy.map(() => 100),
    satisfaction: Float64Array.from({ length: rows * 3 }, (_, i) => labelOf(Math.floor(i / 3), i % 3)),
    costUsd: Float64Array.from({ length: rows * 3 }, (_, i) => 1e-5 * 4 ** (i % 3) * (0.5 + random.next())),
  }
}

/**
 * What every policy must do, whatever it believes. Runs on synthetic prompts with a known world, two kinds of them:
 * no assertion is about quality, all are about what callers rely on. Each skip needs its reason.
 */
export function policyContract(
  name: string,
  create: PolicyFactory,
  options: { readonly skips?: Partial<Record<PolicyContractCase, string>> } = {},
): void {
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
    check('trains', () => checkTraining(create))
    check('refuses foreign snapshots', () => checkForeignSnapshot(create))
  })
}

function checkDeterministic(create: PolicyFactory): void {
  for (const feedback of feedbackKinds) {
    const first = create({ auditBudget: 0.2 })
    const second = create({ auditBudget: 0.2 })
    const a = run(world(first, feedback), 150)
    const b = run(world(second, feedback), 150)
    expect(b.records.map(record => record.decision)).toEqual(a.records.map(record => record.decision))
    expect(second.snapshot()).toEqual(first.snapshot())
  }
}

function checkRestores(create: PolicyFactory): void {
  for (const cut of [0, 1, 37, 250]) {
    const original = create({ auditBudget: 0.2 })
    run(world(original, 'chosen'), cut)
    const snapshot = original.snapshot()
    const restored = create({ auditBudget: 0.2, snapshot })
    expect(restored.snapshot()).toEqual(snapshot)
    const a = run(world(original, 'chosen'), 60, cut)
    const b = run(world(restored, 'chosen'), 60, cut)
    expect(b.records.map(record => record.decision)).toEqual(a.records.map(record => record.decision))
    expect(restored.snapshot()).toEqual(original.snapshot())
    expect(restored.report('class-chosen')).toEqual(original.report('class-chosen'))
  }
}

function checkPurity(create: PolicyFactory): void {
  const policy = create({ auditBudget: 0.2 })
  const here = world(policy, 'chosen')
  const untouched = create({ auditBudget: 0.2 })
  const twin = world(untouched, 'chosen')
  for (let i = 0; i < 120; i++) {
    const before = policy.snapshot()
    const { record, easy } = decideOnce(here, i)
    // Repeated questions and other prompts in between must leave no trace.
    expect(policy.decide(record.context, createRandom(record.id))).toEqual(record.decision)
    const other = { ...record.context, features: syntheticFeatures(createRandom(i), !easy), floor: 0.6 }
    policy.decide(other, createRandom('other'))
    policy.auditProbability(record)
    policy.report(here.sla.name)
    expect(policy.snapshot()).toEqual(before)
    for (const event of eventsAfter(here, record, easy)) policy.learn(event)
    const same = decideOnce(twin, i)
    for (const event of eventsAfter(twin, same.record, same.easy)) untouched.learn(event)
  }
  expect(untouched.snapshot()).toEqual(policy.snapshot())
}

function checkChangingModels(create: PolicyFactory): void {
  const policy = create()
  const here = world(policy, 'chosen')
  const zoos = [zoo, zoo.slice(0, 2), [...zoo, newcomer], [newcomer], [...zoo].reverse(), zoo.slice(1)]
  for (const [stage, models] of zoos.entries()) {
    const { records } = run({ ...here, models }, 40, stage * 40)
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
  const here = world(policy, 'chosen')
  for (const record of run(here, 200).records) checkDecision(record)
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
      const here = world(policy, feedback)
      for (const record of run(here, 150).records) checkDecision(record)
      expect(Number.isFinite(policy.report(here.sla.name)?.debt)).toBe(true)
    }
  }
}

function checkLateLabels(create: PolicyFactory): void {
  const policy = create({ auditBudget: 0.2 })
  const here = world(policy, 'chosen')
  const { records, events } = run(here, 60)
  const labels = events.filter(event => event.kind !== 'decision')
  // Repeated, in reverse, and once the models are gone.
  for (const event of [...labels].reverse()) policy.learn(event)
  const small = { ...here, models: [newcomer] }
  for (const record of run(small, 20, 60).records) checkDecision(record)
  for (const event of labels) policy.learn(event)
  const first = records[0]
  if (first === undefined) throw new Error('the run made no record')
  policy.learn({ kind: 'silence', atMs: 1e9, record: first })
  policy.learn({
    kind: 'feedback',
    atMs: 1e9,
    record: first,
    model: first.decision.chosen,
    metric: 'safety',
    value: 0.25,
    source: 'system',
  })
  for (const record of run(here, 20, 80).records) checkDecision(record)
  expect(create({ auditBudget: 0.2, snapshot: policy.snapshot() }).snapshot()).toEqual(policy.snapshot())
}

function checkAuditBudget(create: PolicyFactory): void {
  for (const feedback of feedbackKinds) {
    for (const auditBudget of [0, 0.1, 1]) {
      const policy = create({ auditBudget })
      const { records } = run(world(policy, feedback), 300)
      const probabilities = records.map(record => policy.auditProbability(record))
      expect(probabilities.every(q => q >= 0 && q <= 1)).toBe(true)
      const mean = probabilities.reduce((sum, q) => sum + q, 0) / probabilities.length
      expect(mean).toBeLessThanOrEqual(auditBudget + 1e-9)
    }
  }
}

function checkReports(create: PolicyFactory): void {
  const policy = create()
  const here = world(policy, 'chosen')
  expect(policy.report(here.sla.name)).toBeNull()
  run(here, 100)
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
    const silent = world(policy, 'chosen', { models, knownCosts: false })
    for (const record of run(silent, 80).records) checkDecision(record)
    const measured = { ...silent, knownCosts: true }
    for (const record of run(measured, 80, 80).records) checkDecision(record)
  }
}

function checkTraining(create: PolicyFactory): void {
  const training = trainingRows()
  const policy = create({ training })
  expect(create({ training }).snapshot()).toEqual(policy.snapshot())
  for (const record of run(world(policy, 'chosen'), 50).records) checkDecision(record)
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
