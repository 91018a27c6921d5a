import { type DecisionRecord, decisionId, type RoutingContext, type UpstreamLoad } from '../decision.ts'
import { createHashedFeaturizer } from '../features/hashed-ngrams.ts'
import type { LearningEvent } from '../learning-event.ts'
import { type ModelSpec, modelId } from '../model.ts'
import { createRandom, type Random } from '../numeric/random.ts'
import type { Policy, TrainingRows } from '../policy.ts'
import type { FeedbackKind, SlaClass } from '../sla.ts'

/** Chance to satisfy by kind of prompt (rows) and model (columns): the dearer the model, the harder the prompts it solves. */
export const CHANCES: readonly (readonly number[])[] = [
  [0.9, 0.93, 0.95, 0.96],
  [0.5, 0.8, 0.9, 0.93],
  [0.2, 0.4, 0.7, 0.92],
]
/** Mean cost of a call by model. */
export const COSTS_USD = [1e-5, 4e-5, 12e-5, 60e-5]
/** Cheapest mixture of fixed models with mean satisfaction .8: .357 of the second model (.71), .643 of the third (.85). */
export const STATIC_MIXTURE_USD = (0.05 / 0.14) * 4e-5 + (0.09 / 0.14) * 12e-5

const OPENINGS = ['Translate this sentence:', 'Explain briefly:', 'Prove the claim:']
const WORDS = [
  ['garden', 'window', 'river', 'letter', 'morning', 'market', 'bread', 'street'],
  ['inflation', 'voltage', 'enzyme', 'treaty', 'glacier', 'orbit', 'alloy', 'census'],
  ['lemma', 'manifold', 'bijection', 'eigenvalue', 'homotopy', 'martingale', 'compact', 'quotient'],
]
const FILLERS = ['the', 'of', 'and', 'with', 'for', 'into', 'near', 'from']

const featurizer = createHashedFeaturizer()

/** One request of the world: its kind is hidden, its text hints at it. */
export interface WorldRequest {
  readonly kind: number
  readonly text: string
}

/** Draws a request: an opening in four of five prompts, words of its kind and a few of another, fillers. */
export function drawRequest(random: Random): WorldRequest {
  const kind = random.integer(3)
  const parts = random.next() < 0.8 ? [OPENINGS[kind] ?? ''] : []
  const length = 8 + random.integer(20)
  for (let i = 0; i < length; i++) {
    const topic = random.next() < 0.15 ? random.integer(3) : kind
    const list = random.next() < 0.5 ? FILLERS : (WORDS[topic] ?? FILLERS)
    parts.push(list[random.integer(list.length)] ?? '')
  }
  return { kind, text: parts.join(' ') }
}

/** The four models, without a price list: their costs must be learned. */
export const models: readonly ModelSpec[] = ['small', 'middle', 'large', 'giant'].map(name => ({
  id: modelId(`world/${name}`),
  priceUsdPerMillion: null,
  typicalCostUsd: null,
}))

/** Conditions of one run. */
export interface RunConditions {
  readonly seed: string
  readonly requests: number
  /** Floor that each request brings, between .7 and .85; absent: the class's. */
  readonly floor?: (position: number, random: Random) => number
  /** Floor of the class; .8 if absent. */
  readonly classFloor?: (position: number) => number
  readonly feedback?: FeedbackKind
  /** Requests under way at once; events of a decision arrive that much later, in irregular order. */
  readonly inFlight?: number
  readonly chance?: (kind: number, model: number, position: number) => number
  readonly eligible?: (position: number) => readonly ModelSpec[]
  readonly proven?: ModelSpec
  /** No call costs anything. */
  readonly free?: boolean
  /** What the class promises, beyond a floor held on average. */
  readonly promise?: Pick<Partial<SlaClass>, 'promise' | 'windowMs'>
  /** Where users only complain: how often an unsatisfied one does, by model. */
  readonly complaintRates?: readonly number[]
  /** Whether audits are drawn with the probabilities that the policy asks for. */
  readonly audits?: boolean
}

/** One request as it was served. */
export interface ServedRequest {
  readonly record: DecisionRecord
  readonly kind: number
  /** Position of the chosen model among `models`. */
  readonly model: number
  readonly satisfied: number
  readonly costUsd: number
}

/** Serves a stream of requests and lets the policy learn from what users say. */
export function runWorld(policy: Policy, conditions: RunConditions): readonly ServedRequest[] {
  const random = createRandom(`world-${conditions.seed}`)
  const pending: { readonly due: number; readonly event: LearningEvent }[] = []
  const running = new Map<number, number>()
  const served: ServedRequest[] = []
  for (let position = 0; position < conditions.requests; position++) {
    const request = drawRequest(random)
    const context = contextAt(conditions, position, request, { random, load: loadOf(running, position) })
    const decision = policy.decide(context, createRandom(`${conditions.seed}-${position}`))
    const record = {
      id: decisionId(`${conditions.seed}-${position}`),
      context,
      decision,
      learnedUpTo: position,
    }
    const one = serve(conditions, record, request.kind, random)
    served.push(one)
    const latency = conditions.inFlight === undefined ? 0 : 1 + random.integer(2 * conditions.inFlight)
    if (latency > 0) running.set(position, latency)
    for (const [step, event] of eventsOf(one, conditions, { random, policy }).entries()) {
      pending.push({ due: position + (step === 0 ? Math.min(latency, 2) : latency * step), event })
    }
    for (const { event } of takeDue(pending, position)) policy.learn(event)
  }
  return served

  function loadOf(calls: Map<number, number>, now: number): readonly UpstreamLoad[] {
    for (const [start, latency] of calls) if (start + latency < now) calls.delete(start)
    return models.map((_, m) => ({
      inFlight: [...calls.keys()].filter(start => served[start]?.model === m).length,
      recentLatencyMs: null,
      availability: 1,
    }))
  }
}

