import type { Answer } from '../inference/answer.ts'
import type { UpstreamFailure } from '../inference/attempt.ts'
import type { InferenceRequest } from '../inference/inference-request.ts'
import type { CallContext, Upstream } from './upstream.ts'

/** The answer with the upstream that gave it, or the last failure. */
export type FallbackResult =
  | { readonly ok: true; readonly upstream: Upstream; readonly answer: Answer }
  | { readonly ok: false; readonly upstream: Upstream; readonly failure: UpstreamFailure }

/** Upstreams in the order in which they are called; all but the first are looked for only when they are needed. */
export interface CallOrder {
  readonly first: Upstream
  rest(): readonly Upstream[]
}

/**
 * Calls the upstreams in order until one answers. A stream counts as answered at its first output: there is no way
 * back after it. A request that a provider refuses as faulty is not offered to the next one.
 */
export async function callWithFallback(
  order: CallOrder,
  request: InferenceRequest,
  context: CallContext,
): Promise<FallbackResult> {
  let upstream = order.first
  let result = await upstream.call(request, context)
  if (result.ok) return { ok: true, upstream, answer: result.answer }
  for (const next of order.rest()) {
    if (context.cancellation.cancelled || !result.failure.fallback) break
    upstream = next
    result = await upstream.call(request, context)
    if (result.ok) return { ok: true, upstream, answer: result.answer }
  }
  return { ok: false, upstream, failure: result.failure }
}
