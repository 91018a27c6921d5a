import type { ChatRequest } from '../protocol/openai-chat/parse.ts'
import type { Cursor, Decision, DecisionRecord, RoutingContext } from '../routing/decision.ts'
import { estimateTokens, promptText } from '../routing/features/prompt-text.ts'
import { createRandom } from '../routing/numeric/random.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Route } from './classify.ts'
import type { Eligibility } from './eligible.ts'
import { eligible } from './eligible.ts'
import type { Gateway } from './gateway.ts'
import { PINNED_POLICY, pinnedClass, pinnedDecision } from './pinned.ts'
import { policyKey } from './policy-key.ts'
import type { RequestNames } from './request-ids.ts'
import type { Serving, ServingModel } from './serving.ts'

/** Tokens that a provider adds around each message. */
const TOKENS_PER_MESSAGE = 4

/** Why the answering model was chosen, as clients see it in `x-plimsoll-reason`. */
export type Reason = 'exploit' | 'explore' | 'pinned' | 'fallback' | 'floor' | 'capability'

/** A decision ready to be carried out. */
export interface Routed {
  readonly record: DecisionRecord
  /** Name of the policy that decided, as it is logged. */
  readonly policy: string
  readonly reason: Reason
  /** The chosen model first, then the others in the order of the policy's estimates. */
  readonly order: readonly [Upstream, ...Upstream[]]
  readonly shadows: readonly ServingModel[]
}

/** What one routing step is given. */
export interface RouteInput {
  readonly gateway: Gateway
  readonly serving: Serving
  readonly route: Route
  readonly chat: ChatRequest
  readonly names: RequestNames
}

/** Finds the eligible models, describes the request and lets the policy decide. Synchronous; records nothing. */
export function routeRequest(input: RouteInput): Routed {
  const { gateway, serving, route, chat } = input
  const text = promptText(chat.messages)
  const promptTokens = estimateTokens(text) + chat.messages.length * TOKENS_PER_MESSAGE + toolTokens(chat)
  const atMs = gateway.now()
  const request = chat.inference
  const found: Eligibility =
    route.kind === 'pinned'
      ? { models: [route.model], narrowed: false }
      : eligible({ models: serving.models, allowed: route.config.models, request, promptTokens, nowMs: atMs })
  const context: RoutingContext = {
    sla: route.kind === 'pinned' ? pinnedClass : route.sla,
    floor: route.kind === 'pinned' ? pinnedClass.floor : route.floor,
    atMs,
    models: found.models.map(model => model.config.spec),
    features: gateway.featurizer.featurize(text),
    promptTokens,
    load: found.models.map(model => model.meter.read()),
  }
  if (route.kind === 'pinned') return pinnedRoute(input, context, route.model)
  // From here to the record there is no await: what was learned and what was decided belong together.
  const policy = policyKey(route.config)
  const learnedUpTo = gateway.learner.learnedUpTo(policy)
  const decision = gateway.learner.policy(policy).decide(context, createRandom(input.names.decisionId))
  return {
    record: { id: input.names.decisionId, context, decision, learnedUpTo },
    policy,
    reason: reasonOf(decision, route.ownFloor, found),
    order: callOrder(decision, found.models),
    shadows: decision.shadows.flatMap(id => serving.byId.get(id) ?? []),
  }
}

function pinnedRoute(input: RouteInput, context: RoutingContext, model: ServingModel): Routed {
  const learnedUpTo: Cursor = 0
  return {
    record: {
      id: input.names.decisionId,
      context,
      decision: pinnedDecision(model.config.spec.id),
      learnedUpTo,
    },
    policy: PINNED_POLICY,
    reason: 'pinned',
    order: [model.upstream],
    shadows: [],
  }
}

function toolTokens(chat: ChatRequest): number {
  const tools = chat.body.tools
  return tools === undefined || tools === null ? 0 : Math.ceil(JSON.stringify(tools).length / 4)
}

function reasonOf(decision: Decision, ownFloor: boolean, found: Eligibility): Reason {
  if (decision.mode === 'explore') return 'explore'
  if (found.narrowed && found.models.length === 1) return 'capability'
  return ownFloor ? 'floor' : 'exploit'
}

/** The chosen model, then what the policy thought next best, then whatever it gave no estimate for. */
function callOrder(
  decision: Decision,
  models: readonly [ServingModel, ...ServingModel[]],
): readonly [Upstream, ...Upstream[]] {
  const byId = new Map(models.map(model => [model.config.spec.id, model.upstream]))
  const chosen = byId.get(decision.chosen) ?? models[0].upstream
  const order: [Upstream, ...Upstream[]] = [chosen]
  const rest = new Set([...decision.estimates.map(estimate => estimate.model), ...byId.keys()])
  for (const id of rest) {
    const upstream = byId.get(id)
    if (upstream !== undefined && upstream !== chosen) order.push(upstream)
  }
  return order
}
