import { GatewayError } from '../inference/errors.ts'
import { parseChatRequest } from '../protocol/openai-chat/parse.ts'
import type { DecisionTrail } from '../store/store.ts'
import { checkClass, classify } from './classify.ts'
import { decisionTrailView, decisionView } from './decision-view.ts'
import { type Exchange, sendJson } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { readBody } from './read-body.ts'
import { embedPrompt } from './request-encoder.ts'
import { routeRequest } from './route-request.ts'
import { slaView } from './sla-view.ts'
import { fromStore } from './store-failure.ts'

/** `POST /v1/router/explain`: what would be decided; nobody is called and nothing is recorded. */
export async function handleExplain(gateway: Gateway, exchange: Exchange): Promise<void> {
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
  const { id, ...view } = decisionView(routed.record, routed.policy)
  sendJson(response, 200, {
    ...view,
    reason: routed.reason,
    order: [routed.order.first, ...routed.order.rest()].map(upstream => upstream.model),
  })
}

/** `GET /v1/router/decisions/{id}`: a decision as it was made, and what became of it. */
export async function handleDecision(gateway: Gateway, exchange: Exchange, id: string): Promise<void> {
  const trail = await findDecision(gateway, id)
  checkClass(trail.record.context.sla.name, exchange.caller)
  sendJson(exchange.response, 200, decisionTrailView(trail))
}

/** Looks a decision up by its own id or its request's. Throws `decision_not_found`. */
export async function findDecision(gateway: Gateway, id: string): Promise<DecisionTrail> {
  const verified = gateway.ids.verify(id)
  if (verified === null) throw new GatewayError('decision_not_found', 'no decision has this id')
  // A decision of this very moment may still be on its way into the log.
  if (gateway.recent.get(verified.decisionId) !== undefined) await gateway.queue.flush()
  const trail = await fromStore(gateway.store.findDecision(verified.decisionId))
  if (trail !== null) return trail
  throw new GatewayError(
    'decision_not_found',
    'this decision is not in the log: its record was lost or has expired',
  )
}

/** `GET /v1/sla` and `GET /v1/sla/{class}`. */
export function handleSla(gateway: Gateway, exchange: Exchange, className: string | null): void {
  const { classes } = gateway.serving()
  if (className === null) {
    const visible = [...classes.values()].filter(
      config => exchange.caller?.classes?.has(config.sla.name) !== false,
    )
    sendJson(exchange.response, 200, { classes: visible.map(config => slaView(gateway, config)) })
    return
  }
  const config = classes.get(className)
  if (config === undefined)
    throw new GatewayError(
      'class_not_found',
      `there is no class "${className}"; the classes are ${[...classes.keys()].join(', ')}`,
    )
  checkClass(className, exchange.caller)
  sendJson(exchange.response, 200, slaView(gateway, config))
}

/** `GET /ready`: whether each class has an upstream, and whether the store keeps up. */
export function handleReady(gateway: Gateway, exchange: Exchange): void {
  const { classes, models } = gateway.serving()
  const nowMs = gateway.now()
  const states = [...classes.values()].map(entry => ({
    class: entry.sla.name,
    ready: models.some(model => entry.models.has(model.config.spec.id) && model.breaker.allows(nowMs)),
  }))
  const ready = states.every(state => state.ready)
  const { health, pending, dropped } = gateway.queue.state()
  const learning = gateway.learner.state().health
  sendJson(exchange.response, ready ? 200 : 503, {
    ready,
    classes: states,
    store: { health, pending, dropped },
    learning,
  })
}
