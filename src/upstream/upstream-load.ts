import { performance } from 'node:perf_hooks'
import type { InferenceRequest } from '../inference/inference-request.ts'
import type { UpstreamLoad } from '../routing/decision.ts'
import type { CallContext, CallResult, Upstream } from './upstream.ts'

/** Weight of the newest call in the running means. */
const SMOOTHING = 0.1

/** What is known of an upstream's state from the calls made through this process. */
export interface LoadMeter {
  read(): UpstreamLoad
}

/** Counts calls in flight and keeps running means of latency and of success. */
export function withLoadMeter(upstream: Upstream): {
  readonly upstream: Upstream
  readonly meter: LoadMeter
} {
  let inFlight = 0
  let recentLatencyMs: number | null = null
  let availability = 1
  const note = (result: CallResult, ms: number): void => {
    const counts = result.ok || result.failure.fallback
    if (counts) availability += SMOOTHING * ((result.ok ? 1 : 0) - availability)
    if (result.ok)
      recentLatencyMs = recentLatencyMs === null ? ms : recentLatencyMs + SMOOTHING * (ms - recentLatencyMs)
  }
  return {
    meter: { read: () => ({ inFlight, recentLatencyMs, availability }) },
    upstream: {
      model: upstream.model,
      provider: upstream.provider,
      call(request: InferenceRequest, context: CallContext): Promise<CallResult> {
        inFlight++
        const startedAt = performance.now()
        return upstream.call(request, context).then(result => {
          inFlight--
          const ms = performance.now() - startedAt
          note(result, ms)
          context.attempts.push({
            provider: upstream.provider,
            model: upstream.model,
            status: result.ok ? result.status : result.failure.status,
            ms,
            code: result.ok ? null : result.failure.code,
          })
          return result
        })
      },
    },
  }
}
