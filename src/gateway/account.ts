import { performance } from 'node:perf_hooks'
import type { ErrorCode } from '../inference/errors.ts'
import { costUsd, estimatedUsage, type Usage } from '../inference/usage.ts'
import type { Outcome } from '../routing/learning-event.ts'
import type { ModelId } from '../routing/model.ts'
import type { CallContext } from '../upstream/upstream.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import type { Routed } from './route-request.ts'

/** A request whose calls have begun, with the model that answered or failed last. */
export interface Called {
  readonly routed: Routed
  readonly context: CallContext
  /** When the first call began, of the monotonic clock. */
  readonly calledMs: number
  readonly model: ModelId
}

/** How a request ended. */
export interface Ending {
  /** `null` where no answer was begun. */
  readonly usage: Usage | null
  readonly firstTokenMs: number | null
  readonly error: ErrorCode | null
}

/** What the provider reported, or an estimate from lengths where it reported nothing. */
export function usageOrEstimate(usage: Usage | null, routed: Routed, outputTokens: number): Usage {
  return usage ?? estimatedUsage(routed.record.context.promptTokens, outputTokens)
}

/** Cost of a call by the prices that the decision saw; `null` while unknown. */
export function costOf(usage: Usage, routed: Routed, model: ModelId): number | null {
  const spec = routed.record.context.models.find(candidate => candidate.id === model)
  return costUsd(usage, spec?.priceUsdPerMillion ?? null)
}

/** Closes the books of a request: its outcome in the log, its line in the request log, its share of the metrics. */
export function account(gateway: Gateway, exchange: Exchange, called: Called, ending: Ending): void {
  const { routed, model } = called
  const nowMs = performance.now()
  const cost = ending.usage === null ? null : costOf(ending.usage, routed, model)
  const outcome: Outcome = {
    costUsd: cost,
    promptTokens: ending.usage?.promptTokens ?? null,
    completionTokens: ending.usage?.completionTokens ?? null,
    latencyMs: nowMs - called.calledMs,
    firstTokenMs: ending.firstTokenMs,
    error: ending.error,
    shadow: false,
  }
  gateway.queue.offer({ kind: 'outcome', atMs: gateway.now(), decision: routed.record.id, model, outcome })
  // A stream that broke has been partly served: what users say of it is about this model.
  const served = ending.error === null || ending.usage !== null ? model : null
  gateway.recent.end(routed.record.id, {
    served,
    costUsd: cost,
    latencyMs: nowMs - called.calledMs,
    status: ending.error ?? 'ok',
  })
  const upstreamMs = called.context.attempts.reduce((sum, attempt) => sum + attempt.ms, 0)
  gateway.observer.request({
    exchange,
    routed,
    model,
    outcome,
    estimated: ending.usage?.estimated ?? false,
    attempts: called.context.attempts,
    durationMs: nowMs - exchange.startedMs,
    overheadMs: ending.firstTokenMs === null ? nowMs - exchange.startedMs - upstreamMs : null,
  })
}
