import type { LearningEvent } from '../learning-event.ts'
import type { ModelId } from '../model.ts'
import type { LabelSource } from '../price/promise-keeper.ts'
import type { FeedbackKind } from '../sla.ts'

/** One label that may be averaged as it is. */
export interface Label {
  readonly model: ModelId
  /** In [0, 1]. */
  readonly value: number
}

/** Whether users of such a class praise as well as complain, so that their labels average to the truth. */
export function usersSayBoth(kind: FeedbackKind): boolean {
  return kind === 'full' || kind === 'chosen' || kind === 'sparse'
}

/**
 * The label of an event, if a plain mean may use it; `null` otherwise.
 * Where users only complain, or say nothing, their labels would average to zero: there only audits count,
 * which the policies that use this function draw with one fixed probability, so that they are unbiased without weights.
 * Silence is no label.
 */
export function usableLabel(event: LearningEvent, auditBudget: number): Label | null {
  const fromUsers = usersSayBoth(event.record.context.sla.feedback)
  switch (event.kind) {
    case 'feedback':
      return event.metric === 'satisfaction' && fromUsers ? { model: event.model, value: event.value } : null
    case 'audit':
      return !fromUsers && auditBudget > 0 ? { model: event.model, value: event.value } : null
    case 'decision':
    case 'outcome':
    case 'silence':
      return null
  }
}

/**
 * The labels that MESS+ sees: every one that arrives, missing ones skipped (arXiv 2505.19947, sparse feedback). Where users
 * only complain and nothing is audited, that means complaints alone; with audits it is `usableLabel`.
 */
export function arrivingLabel(event: LearningEvent, auditBudget: number): Label | null {
  const complaintsOnly = auditBudget === 0 && event.record.context.sla.feedback === 'one-sided'
  if (complaintsOnly && event.kind === 'feedback' && event.metric === 'satisfaction') {
    return { model: event.model, value: event.value }
  }
  return usableLabel(event, auditBudget)
}

/** Audit probability of the policies that average labels: the whole budget where users' labels are unusable, none elsewhere. */
export function plainAuditProbability(kind: FeedbackKind, auditBudget: number): number {
  return usersSayBoth(kind) ? 0 : auditBudget
}

/** Whether a class of this kind can ever bring labels. */
export function bringsLabels(kind: FeedbackKind, auditBudget: number): boolean {
  return usersSayBoth(kind) || auditBudget > 0
}

/** Where the labels of a class of this kind come from. */
export function labelSource(kind: FeedbackKind, auditBudget: number): LabelSource {
  if (usersSayBoth(kind)) return { kind: 'users' }
  return auditBudget > 0 ? { kind: 'audits', least: auditBudget } : { kind: 'nowhere' }
}
