import { type CircuitBreaker, createCircuitBreaker, withCircuitBreaker } from '../upstream/circuit-breaker.ts'
import type { ConnectionPools } from '../upstream/openai/connection-pools.ts'
import { createOpenAiUpstream } from '../upstream/openai/upstream.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { type LoadMeter, withLoadMeter } from '../upstream/upstream-load.ts'
import { withRetry } from '../upstream/with-retry.ts'
import type { ClassConfig, GatewayConfig, ModelConfig } from './config.ts'

const RETRY_BASE_MS = 200
const RETRY_MAX_MS = 5_000

/** A configured model with its connection, its load and its breaker. */
export interface ServingModel {
  readonly config: ModelConfig
  readonly upstream: Upstream
  readonly meter: LoadMeter
  readonly breaker: CircuitBreaker
}

/** One configuration put to work; replaced as a whole on reload. */
export interface Serving {
  readonly config: GatewayConfig
  /** In the order of the configuration. */
  readonly models: readonly ServingModel[]
  readonly byId: ReadonlyMap<string, ServingModel>
  readonly classes: ReadonlyMap<string, ClassConfig>
}

/** What the outside gives to a serving configuration. */
export interface ServingParts {
  readonly pools: ConnectionPools
  readonly now: () => number
  readonly random: () => number
}

/** Connects every model of a configuration; nothing is called yet. */
export function createServing(config: GatewayConfig, parts: ServingParts): Serving {
  const models = config.models.map(model => connect(model, config, parts))
  return {
    config,
    models,
    byId: new Map(models.map(model => [model.config.spec.id, model])),
    classes: new Map(config.classes.map(entry => [entry.sla.name, entry])),
  }
}

function connect(config: ModelConfig, gateway: GatewayConfig, parts: ServingParts): ServingModel {
  const breaker = createCircuitBreaker(gateway.breaker)
  const wire = createOpenAiUpstream(
    {
      model: config.spec.id,
      provider: config.provider,
      baseUrl: config.baseUrl,
      upstreamModel: config.upstreamModel,
      apiKey: config.apiKey?.reveal() ?? null,
      timeoutMs: config.timeoutMs,
      measureUsage: config.streamUsage,
    },
    parts.pools,
  )
  const { upstream: metered, meter } = withLoadMeter(wire)
  const upstream = withRetry(withCircuitBreaker(metered, breaker, parts.now), {
    attempts: config.maxAttempts,
    baseDelayMs: RETRY_BASE_MS,
    maxDelayMs: RETRY_MAX_MS,
    random: parts.random,
  })
  return { config, upstream, meter, breaker }
}
