import type { DecisionRecord } from '../routing/decision.ts'
import type { Feedback } from '../routing/learning-event.ts'
import type { Random } from '../routing/numeric/random.ts'

/** How decisions are audited in a replay. */
export interface AuditSpec {
  /** Largest share of the decisions, in expectation, that may be audited; 0: none. */
  readonly budget: number
  /** A judge that calls unsatisfied answers satisfied and satisfied ones unsatisfied at these rates; `null`: no errors. */
  readonly judge: { readonly falsePositive: number; readonly falseNegative: number } | null
  /** Share of the audited decisions that a human labels truly as well; only with a judge that errs. */
  readonly humanShare: number
}

/** The coin of one decision and, where it fell so, the label. */
export interface Audit {
  /** Probability with which this decision was audited, in [0, 1]. */
  readonly probability: number
  /**
   * `null` when not audited. With humans beside a judge it is J + (H/q)(S - J), unbiased for the human's label and
   * outside [0, 1] where the two differ.
   */
  readonly value: number | null
}

/** Draws the audits of one run. */
export interface Auditor {
  audit(wish: AuditWish, random: Random): Audit
}

/** One decision that may be audited. */
export interface AuditWish {
  readonly record: DecisionRecord
  /** What the user said, where somebody complained. */
  readonly feedback: Feedback | undefined
  /** True label of the chosen model in [0, 1]. */
  readonly label: number
  /** The probability that the policy asks for. */
  readonly ask: (record: DecisionRecord, feedback?: Feedback) => number
}

const noAudit: Audit = { probability: 0, value: null }

/**
 * Creates the auditor of a run. It grants what the policy asks for as long as the probabilities granted so far sum to
 * at most `budget` per decision; the sum depends on probabilities alone, so that granted ones stay honest.
 */
export function createAuditor(spec: AuditSpec): Auditor {
  let decisions = 0
  let granted = 0
  return {
    audit(wish, random) {
      decisions++
      if (spec.budget <= 0) return noAudit
      const asked = wish.ask(wish.record, wish.feedback)
      // The tolerance keeps a constant request for the whole budget from losing to rounding.
      const probability = Math.min(asked, 1, Math.max(0, spec.budget * decisions - granted + 1e-9))
      if (!(probability > 1e-6)) return noAudit
      granted += probability
      if (random.next() >= probability) return { probability, value: null }
      return { probability, value: auditLabel(spec, wish.label, random) }
    },
  }
}

function auditLabel(spec: AuditSpec, label: number, random: Random): number {
  if (spec.judge === null) return label
  const rate = label > 0 ? spec.judge.falseNegative : spec.judge.falsePositive
  const judged = random.next() < rate ? 1 - label : label
  const human = spec.humanShare > 0 && random.next() < spec.humanShare
  return human ? judged + (label - judged) / spec.humanShare : judged
}
