import type { Cancellation } from '../inference/cancellation.ts'
import type { InferenceRequest } from '../inference/inference-request.ts'
import type { CallContext, CallResult, Upstream } from './upstream.ts'

/** When a call is made again. */
export interface RetryOptions {
  /** Calls in all, the first included; at least 1. */
  readonly attempts: number
  readonly baseDelayMs: number
  /** A provider that asks for a longer wait is not waited for: another model may answer sooner. */
  readonly maxDelayMs: number
  /** Uniform in [0, 1): spreads the retries of many clients. */
  readonly random: () => number
}

/** Makes a failed call again while the provider calls it temporary, after the wait that the provider asked for. */
export function withRetry(upstream: Upstream, options: RetryOptions): Upstream {
  const again = async (
    request: InferenceRequest,
    context: CallContext,
    first: CallResult,
  ): Promise<CallResult> => {
    let result = first
    for (let made = 1; made < options.attempts && !result.ok && result.failure.retryable; made++) {
      const backoffMs = options.baseDelayMs * 2 ** (made - 1) * (0.5 + options.random() / 2)
      const delayMs = result.failure.retryAfterMs ?? backoffMs
      if (delayMs > options.maxDelayMs) break
      await pause(delayMs, context.cancellation)
      if (context.cancellation.cancelled) break
      result = await upstream.call(request, context)
    }
    return result
  }
  return {
    model: upstream.model,
    provider: upstream.provider,
    // Every request passes here, and a callback costs less than a suspended function.
    call: (request, context) =>
      upstream.call(request, context).then(result => (result.ok ? result : again(request, context, result))),
  }
}

function pause(delayMs: number, cancellation: Cancellation): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, delayMs)
    cancellation.onCancel({
      cancel() {
        clearTimeout(timer)
        resolve()
      },
    })
  })
}
