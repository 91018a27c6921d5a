import { availableParallelism, cpus, loadavg } from 'node:os'
import {
  type Decision,
  type DecisionRecord,
  decisionId,
  type RoutingContext,
} from '../src/routing/decision.ts'
import { createHashedFeaturizer } from '../src/routing/features/hashed-ngrams.ts'
import type { LearningEvent } from '../src/routing/learning-event.ts'
import { type ModelSpec, modelId } from '../src/routing/model.ts'
import { createRandom, type Random } from '../src/routing/numeric/random.ts'
import { plimsoll } from '../src/routing/policies/plimsoll.ts'
import type { Policy, TrainingRows } from '../src/routing/policy.ts'

/** Eleven models, each twice as dear as the one before. */
export const models: readonly ModelSpec[] = Array.from({ length: 11 }, (_, m) => ({
  id: modelId(`provider/model-${m}`),
  priceUsdPerMillion: { input: 0.05 * 2 ** m, output: 0.15 * 2 ** m },
  typicalCostUsd: null,
}))

const sla = { name: 'gold', floor: 0.8, feedback: 'chosen', promise: 'on-average', delta: 0.05 } as const

const syllables = [
  'ta',
  'ri',
  'con',
  'el',
  'mo',
  'ver',
  'si',
  'pan',
  'de',
  'lu',
  'the',
  'or',
  'ing',
  'a',
  'st',
  'per',
]

/** Word-like text: 4,000 words of one to four syllables, the frequent ones short. */
const vocabulary = Array.from({ length: 4000 }, (_, i) => {
  const random = createRandom(`word-${i}`)
  const length = 1 + random.integer(1 + Math.min(3, Math.floor(i / 60)))
  return Array.from({ length }, () => syllables[random.integer(syllables.length)]).join('')
})

/** A prompt of about `length` characters of word-like text with punctuation, lines and numbers; one in two is hard. */
export function writePrompt(
  random: Random,
  length: number,
): { readonly text: string; readonly hard: boolean } {
  const hard = random.next() < 0.5
  const parts: string[] = [hard ? 'Prove the following claim step by step:' : 'Translate the sentence:']
  let size = 40
  while (size < length) {
    const word = vocabulary[Math.floor(vocabulary.length * random.next() ** 2)] ?? ''
    const draw = random.next()
    const token =
      draw < 0.03 ? `${random.integer(1000)}` : draw < 0.1 ? `${word},` : draw < 0.14 ? `${word}.\n` : word
    parts.push(token)
    size += token.length + 1
  }
  return { text: parts.join(' ').slice(0, length), hard }
}

/** Contexts with features made beforehand, or on demand. */
export interface BenchRequest {
  readonly text: string
  readonly hard: boolean
}

/** Draws `count` requests of 2 KB. */
export function drawRequests(random: Random, count: number): readonly BenchRequest[] {
  return Array.from({ length: count }, () => writePrompt(random, 2048))
}

const featurizer = createHashedFeaturizer()

/** What a policy sees of a request. */
export function contextOf({ text }: BenchRequest): RoutingContext {
  return {
    sla,
    floor: sla.floor,
    atMs: 0,
    models,
    features: featurizer.featurize(text),
    promptTokens: text.length / 4,
    load: [],
  }
}

/** Events that a gateway would log of one decision: decision, outcome, label. */
export function eventsOf(
  record: DecisionRecord,
  request: BenchRequest,
  random: Random,
): readonly LearningEvent[] {
  const { chosen } = record.decision
  const m = models.findIndex(spec => spec.id === chosen)
  const value = random.next() < 0.5 + 0.045 * m - (request.hard ? 0.25 : 0) ? 1 : 0
  const outcome = {
    costUsd: 1e-4 * 2 ** m * (0.5 + random.next()),
    promptTokens: 512,
    completionTokens: 200 + random.integer(300),
    latencyMs: 500,
    firstTokenMs: 100,
    error: null,
    shadow: false,
  }
  return [
    { kind: 'decision', atMs: 0, record },
    { kind: 'outcome', atMs: 0, record, model: chosen, outcome },
    { kind: 'feedback', atMs: 0, record, model: chosen, metric: 'satisfaction', value, source: 'user' },
  ]
}

/** Wraps a decision with its context. */
export function recordOf(id: number, context: RoutingContext, decision: Decision): DecisionRecord {
  return { id: decisionId(`bench-${id}`), context, decision, learnedUpTo: id }
}

/** Fully labelled rows for a warm start. */
export function trainingRows(random: Random, count: number): TrainingRows {
  const requests = drawRequests(random, count)
  const cells = Array.from({ length: count * models.length }, (_, i) => ({
    m: i % models.length,
    hard: requests[Math.floor(i / models.length)]?.hard === true,
  }))
  return {
    models,
    features: requests.map(request => contextOf(request).features),
    promptTokens: requests.map(() => 512),
    satisfaction: Float64Array.from(cells, ({ m, hard }) =>
      random.next() < 0.5 + 0.045 * m - (hard ? 0.25 : 0) ? 1 : 0,
    ),
    costUsd: Float64Array.from(cells, ({ m }) => 1e-4 * 2 ** m * (0.5 + random.next())),
  }
}

/** A policy that has served and learned `count` requests. */
export function learnedPolicy(training: TrainingRows | null, count: number): Policy {
  const policy = plimsoll.create({ parameters: {}, training, snapshot: null, auditBudget: 0 }, null)
  const random = createRandom('warm-up')
  drawRequests(random, count).forEach((request, i) => {
    const context = contextOf(request)
    const record = recordOf(i, context, policy.decide(context, createRandom(i)))
    for (const event of eventsOf(record, request, random)) policy.learn(event)
  })
  return policy
}

/** One line on where this was measured. */
export function describeMachine(): string {
  const load = loadavg()
    .map(value => value.toFixed(2))
    .join(' ')
  return `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}, load ${load}`
}

/** Median, 99th percentile and mean of durations in microseconds, as text. */
export function describeDurations(microseconds: readonly number[]): string {
  const sorted = microseconds.toSorted((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(1)
  const mean = microseconds.reduce((sum, value) => sum + value, 0) / microseconds.length
  return `p50 ${at(0.5)} us, p99 ${at(0.99)} us, mean ${mean.toFixed(1)} us, n ${sorted.length}`
}

/** Runs a function and gives its duration in microseconds. */
export function timed(run: () => void): number {
  const start = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - start) / 1000
}
