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
