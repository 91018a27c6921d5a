import { type DecisionRecord, decisionId, type RoutingContext } from '../routing/decision.ts'
import type { Outcome } from '../routing/learning-event.ts'
import { type ModelId, type ModelSpec, modelId } from '../routing/model.ts'
import { createRandom, type Random } from '../routing/numeric/random.ts'
import type { SlaClass } from '../routing/sla.ts'
import type { EventQueue } from '../store/event-queue.ts'
import type { Learner } from './learner.ts'

/** The models of the scripted server: the dearer, the better. */
export const scriptedModels: readonly ModelSpec[] = ['small', 'middle', 'large'].map((name, i) => ({
  id: modelId(`test/${name}`),
  priceUsdPerMillion: { input: 4 ** i, output: 3 * 4 ** i },
  typicalCostUsd: null,
}))

export const scriptedClass: SlaClass = {
  name: 'gold',
  floor: 0.8,
  feedback: 'chosen',
  promise: 'on-average',
  delta: 0.05,
}

export interface ScriptedServerOptions {
  readonly learner: Pick<Learner, 'policy' | 'learnedUpTo'>
  readonly queue: EventQueue
  readonly policy: string
  readonly requests: number
  /** Requests under way at once. */
  readonly concurrency: number
  /** Begins the ids of the requests; another server on the same log needs another one. */
  readonly seed: string
  /** Share of the requests on which a user speaks, in [0, 1]. */
  readonly speaking?: number
  /** Hears of every acknowledged feedback, before the request ends. */
  readonly onAcknowledged?: (decision: string) => void
}

/**
 * Serves requests as a gateway does: decides, calls, logs the outcome, hears from the user some turns later.
 * How requests interleave with commits is left to chance: no two runs are alike.
 */
export async function serveScript(options: ScriptedServerOptions): Promise<void> {
  let next = 0
  const client = async (): Promise<void> => {
    while (next < options.requests) await serveOne(options, next++)
  }
  await Promise.all(Array.from({ length: options.concurrency }, client))
}

async function serveOne(
  { learner, queue, policy, ...options }: ScriptedServerOptions,
  index: number,
): Promise<void> {
  const id = decisionId(`${options.seed}-${index}`)
  const random = createRandom(`script ${id}`)
  const atMs = 1000 * index
  const easy = random.next() < 0.5
  const context = scriptedContext(random, easy, atMs)
  const learnedUpTo = learner.learnedUpTo(policy)
  const decision = learner.policy(policy).decide(context, createRandom(id))
  const record: DecisionRecord = { id, context, decision, learnedUpTo }
  queue.offer({ kind: 'decision', atMs, policy, record })
  for (const model of [decision.chosen, ...decision.shadows]) {
    await someTurns(random)
    const shadow = model !== decision.chosen
    const outcome = { ...measured, costUsd: 0.001 * 4 ** rank(model) * (0.5 + random.next()), shadow }
    queue.offer({ kind: 'outcome', atMs: atMs + 10, decision: id, model, outcome })
  }
  if (random.next() >= (options.speaking ?? 1)) return
  for (const model of [decision.chosen, ...decision.shadows]) {
    await someTurns(random)
    const value = random.next() < satisfactionOf(model, easy) ? 1 : 0
    const said = { metric: 'satisfaction', value, source: 'user', idempotencyKey: `about ${model}` } as const
    await queue.appendDurably({ kind: 'feedback', atMs: atMs + 20, decision: id, model, ...said })
  }
  options.onAcknowledged?.(id)
}

const measured: Omit<Outcome, 'costUsd' | 'shadow'> = {
  promptTokens: 100,
  completionTokens: 50,
  latencyMs: 10,
  firstTokenMs: 2,
  error: null,
}

function rank(model: ModelId): number {
  return scriptedModels.findIndex(({ id }) => id === model)
}

function satisfactionOf(model: ModelId, easy: boolean): number {
  return easy ? 0.9 : 0.3 + 0.3 * rank(model)
}

/** Easy prompts and hard ones have different words. */
function scriptedContext(random: Random, easy: boolean, atMs: number): RoutingContext {
  const words = Array.from({ length: 20 }, () => (easy ? 0 : 8192) + random.integer(300))
  const buckets = Uint16Array.from([...new Set(words)].sort((a, b) => a - b))
  const counts = Uint16Array.from(buckets, () => 1 + random.integer(3))
  const statistics = Float32Array.from({ length: 61 }, () => random.next())
  return {
    sla: scriptedClass,
    floor: random.next() < 0.2 ? 0.7 : scriptedClass.floor,
    atMs,
    models: random.next() < 0.1 ? scriptedModels.slice(1) : scriptedModels,
    features: { encoder: 'hashed-ngrams@1', buckets, counts, statistics },
    promptTokens: 50 + random.integer(500),
    load: scriptedModels.map(() => ({
      inFlight: random.integer(5),
      recentLatencyMs: 100 * random.next(),
      availability: 1,
    })),
  }
}

async function someTurns(random: Random): Promise<void> {
  for (let turns = random.integer(40); turns >= 0; turns--)
    await new Promise(resolve => setImmediate(resolve))
}
