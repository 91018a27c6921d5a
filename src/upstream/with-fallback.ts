import type { Answer } from '../inference/answer.ts'
import type { UpstreamFailure } from '../inference/attempt.ts'
import type { InferenceRequest } from '../inference/inference-request.ts'
import type { CallContext, Upstream } from './upstream.ts'

/** The answer with the upstream that gave it, or the last failure. */
export type FallbackResult =
  | { readonly ok: true; readonly upstream: Upstream; readonly answer: Answer }
  | { readonly ok: false; readonly upstream: Upstream; readonly failure: UpstreamFailure }

/**
 * Calls the upstreams in order until one answers. A stream counts as answered at its first output: there is no way
 * back after it. A request that a provider refuses as faulty is not offered to the next one.
 */
export async function callWithFallback(
  order: readonly [Upstream, ...Upstream[]],
  request: InferenceRequest,
  context: CallContext,
): Promise<FallbackResult> {
  let [upstream] = order
  for (let i = 0; ; i++) {
    upstream = order[i] ?? upstream
    const result = await upstream.call(request, context)
    if (result.ok) return { ok: true, upstream, answer: result.answer }
    const last = i + 1 >= order.length || context.cancellation.cancelled
    if (last || !result.failure.fallback) return { ok: false, upstream, failure: result.failure }
  }
}
