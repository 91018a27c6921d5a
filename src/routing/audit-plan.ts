import type { DecisionId } from './decision.ts'
import { createRandom } from './numeric/random.ts'

/**
 * How likely a decision is to be audited: fixed with the decision, before anything is known of the answer. Whether it is
 * drawn follows from its id (`isDrawnForAudit`), so that the log alone says which decisions could have been labelled and were not.
 */
export interface AuditPlan {
  /** Probability q of an audit, in (0, 1]. */
  readonly probability: number
  /**
   * Share q2 of the audits, in (0, 1], in which a human corrects the judge: the audit's value is then J + (H/q2)(S - J), J the
   * judge's label, H whether a human looked, S what the human said. 1: the label is taken as the truth.
   */
  readonly humanShare: number
}

/** The coin of a decision: true with this probability, whatever the answer; equal ids give equal coins. */
export function isDrawnForAudit(decision: DecisionId, probability: number): boolean {
  return createRandom(`audit/${decision}`).next() < probability
}

/** Metrics of the feedback by which audits tell more than a label; none of them is satisfaction. */
export const auditMetrics = {
  /** An audit was drawn, and no label will come. */
  missed: 'audit-missed',
  /** What the judge said of an answer that a human judged as well, in [0, 1]. */
  judge: 'judge-verdict',
  /** What the human said of it, in [0, 1]. */
  human: 'human-verdict',
} as const
