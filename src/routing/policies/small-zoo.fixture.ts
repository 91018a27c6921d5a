import { type DecisionRecord, decisionId, type RoutingContext } from '../decision.ts'
import type { LearningEvent, Metric } from '../learning-event.ts'
import { type ModelId, type ModelSpec, modelId } from '../model.ts'
import { createRandom } from '../numeric/random.ts'
import type { Policy, PolicySetup } from '../policy.ts'
import type { FeedbackKind } from '../sla.ts'

/** A policy's setup that brings nothing along. */
export const coldStart: PolicySetup = { parameters: {}, training: null, snapshot: null, auditBudget: 0 }

/** Three models of growing cost whose price lists are known. */
export const zoo: readonly ModelSpec[] = [spec('small', 1), spec('middle', 4), spec('large', 16)]

/** Ids of `zoo`, cheapest first. */
export const [small, middle, large] = [modelId('test/small'), modelId('test/middle'), modelId('test/large')]

/** A model with a price list of `price` USD per million tokens. */
export function spec(name: string, price: number | null): ModelSpec {
  const priceUsdPerMillion = price === null ? null : { input: price, output: price }
  return { id: modelId(`test/${name}`), priceUsdPerMillion, typicalCostUsd: null }
}

/** What a test may change of a request. */
export interface RequestOptions {
  readonly floor?: number
  readonly feedback?: FeedbackKind
  readonly models?: readonly ModelSpec[]
  readonly proven?: ModelId
  /** Word of the prompt, a bucket. */
  readonly word?: number
}

/** A request of class `gold` with a prompt of one word. */
export function contextOf(options: RequestOptions = {}): RoutingContext {
  const floor = options.floor ?? 0.8
  const { feedback = 'chosen', models = zoo, proven, word = 7 } = options
  const sla = { name: 'gold', floor, feedback, promise: 'on-average', delta: 0.05 } as const
  return {
    sla: proven === undefined ? sla : { ...sla, proven },
    floor,
    atMs: 0,
    models,
    features: {
      encoder: 'hashed-ngrams@1',
      buckets: Uint16Array.of(word),
      counts: Uint16Array.of(1),
      statistics: new Float32Array(61),
    },
    promptTokens: 100,
    load: [],
  }
}

/** Lets a policy decide one request and learn that it did. */
export function decideAndLearn(
  policy: Policy,
  context: RoutingContext,
  seed: string | number,
): DecisionRecord {
  const decision = policy.decide(context, createRandom(seed))
  const record = { id: decisionId(String(seed)), context, decision, learnedUpTo: 0 }
  policy.learn({ kind: 'decision', atMs: 0, record })
  return record
}

/** A user's statement about one model's answer. */
export function feedback(
  record: DecisionRecord,
  model: ModelId,
  value: number,
  metric: Metric = 'satisfaction',
): LearningEvent {
  return { kind: 'feedback', atMs: 0, record, model, metric, value, source: 'user' }
}

/** A call's cost. */
export function outcome(record: DecisionRecord, model: ModelId, costUsd: number | null): LearningEvent {
  const measured = {
    promptTokens: null,
    completionTokens: null,
    latencyMs: null,
    firstTokenMs: null,
    error: null,
  }
  const shadow = model !== record.decision.chosen
  return { kind: 'outcome', atMs: 0, record, model, outcome: { ...measured, costUsd, shadow } }
}

/** Mean satisfaction and cost per request of a simulated model. */
export interface SimulatedModel {
  readonly satisfaction: number
  readonly costUsd: number
}

/** What a run came to. */
export interface RunFigures {
  readonly satisfaction: number
  readonly costUsd: number
  readonly share: ReadonlyMap<ModelId, number>
}

/**
 * Serves `count` requests whose answers satisfy at random at each model's rate, labels at once.
 * `context` makes the i-th request; figures are over the last half.
 */
export function runStream(
  policy: Policy,
  world: ReadonlyMap<ModelId, SimulatedModel>,
  count: number,
  context: (i: number) => RoutingContext = () => contextOf(),
): RunFigures {
  const random = createRandom('stream')
  const share = new Map<ModelId, number>()
  let [satisfied, costUsd] = [0, 0]
  const counted = count - Math.floor(count / 2)
  for (let i = 0; i < count; i++) {
    const record = decideAndLearn(policy, context(i), `stream-${i}`)
    const { chosen, shadows } = record.decision
    for (const model of [chosen, ...shadows]) {
      const { satisfaction = 0, costUsd: price = 0 } = world.get(model) ?? {}
      const label = random.next() < satisfaction ? 1 : 0
      policy.learn(outcome(record, model, price))
      policy.learn(feedback(record, model, label))
      if (i < count - counted) continue
      costUsd += price / counted
      if (model !== chosen) continue
      satisfied += label / counted
      share.set(model, (share.get(model) ?? 0) + 1 / counted)
    }
  }
  return { satisfaction: satisfied, costUsd, share }
}
