import type { Gateway } from './gateway.ts'
import type { Routed } from './route-request.ts'

/** Puts a decision on its way into the log; a full queue costs telemetry, never the request. */
export function recordDecision(gateway: Gateway, routed: Routed): void {
  const { record, policy } = routed
  const { context, decision } = record
  gateway.queue.offer({ kind: 'decision', atMs: context.atMs, policy, record })
  gateway.recent.begin({
    id: record.id,
    atMs: context.atMs,
    class: context.sla.name,
    floor: context.floor,
    chosen: decision.chosen,
    mode: decision.mode,
    shadows: decision.shadows,
  })
}
