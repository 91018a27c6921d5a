import { GatewayError } from '../inference/errors.ts'
import type { InferenceRequest } from '../inference/inference-request.ts'
import type { ModelId } from '../routing/model.ts'
import type { ServingModel } from './serving.ts'

/** Tokens kept free for the answer when the request does not say how long it may get. */
const DEFAULT_ROOM_TOKENS = 256

/** What the hard rules look at. */
export interface EligibilityInput {
  readonly models: readonly ServingModel[]
  /** The models that the class may use. */
  readonly allowed: ReadonlySet<ModelId>
  readonly request: InferenceRequest
  readonly promptTokens: number
  readonly nowMs: number
}

/** The models that may serve a request, in configured order. */
export interface Eligibility {
  readonly models: readonly [ServingModel, ...ServingModel[]]
  /** Some model was ruled out for what it cannot do. */
  readonly narrowed: boolean
}

/**
 * Applies the hard rules; no policy ever sees a model that fails one.
 * Throws `no_eligible_model` with the reason of each model, or `upstream_unavailable` when all that remain cool down.
 */
export function eligible(input: EligibilityInput): Eligibility {
  const able: ServingModel[] = []
  const up: ServingModel[] = []
  for (const model of input.models) {
    if (reasonAgainst(model, input) !== null) continue
    able.push(model)
    if (model.breaker.allows(input.nowMs)) up.push(model)
  }
  if (isNonEmpty(up)) return { models: up, narrowed: able.length < input.models.length }
  throw able.length === 0 ? noneEligible(input) : allCoolingDown(able, input.nowMs)
}

const isNonEmpty = (models: readonly ServingModel[]): models is readonly [ServingModel, ...ServingModel[]] =>
  models.length > 0

/** Why a model cannot serve a request; `null` when it can. */
function reasonAgainst(model: ServingModel, input: EligibilityInput): string | null {
  const { config } = model
  if (!input.allowed.has(config.spec.id)) return 'the class may not use it'
  for (const capability of input.request.requires)
    if (!config.capabilities.has(capability)) return `it lacks ${capability}`
  const output = input.request.maxOutputTokens
  if (config.maxOutputTokens !== null && output !== null && output > config.maxOutputTokens)
    return `it writes at most ${config.maxOutputTokens} tokens and ${output} were asked for`
  const needed = input.promptTokens + (output ?? DEFAULT_ROOM_TOKENS)
  if (config.contextWindow !== null && needed > config.contextWindow)
    return `its context window holds ${config.contextWindow} tokens and about ${needed} are needed`
  return null
}

function noneEligible(input: EligibilityInput): GatewayError {
  const entries = input.models.map(model => [
    model.config.spec.id,
    reasonAgainst(model, input) ?? 'it is eligible',
  ])
  const reasons: Readonly<Record<string, string>> = Object.fromEntries(entries)
  const told = Object.entries(reasons).map(([id, reason]) => `${id}: ${reason}`)
  return new GatewayError('no_eligible_model', `no model can serve this request (${told.join('; ')})`, {
    reasons,
  })
}

function allCoolingDown(models: readonly ServingModel[], nowMs: number): GatewayError {
  const waitMs = Math.min(...models.map(model => model.breaker.waitMs(nowMs)))
  const reasons = Object.fromEntries(
    models.map(model => [model.config.spec.id, 'it failed repeatedly and cools down'] as const),
  )
  return new GatewayError(
    'upstream_unavailable',
    'every model that could serve this request failed repeatedly and cools down',
    {
      reasons,
      retryAfterMs: waitMs,
    },
  )
}
