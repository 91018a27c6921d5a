import type { IncomingMessage, ServerResponse } from 'node:http'
import { GatewayError } from '../inference/errors.ts'
import type { DecisionId } from '../routing/decision.ts'
import type { WaitingAudit } from '../store/audit-desk.ts'
import { decodePath } from './decode-path.ts'
import { sendJson } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { readBody } from './read-body.ts'
import { fromStore } from './store-failure.ts'

const BODY_LIMIT_BYTES = 64 * 1024
const PENDING_LIMIT = 100

/** Whether a path of the admin port is one of the audits'. */
export function isAuditPath(path: string): boolean {
  return path === '/admin/audits' || path.startsWith('/admin/audits/')
}

/** The audits' part of the admin API: how they stand, what waits for a human, verdicts, deletion. */
export async function handleAudits(
  gateway: Gateway,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET'
  if (method === 'GET' && url.pathname === '/admin/audits') return sendJson(response, 200, overview(gateway))
  if (method === 'GET' && url.pathname === '/admin/audits/pending')
    return sendJson(response, 200, { audits: await pending(gateway, url.searchParams) })
  const named = /^\/admin\/audits\/([^/]+)$/.exec(url.pathname)?.[1]
  if (named === undefined || (method !== 'POST' && method !== 'DELETE'))
    throw new GatewayError(
      'method_not_allowed',
      'audits take GET /admin/audits, GET /admin/audits/pending, and POST or DELETE /admin/audits/{id}',
    )
  const id = decisionOf(gateway, decodePath(named))
  if (method === 'DELETE') await remove(gateway, id, response)
  else await judge(gateway, id, request, response)
}

function overview(gateway: Gateway) {
  const classes = [...gateway.serving().classes.keys()].flatMap(name => {
    const report = gateway.audits.report(name)
    return report === null ? [] : [{ class: name, ...report }]
  })
  return { classes }
}

async function pending(gateway: Gateway, query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? 20)
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= PENDING_LIMIT))
    throw new GatewayError('invalid_request', `limit must be a whole number from 1 to ${PENDING_LIMIT}`, {
      param: 'limit',
    })
  const waiting = await fromStore(gateway.audits.waiting(query.get('class'), limit))
  return waiting.map(pendingView)
}

/** What a human needs to judge; what a judge said before is left out, so that nobody is led by it. */
function pendingView({ decision, className, model, atMs, expiresMs, transcript }: WaitingAudit) {
  return {
    decision_id: decision,
    class: className,
    model,
    at: new Date(atMs).toISOString(),
    expires: new Date(expiresMs).toISOString(),
    ...(JSON.parse(transcript) as Readonly<Record<string, unknown>>),
  }
}

function decisionOf(gateway: Gateway, id: string): DecisionId {
  const verified = gateway.ids.verify(id)
  if (verified !== null) return verified.decisionId
  throw new GatewayError('decision_not_found', 'no decision has this id; send a decision or request id')
}

async function judge(
  gateway: Gateway,
  id: DecisionId,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const value = await readValue(request)
  const accepted = await fromStore(gateway.audits.judge(id, value))
  if (!accepted && !(await isAudited(gateway, id))) throw nothingWaits()
  sendJson(response, 200, { decision_id: id, accepted: true, duplicate: !accepted })
}

async function remove(gateway: Gateway, id: DecisionId, response: ServerResponse): Promise<void> {
  if (!(await fromStore(gateway.audits.remove(id)))) throw nothingWaits()
  sendJson(response, 200, { decision_id: id, deleted: true })
}

async function isAudited(gateway: Gateway, id: DecisionId): Promise<boolean> {
  const trail = await fromStore(gateway.store.findDecision(id))
  return trail?.events.some(event => event.kind === 'audit') ?? false
}

function nothingWaits(): GatewayError {
  return new GatewayError(
    'audit_not_found',
    'no answer of this id waits to be judged: it was not drawn, or has expired; GET /admin/audits/pending lists those that wait',
  )
}

async function readValue(request: IncomingMessage): Promise<number> {
  const raw = await readBody(request, BODY_LIMIT_BYTES)
  let body: unknown
  try {
    body = JSON.parse(raw.toString('utf8'))
  } catch {
    body = null
  }
  const value = typeof body === 'object' && body !== null && 'value' in body ? body.value : undefined
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number' && value >= 0 && value <= 1) return value
  throw new GatewayError('invalid_request', 'the body must be {"value": x}: true, false, or from 0 to 1', {
    param: 'value',
  })
}
