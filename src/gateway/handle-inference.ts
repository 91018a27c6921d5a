import { performance } from 'node:perf_hooks'
import { parseChatRequest } from '../protocol/openai-chat/parse.ts'
import type { CallContext } from '../upstream/upstream.ts'
import { callWithFallback } from '../upstream/with-fallback.ts'
import { classify } from './classify.ts'
import { cancelWhenClosed, type Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { readBody } from './read-body.ts'
import { recordDecision } from './record-decision.ts'
import { embedPrompt } from './request-encoder.ts'
import { respond, upstreamError } from './respond.ts'
import { routeRequest } from './route-request.ts'
import { callShadows } from './shadow-calls.ts'

/**
 * The path of one chat request: parse, classify, decide, record, call, answer, account.
 * Everything that can be wrong throws a GatewayError; the caller renders it.
 */
export async function handleInference(gateway: Gateway, exchange: Exchange): Promise<void> {
  const serving = gateway.serving()
  const chat = parseChatRequest(await readBody(exchange.request, serving.config.limits.bodyBytes))
  const { caller, names, request, response } = exchange
  const route = classify({
    model: chat.model,
    headers: request.headers,
    caller,
    serving,
    floors: gateway.floors,
  })
  const embedding = gateway.encoder && (await embedPrompt(gateway.encoder, route, chat))
  const { headers } = request
  const routed = routeRequest({ gateway, serving, route, chat, names, caller, headers, embedding })
  const audit = gateway.audits.begin(routed.record)
  recordDecision(gateway, routed)
  callShadows(gateway, routed, chat.inference)
  try {
    const context: CallContext = { cancellation: cancelWhenClosed(response), attempts: [] }
    const calledMs = performance.now()
    const attempt = await callWithFallback(routed.order, chat.inference, context)
    const answered = { routed, context, calledMs, model: attempt.upstream.model }
    if (!attempt.ok) throw upstreamError(gateway, exchange, answered, attempt.failure)
    await respond(gateway, exchange, { ...answered, chat, answer: attempt.answer, audit })
  } finally {
    audit?.abandon(routed.record.decision.chosen)
  }
}
