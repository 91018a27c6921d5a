import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { GatewayError, toGatewayError } from '../inference/errors.ts'
import { identifyCaller } from './caller.ts'
import { decodePath } from './decode-path.ts'
import { type Exchange, sendError, sendJson } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { handleFeedback } from './handle-feedback.ts'
import { handleInference } from './handle-inference.ts'
import { handleModel, handleModels } from './handle-models.ts'
import { handleDecision, handleExplain, handleReady, handleSla } from './handle-queries.ts'

/** Answers one kind of request; throws a GatewayError for what it refuses. */
type Handler = (gateway: Gateway, exchange: Exchange) => void | Promise<void>

interface Endpoint {
  readonly method: 'GET' | 'POST'
  /** Whether a key is asked for, where keys are configured. */
  readonly open?: true
  readonly handle: Handler
}

/** Paths without variable parts. */
const endpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/v1/chat/completions', { method: 'POST', handle: handleInference }],
  ['/v1/models', { method: 'GET', handle: handleModels }],
  ['/v1/feedback', { method: 'POST', handle: handleFeedback }],
  ['/v1/router/explain', { method: 'POST', handle: handleExplain }],
  ['/v1/sla', { method: 'GET', handle: (gateway, exchange) => handleSla(gateway, exchange, null) }],
  [
    '/health',
    { method: 'GET', open: true, handle: (_, { response }) => sendJson(response, 200, { status: 'ok' }) },
  ],
  ['/ready', { method: 'GET', open: true, handle: handleReady }],
])

/** Paths that end in a name. */
const named: readonly (readonly [
  string,
  (gateway: Gateway, exchange: Exchange, name: string) => void | Promise<void>,
])[] = [
  ['/v1/router/decisions/', handleDecision],
  ['/v1/sla/', handleSla],
  ['/v1/models/', handleModel],
]

function findEndpoint(path: string): Endpoint | undefined {
  const exact = endpoints.get(path)
  if (exact !== undefined) return exact
  for (const [prefix, handle] of named) {
    if (!path.startsWith(prefix)) continue
    const name = decodePath(path.slice(prefix.length))
    return { method: 'GET', handle: (gateway, exchange) => handle(gateway, exchange, name) }
  }
  return undefined
}

/** Answers every request of the main port, errors included. Never rejects. */
export async function handleRequest(
  gateway: Gateway,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const names = gateway.ids.create(gateway.now())
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const base = { request, response, path, names, startedMs: performance.now() }
  try {
    const endpoint = findEndpoint(path)
    if (endpoint === undefined)
      throw new GatewayError(
        'path_not_found',
        `there is no ${path.slice(0, 100)} here; the API starts at /v1`,
      )
    // A HEAD is a GET whose body Node leaves out.
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (method !== endpoint.method)
      throw new GatewayError('method_not_allowed', `${path} takes ${endpoint.method}, not ${request.method}`)
    const caller = endpoint.open ? null : identifyCaller(request, gateway.serving().config.keys)
    await endpoint.handle(gateway, { ...base, caller })
  } catch (thrown) {
    fail(gateway, { ...base, caller: null }, toGatewayError(thrown))
  }
}

function fail(gateway: Gateway, exchange: Exchange, error: GatewayError): void {
  const { response, names } = exchange
  // A request that reached an upstream is in the books already.
  if (error.details.attempts === undefined) gateway.observer.refused(exchange, error)
  if (!response.headersSent) response.setHeader('x-request-id', names.requestId)
  sendError(response, error)
}
