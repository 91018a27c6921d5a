import { performance } from 'node:perf_hooks'
import type { StreamSink } from '../inference/answer.ts'
import { createCancellation } from '../inference/cancellation.ts'
import type { InferenceRequest } from '../inference/inference-request.ts'
import type { CallContext } from '../upstream/upstream.ts'
import { costOf, usageOrEstimate } from './account.ts'
import type { Gateway } from './gateway.ts'
import type { Routed } from './route-request.ts'
import type { ServingModel } from './serving.ts'

const discard: StreamSink = { write: () => true }

/** Calls the shadow models of a decision in the background; their answers are discarded, their outcomes logged. */
export function callShadows(gateway: Gateway, routed: Routed, request: InferenceRequest): void {
  for (const model of routed.shadows)
    callShadow(gateway, routed, request, model).catch((error: unknown) =>
      gateway.observer.fault('shadow call', error),
    )
}

async function callShadow(
  gateway: Gateway,
  routed: Routed,
  request: InferenceRequest,
  { upstream }: ServingModel,
): Promise<void> {
  const context: CallContext = { cancellation: createCancellation(), attempts: [] }
  const startedMs = performance.now()
  const result = await upstream.call(request, context)
  const answer = result.ok ? result.answer : null
  const end = answer?.kind === 'stream' ? await answer.relay(discard) : null
  const seen = answer?.kind === 'whole' ? answer : end
  const usage = seen === null ? null : usageOrEstimate(seen.usage, routed, seen.outputTokensEstimate)
  const outcome = {
    costUsd: usage === null ? null : costOf(usage, routed, upstream.model),
    promptTokens: usage?.promptTokens ?? null,
    completionTokens: usage?.completionTokens ?? null,
    latencyMs: performance.now() - startedMs,
    firstTokenMs: answer?.kind === 'stream' ? answer.firstTokenMs : null,
    error: result.ok ? (end?.failure?.code ?? null) : result.failure.code,
    shadow: true,
  }
  gateway.queue.offer({
    kind: 'outcome',
    atMs: gateway.now(),
    decision: routed.record.id,
    model: upstream.model,
    outcome,
  })
  gateway.observer.shadow(routed, upstream.model, outcome)
}
