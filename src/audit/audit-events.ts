import { auditMetrics } from '../routing/audit-plan.ts'
import { decisionId } from '../routing/decision.ts'
import { modelId } from '../routing/model.ts'
import type { WaitingAudit } from '../store/audit-desk.ts'
import { type NewEvent, ownKeyPrefix } from '../store/store.ts'
import type { AuditTask } from './judge.ts'

/** Why an answer that was drawn gets no label. */
export type MissedReason =
  | 'no-verdict'
  | 'judge-failed'
  | 'deadline'
  | 'too-large'
  | 'not-served'
  | 'expired'
  | 'deleted'
  | 'store-failed'
  | 'stopped'

/** The label of an audit. */
export function auditEvent(task: AuditTask, value: number, atMs: number): NewEvent {
  const { decisionId: decision, model, probability } = task
  return { kind: 'audit', atMs, decision, model, value, probability }
}

/** An audit without a label: whoever waits for one need not wait on. */
export function missedEvent(task: Pick<AuditTask, 'decisionId' | 'model'>, atMs: number): NewEvent {
  return statement(task, auditMetrics.missed, 0, atMs)
}

/**
 * What a human's verdict adds to the log. Where a judge spoke before, the label is J + (H/q2)(S - J): over the coins its
 * expectation is the human's label, whatever the judge says. Both verdicts are logged, which is how the judge's error is known.
 */
export function humanEvents(waiting: WaitingAudit, value: number, atMs: number): readonly NewEvent[] {
  const { judged, humanShare, probability } = waiting
  const about = { decisionId: decisionId(waiting.decision), model: modelId(waiting.model) }
  const label = judged === null ? value : judged + (value - judged) / humanShare
  const audit: NewEvent = {
    kind: 'audit',
    atMs,
    decision: about.decisionId,
    model: about.model,
    value: label,
    probability,
  }
  if (judged === null) return [audit]
  return [
    statement(about, auditMetrics.judge, judged, atMs),
    statement(about, auditMetrics.human, value, atMs),
    audit,
  ]
}

function statement(
  { decisionId: decision, model }: Pick<AuditTask, 'decisionId' | 'model'>,
  metric: string,
  value: number,
  atMs: number,
): NewEvent {
  const idempotencyKey = `${ownKeyPrefix}${metric}`
  const source = metric === auditMetrics.missed ? 'system' : 'judge'
  return { kind: 'feedback', atMs, decision, model, metric, value, source, idempotencyKey }
}
