import { type EncoderSpec, openEncoder } from '../encoders/open-encoder.ts'
import { type PromptEncoder, withFallback } from '../encoders/with-fallback.ts'
import type { ChatRequest } from '../protocol/openai-chat/parse.ts'
import type { Embedding } from '../routing/features/features.ts'
import { promptText } from '../routing/features/prompt-text.ts'
import type { Route } from './classify.ts'
import type { EncoderConfig } from './config.ts'
import type { MetricRegistry } from './metrics.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
/** Opening asks nobody but the disk. */
const OPEN_LIMIT_MS = 60_000

/** Opens the configured encoder, its results counted and timed. Rejects with an `EncoderError` where it cannot be used at all. */
export async function openRequestEncoder(
  config: EncoderConfig,
  metrics: MetricRegistry,
): Promise<PromptEncoder> {
  const seconds = metrics.histogram(
    { name: 'plimsoll_encoder_seconds', help: 'Time that a request waited for its embedding.', labels: [] },
    SECONDS,
  )
  const results = metrics.counter({
    name: 'plimsoll_encoder_results_total',
    help: 'Prompts by how their encoding ended; all but encoded fell back to n-grams.',
    labels: ['result'],
  })
  const encoder = await openEncoder(specOf(config), AbortSignal.timeout(OPEN_LIMIT_MS))
  const { timeoutMs, maxInFlight, failures, coolDownMs } = config
  return withFallback(encoder, {
    timeoutMs,
    maxInFlight,
    failures,
    coolDownMs,
    now: () => performance.now(),
    report(result, latencyMs) {
      results.add(1, result)
      if (result !== 'busy' && result !== 'down') seconds.observe(latencyMs / 1000)
    },
  })
}

/** The embedding of a request's prompt; `null` where the encoder fails, and where the request names its model itself. */
export function embedPrompt(
  encoder: PromptEncoder,
  route: Route,
  { messages }: ChatRequest,
): Promise<Embedding | null> | null {
  return route.kind === 'pinned' ? null : encoder.embed(promptText(messages))
}

/** What must be the same for two configurations to share one encoder, without its key. */
export function encoderIdentity(config: EncoderConfig | null): string {
  if (config === null) return 'none'
  const { apiKey, ...rest } = config.kind === 'embeddings' ? config : { ...config, apiKey: null }
  return JSON.stringify([rest, apiKey?.reveal() ?? null])
}

function specOf(config: EncoderConfig): EncoderSpec {
  return config.kind === 'onnx' ? config : { ...config, apiKey: config.apiKey?.reveal() ?? null }
}
