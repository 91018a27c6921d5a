import type { DecisionRecord } from './decision.ts'
import type { ModelId } from './model.ts'

/** What one call cost and how it went; it always arrives, whatever users say. */
export interface Outcome {
  /** `null` while the price of the model is unknown. */
  readonly costUsd: number | null
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly latencyMs: number | null
  /** Time to the first byte of the answer. */
  readonly firstTokenMs: number | null
  /** Error code of the closed list, or `null` for an answer. */
  readonly error: string | null
  /** The answer was discarded: exploration beside the served model. */
  readonly shadow: boolean
}

/**
 * The coin that decided whether a served answer is audited. It is logged however it fell: an estimate from audits needs the
 * probability of those that were not drawn as well.
 */
export interface AuditCoin {
  /** Probability with which the answer was to be audited, in [0, 1]; 0 where nothing could be granted (budget spent, judge down). */
  readonly probability: number
  /** An `audit` follows, or feedback of the metric `audit-missed` where there will be none. */
  readonly drawn: boolean
  /** Share `q2` of the audits that a human labels as well, in [0, 1]: their labels are J + (H/q2)(S - J). 0: no human looks. */
  readonly humanShare: number
}

/** What a feedback value measures: 'satisfaction' drives the floor; other names are kept for other constraints. */
export type Metric = 'satisfaction' | 'safety' | (string & {})

/** Who said it. */
export type FeedbackSource = 'user' | 'judge' | 'test' | 'system'

/** One feedback statement, before it is tied to a record. */
export interface Feedback {
  readonly metric: Metric
  /** In [0, 1]; 1 is satisfied. */
  readonly value: number
  readonly source: FeedbackSource
}

/** Everything a policy learns from. Folded in log order, and only once committed. */
export type LearningEvent =
  | { readonly kind: 'decision'; readonly atMs: number; readonly record: DecisionRecord }
  | {
      readonly kind: 'outcome'
      readonly atMs: number
      readonly record: DecisionRecord
      readonly model: ModelId
      readonly outcome: Outcome
      /** Of an answer that was served in a class with audits; absent everywhere else. */
      readonly coin?: AuditCoin
    }
  | {
      readonly kind: 'feedback'
      readonly atMs: number
      readonly record: DecisionRecord
      readonly model: ModelId
      readonly metric: Metric
      /** In [0, 1]. */
      readonly value: number
      readonly source: FeedbackSource
    }
  | {
      readonly kind: 'audit'
      readonly atMs: number
      readonly record: DecisionRecord
      readonly model: ModelId
      /** In [0, 1], or J + (H/q2)(S - J) where a human corrects a judge that errs: unbiased, and outside [0, 1] where they differ. */
      readonly value: number
      /** Probability with which this audit was drawn, in (0, 1]. */
      readonly probability: number
    }
  /** The feedback window of the decision closed and nobody had spoken. */
  | { readonly kind: 'silence'; readonly atMs: number; readonly record: DecisionRecord }
