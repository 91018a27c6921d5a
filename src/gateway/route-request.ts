import type { IncomingHttpHeaders } from 'node:http'
import type { ChatRequest } from '../protocol/openai-chat/parse.ts'
import type { Decision, DecisionRecord, RoutingContext } from '../routing/decision.ts'
import type { Embedding } from '../routing/features/features.ts'
import { estimateTokens, promptText } from '../routing/features/prompt-text.ts'
import type { ModelId } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import type { CallOrder } from '../upstream/with-fallback.ts'
import type { Route } from './classify.ts'
import type { KeyConfig } from './config.ts'
import type { Eligibility } from './eligible.ts'
import { eligible } from './eligible.ts'
import type { Gateway } from './gateway.ts'
import { PINNED_POLICY, pinnedClass, pinnedDecision } from './pinned.ts'
import type { RequestNames } from './request-ids.ts'
import type { Serving, ServingModel } from './serving.ts'
import { type Sessions, sessionOf } from './sessions.ts'

/** Tokens that a provider adds around each message. */
const TOKENS_PER_MESSAGE = 4

/** Why the answering model was chosen, as clients see it in `x-plimsoll-reason`. */
export type Reason = 'exploit' | 'explore' | 'pinned' | 'sticky' | 'floor' | 'capability'

/** A decision ready to be carried out. */
export interface Routed {
  readonly record: DecisionRecord
  /** Name of the policy that decided, as it is logged. */
  readonly policy: string
  readonly reason: Reason
  /** The chosen model first, then the others in the order of the policy's estimates. */
  readonly order: CallOrder
  readonly shadows: readonly ServingModel[]
  /** The conversation, where the next turn may have to stay with the model that answers; `null` elsewhere. */
  readonly session: string | null
}

/** What one routing step is given. */
export interface RouteInput {
  readonly gateway: Gateway
  readonly serving: Serving
  readonly route: Route
  readonly chat: ChatRequest
  readonly names: RequestNames
  readonly caller: KeyConfig | null
  readonly headers: IncomingHttpHeaders
  /** What a semantic encoder made of the prompt, where there is one and it did not fail. */
  readonly embedding: Embedding | null
}

/** Finds the eligible models, describes the request and lets the policy decide. Synchronous; records nothing. */
export function routeRequest(input: RouteInput): Routed {
  const { gateway, serving, route, chat, names, embedding } = input
  const text = promptText(chat.messages)
  const promptTokens = estimateTokens(text) + chat.messages.length * TOKENS_PER_MESSAGE + toolTokens(chat)
  const atMs = gateway.now()
  const withNgrams = route.kind === 'class' && route.config.readsNgrams
  const { featurizer } = gateway
  const counted = withNgrams ? featurizer.featurizeWithNgrams(text) : featurizer.featurize(text)
  const features = embedding === null ? counted : { ...counted, embedding }
  const described = { atMs, promptTokens, features }
  if (route.kind === 'pinned') return pinnedRoute(names, route.model, described)
  const found = eligible({
    models: serving.models,
    allowed: route.config.models,
    request: chat.inference,
    promptTokens,
    nowMs: atMs,
  })
  const session = chat.inference.requires.includes('tools')
    ? sessionOf(input.headers, chat, input.caller)
    : null
  const loyal = session === null ? undefined : loyalModel(gateway.sessions, session, chat, found)
  const offered = loyal === undefined ? found.models : [loyal]
  const context: RoutingContext = {
    sla: route.sla,
    floor: route.floor,
    ...described,
    models: offered.map(model => model.config.spec),
    load: offered.map(model => model.meter.read()),
  }
  // From here to the record there is no await: what was learned and what was decided belong together.
  const policy = route.config.policyInstance
  const learnedUpTo = gateway.learner.learnedUpTo(policy)
  const decision = gateway.learner.policy(policy).decide(context, createRandom(names.decisionId))
  const record = { id: names.decisionId, context, decision, learnedUpTo }
  const audit = gateway.audits.plan(record, policy)
  return {
    record: audit === undefined ? record : { ...record, audit },
    policy,
    reason: loyal === undefined ? reasonOf(decision, route.ownFloor, found) : 'sticky',
    order: callOrder(decision, found.models),
    shadows: decision.shadows.flatMap(id => serving.byId.get(id) ?? []),
    session,
  }
}

function pinnedRoute(
  names: RequestNames,
  model: ServingModel,
  described: Pick<RoutingContext, 'atMs' | 'promptTokens' | 'features'>,
): Routed {
  const { spec } = model.config
  const context: RoutingContext = {
    sla: pinnedClass,
    floor: pinnedClass.floor,
    ...described,
    models: [spec],
    load: [model.meter.read()],
  }
  return {
    record: { id: names.decisionId, context, decision: pinnedDecision(spec.id), learnedUpTo: 0 },
    policy: PINNED_POLICY,
    reason: 'pinned',
    order: { first: model.upstream, rest: () => [] },
    shadows: [],
    session: null,
  }
}

/** Inside a tool loop the model that asked for the tools gets their results: another may not understand its own calls. */
function loyalModel(
  sessions: Sessions,
  session: string,
  chat: ChatRequest,
  found: Eligibility,
): ServingModel | undefined {
  if (chat.messages.at(-1)?.role !== 'tool') return undefined
  const last = sessions.lastModel(session)
  return found.models.find(model => model.config.spec.id === last)
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
function callOrder(decision: Decision, models: readonly [ServingModel, ...ServingModel[]]): CallOrder {
  const find = (id: ModelId): ServingModel | undefined => models.find(model => model.config.spec.id === id)
  const first = (find(decision.chosen) ?? models[0]).upstream
  return {
    first,
    rest() {
      const order = new Set([first])
      for (const { model } of decision.estimates) {
        const upstream = find(model)?.upstream
        if (upstream !== undefined) order.add(upstream)
      }
      for (const { upstream } of models) order.add(upstream)
      return [...order].slice(1)
    },
  }
}
