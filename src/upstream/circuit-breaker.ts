import type { UpstreamFailure } from '../inference/attempt.ts'
import type { InferenceRequest } from '../inference/inference-request.ts'
import type { CallContext, CallResult, Upstream } from './upstream.ts'

/** `open`: no calls until the cool-down is over; `half-open`: one call is under way to see whether it is. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** How many failures in a row open a breaker, and for how long. */
export interface BreakerOptions {
  readonly failures: number
  readonly coolDownMs: number
}

/** Keeps calls away from an upstream that fails again and again. */
export interface CircuitBreaker {
  state(nowMs: number): BreakerState
  /** Whether a call would be let through now. */
  allows(nowMs: number): boolean
  /** Time until the next call is let through; 0 when it would be now. */
  waitMs(nowMs: number): number
  /** Asks for a call; the one after the cool-down is the only one until it has ended. */
  enter(nowMs: number): boolean
  succeeded(): void
  failed(nowMs: number): void
  /** A call ended without saying anything of the upstream: the client left, or its request was at fault. */
  left(): void
}

/** A breaker in its closed state. Time is an argument. */
export function createCircuitBreaker(options: BreakerOptions): CircuitBreaker {
  let failuresInRow = 0
  let openUntilMs: number | null = null
  let probing = false
  const state = (nowMs: number): BreakerState => {
    if (openUntilMs === null) return 'closed'
    return nowMs < openUntilMs && !probing ? 'open' : 'half-open'
  }
  const allows = (nowMs: number): boolean => openUntilMs === null || (nowMs >= openUntilMs && !probing)
  return {
    state,
    allows,
    waitMs: nowMs => (openUntilMs === null ? 0 : Math.max(0, openUntilMs - nowMs)),
    enter(nowMs) {
      if (!allows(nowMs)) return false
      if (openUntilMs !== null) probing = true
      return true
    },
    succeeded() {
      failuresInRow = 0
      openUntilMs = null
      probing = false
    },
    failed(nowMs) {
      failuresInRow++
      if (probing || failuresInRow >= options.failures) openUntilMs = nowMs + options.coolDownMs
      probing = false
    },
    left() {
      probing = false
    },
  }
}

/** Whether a failure says something of the upstream and not of the request or the client. */
function blamesUpstream(failure: UpstreamFailure): boolean {
  switch (failure.code) {
    case 'upstream_error':
    case 'upstream_unavailable':
    case 'upstream_timeout':
    case 'upstream_truncated':
    case 'upstream_invalid_response':
    case 'upstream_credentials':
    case 'upstream_not_found':
      return true
    default:
      return false
  }
}

/** Asks the breaker before each call and tells it what came of it. */
export function withCircuitBreaker(
  upstream: Upstream,
  breaker: CircuitBreaker,
  nowMs: () => number,
): Upstream {
  const tell = (result: CallResult): CallResult => {
    if (result.ok) breaker.succeeded()
    else if (blamesUpstream(result.failure)) breaker.failed(nowMs())
    else breaker.left()
    return result
  }
  return {
    model: upstream.model,
    provider: upstream.provider,
    call(request: InferenceRequest, context: CallContext): Promise<CallResult> {
      if (!breaker.enter(nowMs()))
        return Promise.resolve({ ok: false, failure: coolingDown(breaker.waitMs(nowMs())) })
      return upstream.call(request, context).then(tell)
    },
  }
}

function coolingDown(waitMs: number): UpstreamFailure {
  return {
    code: 'upstream_unavailable',
    message: `the upstream failed repeatedly and cools down for another ${Math.ceil(waitMs / 1000)} s`,
    status: null,
    retryAfterMs: waitMs,
    retryable: false,
    fallback: true,
  }
}
