import { performance } from 'node:perf_hooks'
import type { DrawnAudit } from '../audit/auditor.ts'
import type { Answer, StreamAnswer, WholeAnswer } from '../inference/answer.ts'
import type { UpstreamFailure } from '../inference/attempt.ts'
import { GatewayError } from '../inference/errors.ts'
import type { ChatRequest } from '../protocol/openai-chat/parse.ts'
import { END_OF_STREAM } from '../protocol/openai-chat/render-stream.ts'
import { usageOf } from '../upstream/openai/from-wire.ts'
import { messageOf } from '../upstream/openai/served-message.ts'
import { account, type Called, costOf, usageOrEstimate } from './account.ts'
import { decisionView } from './decision-view.ts'
import { type Exchange, sendError } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { noteSignals } from './note-signals.ts'
import { readAlong, transcriptOf } from './served-answer.ts'
import { createStreamResponse } from './stream-response.ts'

/** An answer on its way to the client. */
export interface Answered extends Called {
  readonly chat: ChatRequest
  readonly answer: Answer
  /** `null` where the answer was not drawn for an audit. */
  readonly audit: DrawnAudit | null
}

/** Sends the answer as it is or as it comes, then closes the books. */
export async function respond(gateway: Gateway, exchange: Exchange, answered: Answered): Promise<void> {
  const { answer, routed, model } = answered
  if (routed.session !== null) gateway.sessions.remember(routed.session, model)
  if (answer.kind === 'whole') sendWhole(gateway, exchange, answered, answer)
  else await sendStream(gateway, exchange, answered, answer)
}

function sendWhole(gateway: Gateway, exchange: Exchange, answered: Answered, answer: WholeAnswer): void {
  const { response } = exchange
  const usage = usageOrEstimate(answer.usage, answered.routed, answer.outputTokensEstimate)
  const cost = costOf(usage, answered.routed, answered.model)
  const headers = answerHeaders(gateway, exchange, answered)
  headers.push(...answer.rateLimits)
  headers.push('content-type', 'application/json', 'content-length', String(answer.body.length))
  if (cost !== null) headers.push('x-plimsoll-cost-usd', cost.toFixed(9).replace(/\.?0+$/, ''))
  response.writeHead(200, headers)
  response.end(answer.body)
  account(gateway, exchange, answered, { usage, firstTokenMs: null, error: null })
  noteSignals(gateway, exchange, answered, false)
  if (answered.audit === null) return
  const { message, cut } = messageOf(answer.body, answered.audit.maxTranscriptBytes)
  submit(answered, { message, complete: !cut })
}

/** Hands what was served to the judge; the request is long done by then. */
function submit(
  { audit, chat, model }: Answered,
  served: { readonly message: unknown; readonly complete: boolean },
): void {
  if (audit === null) return
  audit.submit(model, chat.bodyBytes > audit.maxTranscriptBytes ? null : transcriptOf(chat.body, served))
}

async function sendStream(
  gateway: Gateway,
  exchange: Exchange,
  answered: Answered,
  answer: StreamAnswer,
): Promise<void> {
  const { response } = exchange
  const headers = answerHeaders(gateway, exchange, answered)
  headers.push(...answer.rateLimits)
  headers.push('content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache')
  response.writeHead(200, headers)
  const sink = createStreamResponse(response, () => answer.resume(), {
    includeUsage: answered.chat.includeUsage,
    costUsd: event => {
      const usage = usageOf(event)
      return usage === null ? null : costOf(usage, answered.routed, answered.model)
    },
  })
  const { audit } = answered
  const along = audit === null ? null : readAlong(sink, audit.maxTranscriptBytes)
  const end = await answer.relay(along ?? sink)
  sink.flush()
  const usage = usageOrEstimate(end.usage, answered.routed, end.outputTokensEstimate)
  const error = end.failure?.code ?? null
  account(gateway, exchange, answered, { usage, firstTokenMs: answer.firstTokenMs, error })
  noteSignals(gateway, exchange, answered, error === 'client_closed_request')
  if (along !== null) {
    // A stream that broke, or that the client left, is judged as far as it came: leaving it out would flatter.
    const { message, cut } = along.read()
    submit(answered, { message, complete: !cut && end.failure === null })
  }
  if (end.failure === null) response.end(END_OF_STREAM)
  else sendError(response, gatewayError(answered, end.failure))
}

/** Closes the books of a request that nobody answered and says so to the client. */
export function upstreamError(
  gateway: Gateway,
  exchange: Exchange,
  called: Called,
  failure: UpstreamFailure,
): GatewayError {
  setHeaders(exchange, answerHeaders(gateway, exchange, called))
  account(gateway, exchange, called, { usage: null, firstTokenMs: null, error: failure.code })
  return gatewayError(called, failure)
}

function gatewayError(called: Called, failure: UpstreamFailure): GatewayError {
  return new GatewayError(failure.code, `${called.model}: ${failure.message}`, {
    decisionId: called.routed.record.id,
    attempts: called.context.attempts,
    ...(failure.retryAfterMs === null ? {} : { retryAfterMs: failure.retryAfterMs }),
  })
}

function setHeaders(exchange: Exchange, headers: readonly string[]): void {
  for (let i = 0; i + 1 < headers.length; i += 2)
    exchange.response.setHeader(headers[i] ?? '', headers[i + 1] ?? '')
}

/** What clients learn of the decision, before the first byte of the answer. */
function answerHeaders(gateway: Gateway, exchange: Exchange, called: Called): string[] {
  const { routed, context, model } = called
  const { record } = routed
  const answeredBy = context.attempts.at(-1)
  const reason = model === record.decision.chosen ? routed.reason : 'fallback'
  const upstreamMs = context.attempts.reduce((sum, attempt) => sum + attempt.ms, 0)
  const headers = [
    'x-request-id',
    exchange.names.requestId,
    'x-plimsoll-decision-id',
    record.id,
    'x-plimsoll-model',
    model,
    'x-plimsoll-provider',
    answeredBy?.provider ?? model.slice(0, model.indexOf('/')),
    'x-plimsoll-sla',
    record.context.sla.name,
    'x-plimsoll-sla-status',
    gateway.status.of(record.context.sla.name),
    'x-plimsoll-reason',
    reason,
    'x-plimsoll-cache',
    'off',
    'x-plimsoll-attempts',
    String(context.attempts.length),
    'x-plimsoll-overhead-ms',
    (performance.now() - exchange.startedMs - upstreamMs).toFixed(3),
  ]
  if (exchange.request.headers['x-plimsoll-debug'] === 'true')
    headers.push('x-plimsoll-scores', JSON.stringify(decisionView(record, routed.policy).estimates))
  return headers
}
