import type { AuditPlan } from './audit-plan.ts'
import type { Features } from './features/features.ts'
import type { ModelId, ModelSpec } from './model.ts'
import type { SlaClass } from './sla.ts'

declare const decisionIdBrand: unique symbol

/** Names one decision; randomness is seeded from it, so that a decision can be recomputed from its id and record. */
export type DecisionId = string & { readonly [decisionIdBrand]: true }

/** Marks a string as a decision's id. */
export function decisionId(text: string): DecisionId {
  return text as DecisionId
}

/** Position in the committed event log: the sequence number of the last event seen. 0 is before the first. */
export type Cursor = number

/** State of one upstream at the moment of a decision. */
export interface UpstreamLoad {
  readonly inFlight: number
  /** Recent time to the first token; `null` until something was measured. */
  readonly recentLatencyMs: number | null
  /** Share of recent calls that succeeded, in [0, 1]. */
  readonly availability: number
}

/** All that a policy may know of a request. */
export interface RoutingContext {
  readonly sla: SlaClass
  /** The floor of this request: the class's, or the one that the request brought, in (0, 1). */
  readonly floor: number
  readonly atMs: number
  /** Eligible models: non-empty, in a stable order. */
  readonly models: readonly ModelSpec[]
  readonly features: Features
  /** Tokens of the prompt, counted or estimated. */
  readonly promptTokens: number
  /** One entry per model, same order; empty where no load is measured (a lab). */
  readonly load: readonly UpstreamLoad[]
}

/** What a constraint costs at the margin when this decision was made. */
export interface ConstraintPrice {
  readonly constraint: string
  /** USD per unit of violation avoided; for `satisfaction`: USD per extra satisfied request. */
  readonly priceUsd: number
}

/** What the policy believed of one model for this request. */
export interface ModelEstimate {
  readonly model: ModelId
  /** Predicted probability that the answer satisfies, in [0, 1]; `null` where the policy predicts none. */
  readonly satisfaction: number | null
  /** Predicted cost of the call in USD; `null` while unknown. */
  readonly costUsd: number | null
  /** The value that the policy minimised; lower is better. Comparable only within one decision. */
  readonly score: number
}

/** A policy's answer for one request. */
export interface Decision {
  readonly chosen: ModelId
  readonly mode: 'exploit' | 'explore'
  /** Models called as well, their answers discarded. */
  readonly shadows: readonly ModelId[]
  readonly prices: readonly ConstraintPrice[]
  /** Probability with which each model of the context could have been chosen; sums to one. */
  readonly probabilities: Float64Array
  /** Best first: the explanation and the fallback order. */
  readonly estimates: readonly ModelEstimate[]
}

/** A decision with all that `decide` saw: what makes replay equal to serving. */
export interface DecisionRecord {
  readonly id: DecisionId
  readonly context: RoutingContext
  readonly decision: Decision
  /** The policy instance that decided had folded the log up to here. */
  readonly learnedUpTo: Cursor
  /** Absent: the decision cannot be audited. */
  readonly audit?: AuditPlan
}

/** Position of a model in the context's list; throws when it is absent. */
export function modelIndex(context: RoutingContext, model: ModelId): number {
  const index = context.models.findIndex(spec => spec.id === model)
  if (index < 0) throw new RangeError(`model ${model} is not among the eligible models of this decision`)
  return index
}

/** The estimate that a decision held for a model; `undefined` when the model was not eligible. */
export function estimateOf(record: DecisionRecord, model: ModelId): ModelEstimate | undefined {
  return record.decision.estimates.find(estimate => estimate.model === model)
}
