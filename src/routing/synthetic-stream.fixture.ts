import { type DecisionRecord, decisionId, modelIndex, type RoutingContext } from './decision.ts'
import type { Features } from './features/features.ts'
import type { LearningEvent } from './learning-event.ts'
import { type ModelId, type ModelSpec, modelId } from './model.ts'
import { createRandom, type Random } from './numeric/random.ts'
import type { Policy, TrainingRows } from './policy.ts'
import type { FeedbackKind, SlaClass } from './sla.ts'

/** Every kind of feedback that a class may have. */
export const feedbackKinds: readonly FeedbackKind[] = ['full', 'chosen', 'sparse', 'one-sided', 'none']

function model(name: string, index: number, priced: boolean): ModelSpec {
  const price = 0.1 * 4 ** index
  return {
    id: modelId(`test/${name}`),
    priceUsdPerMillion: priced ? { input: price, output: 3 * price } : null,
    typicalCostUsd: null,
  }
}

/** Three models of growing cost, price lists known. */
export const zoo: readonly ModelSpec[] = ['small', 'middle', 'large'].map((name, index) =>
  model(name, index, true),
)
/** A model without a price list that joins later. */
export const newcomer = model('newcomer', 1.5, false)

function slaClass(feedback: FeedbackKind, name = `class-${feedback}`): SlaClass {
  return { name, floor: 0.8, feedback, promise: 'on-average', delta: 0.05 }
}

/** Hand-built features in the shape of the hashed n-gram featurizer: easy prompts share one half of the words. */
export function syntheticFeatures(random: Random, easy: boolean): Features {
  const offset = easy ? 0 : 8192
  const chosen = Array.from({ length: 12 }, () => offset + random.integer(200))
  const buckets = Uint16Array.from([...new Set(chosen)].sort((a, b) => a - b))
  const counts = Uint16Array.from(buckets, () => 1 + random.integer(3))
  return {
    encoder: 'hashed-ngrams@1',
    buckets,
    counts,
    ngrams: { counter: 'word-character-ngrams@1', buckets, counts },
    statistics: Float32Array.from({ length: 61 }, (_, i) =>
      i === 0 ? 4 + 3 * random.next() : random.next(),
    ),
  }
}

/** One stream: a policy, its class, and where chance comes from. */
export interface SyntheticWorld {
  readonly sla: SlaClass
  readonly random: Random
  readonly policy: Policy
  readonly models: readonly ModelSpec[]
  /** Unknown where a provider states no price and reports no usage. */
  readonly knownCosts: boolean
}

function syntheticContext(
  world: SyntheticWorld,
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

function satisfies(world: SyntheticWorld, position: number, easy: boolean): number {
  const chance = [0.6, 0.8, 0.95, 0.85][position] ?? 0.8
  return world.random.next() < chance - (easy ? 0 : 0.2) ? 1 : 0
}

/** Events that follow one decision, in the order in which a gateway would commit them. */
export function eventsAfter(world: SyntheticWorld, record: DecisionRecord, easy: boolean): LearningEvent[] {
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

function outcomeEvent(world: SyntheticWorld, record: DecisionRecord, id: ModelId): LearningEvent {
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

/** Makes the next request and lets the policy decide it. */
export function decideOnce(
  world: SyntheticWorld,
  index: number,
): { readonly record: DecisionRecord; readonly easy: boolean } {
  const { context, easy } = syntheticContext(world, index)
  const id = decisionId(`${world.sla.name}-${index}`)
  const decision = world.policy.decide(context, createRandom(id))
  return { record: { id, context, decision, learnedUpTo: index }, easy }
}

/** Decides and learns `count` requests; gives back every record and event. */
export function serve(
  world: SyntheticWorld,
  count: number,
  from = 0,
): { records: DecisionRecord[]; events: LearningEvent[] } {
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

/** A stream of one kind of feedback; its chances depend on the kind alone, so that two of them are twins. */
export function syntheticWorld(
  policy: Policy,
  feedback: FeedbackKind,
  options: Partial<SyntheticWorld> = {},
): SyntheticWorld {
  const random = createRandom(`world-${feedback}`)
  return { sla: slaClass(feedback), random, policy, models: zoo, knownCosts: true, ...options }
}

/** Fully labelled rows of the same world, over its models or the first few of them. */
export function trainingRows(models: readonly ModelSpec[] = zoo, rows = 120): TrainingRows {
  const random = createRandom('training')
  const width = models.length
  const easy = Array.from({ length: rows }, () => random.next() < 0.5)
  const labelOf = (row: number, m: number): number =>
    random.next() < ([0.6, 0.8, 0.95][m] ?? 0) - (easy[row] ? 0 : 0.2) ? 1 : 0
  const costOf = (m: number): number => 1e-5 * 4 ** m * (0.5 + random.next())
  return {
    models,
    features: easy.map(isEasy => syntheticFeatures(random, isEasy)),
    promptTokens: easy.map(() => 100),
    satisfaction: Float64Array.from({ length: rows * width }, (_, i) =>
      labelOf(Math.floor(i / width), i % width),
    ),
    costUsd: Float64Array.from({ length: rows * width }, (_, i) => costOf(i % width)),
  }
}
