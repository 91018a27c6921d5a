import { createHash } from 'node:crypto'
import * as z from 'zod'
import { GatewayError } from '../inference/errors.ts'
import type { DecisionId } from '../routing/decision.ts'
import { type ModelId, modelId } from '../routing/model.ts'
import { type AppendResult, type DecisionTrail, ownKeyPrefix } from '../store/store.ts'
import { checkClass } from './classify.ts'
import { type Exchange, sendJson } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { OWN_METRICS } from './own-metrics.ts'
import { readBody } from './read-body.ts'
import { fromStore } from './store-failure.ts'

const BODY_LIMIT_BYTES = 64 * 1024

const feedbackSchema = z.strictObject({
  request_id: z.string().optional(),
  decision_id: z.string().optional(),
  value: z.union([z.boolean(), z.number().min(0).max(1)], {
    error: 'must be true, false or a number from 0 to 1',
  }),
  metric: z
    .string()
    .min(1)
    .max(64)
    .refine(metric => !OWN_METRICS.has(metric), 'is written by the gateway itself; choose another name')
    .default('satisfaction'),
  source: z.enum(['user', 'judge', 'test', 'system']).default('user'),
  model: z
    .string()
    .optional()
    .describe('A shadow model that the statement is about; by default the one that answered'),
  comment: z.string().max(10_000).optional(),
  idempotency_key: z
    .string()
    .min(1)
    .max(256)
    .refine(key => !key.startsWith(ownKeyPrefix), `must not begin with "${ownKeyPrefix}"`)
    .optional(),
})

type FeedbackBody = z.output<typeof feedbackSchema>

/** What a statement is about: the decision's class, its time, and the model that is judged. */
interface Subject {
  readonly className: string | null
  readonly model: ModelId | null
}

/** Accepts what somebody says of an answer; the acknowledgement means that it is on disk. */
export async function handleFeedback(gateway: Gateway, exchange: Exchange): Promise<void> {
  const body = parseFeedback(await readBody(exchange.request, BODY_LIMIT_BYTES))
  const { decisionId, atMs } = identify(gateway, body)
  const subject = await findSubject(gateway, decisionId, body)
  if (subject.className !== null) checkClass(subject.className, exchange.caller)
  const key = body.idempotency_key ?? `${body.source}:${body.metric}:${body.model ?? ''}`
  const result = subject.model === null ? null : await append(gateway, decisionId, subject.model, body, key)
  const duplicate = result?.status === 'duplicate'
  if (!duplicate) gateway.observer.feedback(body.source, gateway.now() - atMs)
  const id = createHash('sha256').update(`${decisionId} ${key}`).digest('base64url').slice(0, 22)
  sendJson(exchange.response, 202, { id: `fb_${id}`, accepted: true, duplicate, decision_id: decisionId })
}

function parseFeedback(raw: Buffer): FeedbackBody {
  let document: unknown
  try {
    document = JSON.parse(raw.toString('utf8'))
  } catch {
    throw new GatewayError(
      'invalid_request',
      'the body is not valid JSON; send {"decision_id": "…", "value": true}',
    )
  }
  const parsed = feedbackSchema.safeParse(document)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const param = issue?.path.join('.') ?? ''
  const message = `${param === '' ? 'the body' : param}: ${issue?.message ?? 'is not valid'}`
  throw new GatewayError('invalid_request', message, param === '' ? {} : { param })
}

/** A decision that this store signed was served, even if its record was lost since. */
function identify(
  gateway: Gateway,
  body: FeedbackBody,
): { readonly decisionId: DecisionId; readonly atMs: number } {
  const given = body.decision_id ?? body.request_id
  if (given === undefined)
    throw new GatewayError(
      'invalid_request',
      'decision_id or request_id is needed; both are headers of the answer',
      {
        param: 'decision_id',
      },
    )
  const verified = gateway.ids.verify(given)
  if (verified === null)
    throw new GatewayError(
      'decision_not_found',
      'no decision has this id; send x-plimsoll-decision-id or x-request-id of an answer',
    )
  const { feedbackMs } = gateway.serving().config.limits
  if (gateway.now() - verified.atMs > feedbackMs)
    throw new GatewayError(
      'feedback_expired',
      `feedback is accepted for ${Math.round(feedbackMs / 1000)} s after the answer`,
    )
  return verified
}

async function findSubject(gateway: Gateway, id: DecisionId, body: FeedbackBody): Promise<Subject> {
  const recent = gateway.recent.get(id)
  if (recent !== undefined) {
    const served = recent.ending?.served ?? recent.chosen
    const known = [served, recent.chosen, ...recent.shadows]
    return { className: recent.class, model: judged(body, served, known) }
  }
  const trail = await fromStore(gateway.store.findDecision(id))
  if (trail === null) return { className: null, model: null }
  const { decision, context } = trail.record
  const served = servedModel(trail) ?? decision.chosen
  return {
    className: context.sla.name,
    model: judged(body, served, [served, decision.chosen, ...decision.shadows]),
  }
}

/** The model that answered: a fallback's answer is judged as the fallback's. */
function servedModel(trail: DecisionTrail): ModelId | null {
  for (const event of trail.events)
    if (event.kind === 'outcome' && !event.outcome.shadow && event.outcome.error === null) return event.model
  return null
}

function judged(body: FeedbackBody, served: ModelId, known: readonly ModelId[]): ModelId {
  if (body.model === undefined) return served
  const named = modelId(body.model)
  if (known.includes(named)) return named
  throw new GatewayError('invalid_request', `"${body.model}" was not called for this decision`, {
    param: 'model',
  })
}

async function append(
  gateway: Gateway,
  decision: DecisionId,
  model: ModelId,
  body: FeedbackBody,
  idempotencyKey: string,
): Promise<AppendResult> {
  const { metric, source } = body
  return fromStore(
    gateway.queue.appendDurably({
      kind: 'feedback',
      atMs: gateway.now(),
      decision,
      model,
      metric,
      value: Number(body.value),
      source,
      idempotencyKey,
    }),
  )
}