function takeDue<Item extends { readonly due: number }>(pending: Item[], now: number): readonly Item[] {
  const due = pending.filter(item => item.due <= now)
  const rest = pending.filter(item => item.due > now)
  pending.splice(0, pending.length, ...rest)
  return due
}

function contextAt(
  conditions: RunConditions,
  position: number,
  request: WorldRequest,
  { random, load }: { readonly random: Random; readonly load: readonly UpstreamLoad[] },
): RoutingContext {
  const classFloor = conditions.classFloor?.(position) ?? 0.8
  const floor = conditions.floor?.(position, random) ?? classFloor
  const eligible = conditions.eligible?.(position) ?? models
  const sla: SlaClass = {
    name: 'gold',
    floor: classFloor,
    feedback: conditions.feedback ?? 'chosen',
    promise: 'on-average',
    delta: 0.05,
    ...conditions.promise,
    ...(conditions.proven === undefined ? {} : { proven: conditions.proven.id }),
  }
  return {
    sla: conditions.floor === undefined ? sla : { ...sla, floors: { min: 0.7, max: 0.85 } },
    floor,
    atMs: position * 1000,
    models: eligible,
    features: featurizer.featurize(request.text),
    promptTokens: Math.ceil(request.text.length / 4),
    load: eligible.flatMap(spec => load[models.indexOf(spec)] ?? []),
  }
}

function serve(
  conditions: RunConditions,
  record: DecisionRecord,
  kind: number,
  random: Random,
): ServedRequest {
  const model = models.findIndex(spec => spec.id === record.decision.chosen)
  const position = record.learnedUpTo
  const chance = conditions.chance?.(kind, model, position) ?? CHANCES[kind]?.[model] ?? 0
  const satisfied = random.next() < chance ? 1 : 0
  const costUsd = (COSTS_USD[model] ?? 0) * (0.5 + random.next())
  return { record, kind, model, satisfied, costUsd: conditions.free === true ? 0 : costUsd }
}

function eventsOf(
  served: ServedRequest,
  { complaintRates, audits }: RunConditions,
  { random, policy }: { readonly random: Random; readonly policy: Policy },
): readonly LearningEvent[] {
  const { record, satisfied, costUsd } = served
  const model = record.decision.chosen
  const atMs = record.context.atMs
  const outcome = {
    costUsd,
    promptTokens: null,
    completionTokens: null,
    latencyMs: 100,
    firstTokenMs: 50,
    error: null,
    shadow: false,
  }
  const events: LearningEvent[] = [
    { kind: 'decision', atMs, record },
    { kind: 'outcome', atMs, record, model, outcome },
  ]
  const { feedback } = record.context.sla
  const speaks = feedback === 'chosen' || (feedback === 'sparse' && random.next() < 0.3)
  const rate = complaintRates?.[served.model] ?? 0
  const complains = rate > 0 && satisfied === 0 && random.next() < rate
  const said: LearningEvent =
    speaks || complains
      ? { kind: 'feedback', atMs, record, model, metric: 'satisfaction', value: satisfied, source: 'user' }
      : { kind: 'silence', atMs, record }
  const complaint = complains && said.kind === 'feedback' ? said : undefined
  const probability = audits === true ? policy.auditProbability(record, complaint) : 0
  if (probability === 0 || random.next() >= probability) return [...events, said]
  return [...events, said, { kind: 'audit', atMs, record, model, value: satisfied, probability }]
}

/** Fully labelled rows of the same world. */
export function worldTraining(seed: string, count: number): TrainingRows {
  const random = createRandom(`training-${seed}`)
  const requests = Array.from({ length: count }, () => drawRequest(random))
  const cells = Array.from({ length: count * 4 }, (_, i) => ({ row: Math.floor(i / 4), model: i % 4 }))
  return {
    models,
    features: requests.map(({ text }) => featurizer.featurize(text)),
    promptTokens: requests.map(({ text }) => Math.ceil(text.length / 4)),
    satisfaction: Float64Array.from(cells, ({ row, model }) =>
      random.next() < (CHANCES[requests[row]?.kind ?? 0]?.[model] ?? 0) ? 1 : 0,
    ),
    costUsd: Float64Array.from(cells, ({ model }) => (COSTS_USD[model] ?? 0) * (0.5 + random.next())),
  }
}

/** Mean of a figure over a list. */
export function meanOf<Item>(items: readonly Item[], figure: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + figure(item), 0) / items.length
}
