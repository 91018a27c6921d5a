import type { IncomingMessage, ServerResponse } from 'node:http'
import { GatewayError } from '../inference/errors.ts'
import { handleAudits, isAuditPath } from './audit-admin.ts'
import type { ClassConfig } from './config.ts'
import { decisionTrailView } from './decision-view.ts'
import { decodePath } from './decode-path.ts'
import { sendJson } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { findDecision } from './handle-queries.ts'
import type { MetricRegistry } from './metrics.ts'
import { readBody } from './read-body.ts'
import type { RecentDecision } from './recent-decisions.ts'
import { classView } from './sla-view.ts'

const BODY_LIMIT_BYTES = 64 * 1024
const LIST_LIMIT = 1000

/** The second port: metrics, the state of every class, and floors that change while the gateway runs. */
export async function handleAdmin(
  gateway: Gateway,
  metrics: MetricRegistry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  refuseBrowsersElsewhere(request)
  const url = new URL(request.url ?? '/', 'http://admin')
  const method = request.method ?? 'GET'
  const floorOf = /^\/admin\/classes\/([^/]+)\/floor$/.exec(url.pathname)?.[1]
  if (floorOf !== undefined && method === 'PUT')
    return changeFloor(gateway, findClass(gateway, decodePath(floorOf)), request, response)
  if (isAuditPath(url.pathname)) return handleAudits(gateway, url, request, response)
  if (method !== 'GET') throw new GatewayError('method_not_allowed', `${method} is not possible here`)
  const classOf = /^\/admin\/classes\/([^/]+)$/.exec(url.pathname)?.[1]
  if (classOf !== undefined)
    return sendJson(response, 200, classView(gateway, findClass(gateway, decodePath(classOf))))
  const decisionOf = /^\/admin\/decisions\/([^/]+)$/.exec(url.pathname)?.[1]
  if (decisionOf !== undefined) {
    sendJson(response, 200, decisionTrailView(await findDecision(gateway, decisionOf)))
    return
  }
  switch (url.pathname) {
    case '/metrics':
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      response.end(metrics.render())
      return
    case '/admin/classes': {
      const classes = [...gateway.serving().classes.values()].map(config => classView(gateway, config))
      return sendJson(response, 200, { classes })
    }
    case '/admin/decisions':
      return sendJson(response, 200, {
        decisions: gateway.recent.list(limitOf(url.searchParams.get('limit'))).map(recentView),
      })
    case '/admin/upstreams':
      return sendJson(response, 200, { upstreams: upstreams(gateway) })
    case '/admin/state':
      return sendJson(response, 200, { store: gateway.queue.state(), learner: gateway.learner.state() })
    default:
      throw new GatewayError(
        'path_not_found',
        'the admin port has /metrics, /admin/classes, /admin/decisions, /admin/audits, /admin/upstreams and /admin/state',
      )
  }
}

/** A page of another site, or one that made its name point here, must not steer the gateway through a browser. */
function refuseBrowsersElsewhere(request: IncomingMessage): void {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '')
  const local = host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
  const { origin } = request.headers
  const sameOrigin = origin === undefined || origin === `http://${request.headers.host ?? ''}`
  if (!local || !sameOrigin)
    throw new GatewayError('forbidden_origin', 'the admin API answers only to requests addressed to loopback')
}

function findClass(gateway: Gateway, name: string): ClassConfig {
  const config = gateway.serving().classes.get(name)
  if (config !== undefined) return config
  const known = [...gateway.serving().classes.keys()].join(', ')
  throw new GatewayError('class_not_found', `there is no class "${name}"; the classes are ${known}`)
}

async function changeFloor(
  gateway: Gateway,
  config: ClassConfig,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const raw = await readBody(request, BODY_LIMIT_BYTES)
  let body: unknown
  try {
    body = JSON.parse(raw.toString('utf8'))
  } catch {
    body = null
  }
  const floor = typeof body === 'object' && body !== null && 'floor' in body ? body.floor : undefined
  if (typeof floor !== 'number' || !(floor > 0 && floor < 1))
    throw new GatewayError('invalid_request', 'the body must be {"floor": x} with x between 0 and 1', {
      param: 'floor',
    })
  const previous = gateway.floors.current(config.sla).floor
  gateway.floors.change(config.sla, floor)
  sendJson(response, 200, { class: config.sla.name, floor, previous })
}

/** One line of the list: flat, `pending` while the request is under way. */
function recentView({ ending, ...decision }: RecentDecision) {
  return { ...decision, ...(ending ?? { served: null, costUsd: null, latencyMs: null, status: 'pending' }) }
}

function upstreams(gateway: Gateway) {
  const nowMs = gateway.now()
  return gateway.serving().models.map(({ config, meter, breaker }) => ({
    model: config.spec.id,
    provider: config.provider,
    ...meter.read(),
    breaker: breaker.state(nowMs),
  }))
}

function limitOf(text: string | null): number {
  const limit = Number(text ?? 50)
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIST_LIMIT) return limit
  throw new GatewayError('invalid_request', `limit must be a whole number from 1 to ${LIST_LIMIT}`, {
    param: 'limit',
  })
}
