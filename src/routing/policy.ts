import type { Decision, DecisionRecord, RoutingContext } from './decision.ts'
import type { Features } from './features/features.ts'
import type { Feedback, LearningEvent } from './learning-event.ts'
import type { ModelSpec } from './model.ts'
import type { Random } from './numeric/random.ts'
import type { PromiseKind } from './sla.ts'

/** Learned state as bytes: equal states give equal bytes. */
export interface PolicySnapshot {
  /** Name of the policy that wrote it, with its arguments. */
  readonly policy: string
  /** Format of the bytes; a policy refuses a schema that it does not know. */
  readonly schema: number
  readonly bytes: Uint8Array
}

/** Why a floor cannot be met, as far as the policy has learned. */
export interface Infeasibility {
  /** Number of decisions of the class when it was declared. */
  readonly atDecision: number
  readonly bindingConstraint: string
  /** Best reachable value of that constraint. */
  readonly reachable: number
}

/** Something that the policy noticed and the operator should know; it changes no promise by itself. */
export interface PolicyAlarm {
  readonly atDecision: number
  /** For example `change:provider/model`. */
  readonly kind: string
}

/** What keeping the promise as it is meant takes at present. */
export interface PromiseReport {
  readonly kind: PromiseKind
  /** How far above the floor the policy aims so that the certificate is reached and kept; 0 on average. */
  readonly margin: number
  /** What that margin costs, by the plan, in USD per request. */
  readonly extraCostUsd: number
  /** Labels more until the floor is certified, if the margin is met from now on: 0 while it is, `null` if there is no telling. */
  readonly labelsNeeded: number | null
  /** The present window, where the promise is kept in windows. */
  readonly window?: {
    /** Counted from 1. */
    readonly ordinal: number
    readonly requests: number
    /** Requests of the whole window by forecast. */
    readonly forecast: number
    /** Mean satisfaction that is planned for: the floor, more in the second half of a window that is behind. */
    readonly target: number
  }
  /** Why nothing can be known of the promise, and what would change that; `null` where labels come. */
  readonly remark: string | null
}

/** What a policy can say of one SLA class at its present state. */
export interface ClassReport {
  /** Price of satisfaction in USD per extra satisfied request; `null` where the policy has none. */
  readonly priceUsd: number | null
  /** Sum of (floor - satisfaction) so far, in requests; positive: the class is behind. */
  readonly debt: number
  /** Best reachable satisfaction by the policy's own predictions; `null` while unknown. */
  readonly reachable: number | null
  readonly infeasible: Infeasibility | null
  /** Absent from policies that know no promise but the mean. */
  readonly promise?: PromiseReport
  readonly alarms: readonly PolicyAlarm[]
}

/**
 * A routing policy: a fold over the event log with a pure decision on top.
 *
 * `decide` is synchronous and changes no learned state; `learn` is synchronous and deterministic;
 * equal seeds and events give equal snapshot bytes (see `policy.contract.ts`).
 */
export interface Policy {
  readonly name: string
  decide(context: RoutingContext, random: Random): Decision
  /** Probability in [0, 1] with which the caller should have this decision audited; the caller draws and logs the coin. */
  auditProbability(record: DecisionRecord, feedback?: Feedback): number
  learn(event: LearningEvent): void
  /** What is known of a class; `null` before its first decision. */
  report(className: string): ClassReport | null
  snapshot(): PolicySnapshot
}

/** Fully labelled rows for offline training: every model answered every prompt. */
export interface TrainingRows {
  readonly models: readonly ModelSpec[]
  readonly features: readonly Features[]
  readonly promptTokens: readonly number[]
  /** Row-major [rows x models], satisfaction in [0, 1]. */
  readonly satisfaction: Float64Array
  /** Row-major [rows x models], USD. */
  readonly costUsd: Float64Array
}

/** What a policy predicts of each of its training rows when that row is left out: row-major [rows x models]. */
export interface CrossFittedPredictions {
  readonly satisfaction: Float64Array
  /** USD. */
  readonly costUsd: Float64Array
}

/** What a policy is built from. */
export interface PolicySetup {
  /** Values for the parameters that the definition lists; others are refused. */
  readonly parameters: Readonly<Record<string, number>>
  /** Rows to train on before the first request; `null` for a cold start. */
  readonly training: TrainingRows | null
  /** State to continue from; with it `training` must be the same as at the first start, or `null`. */
  readonly snapshot: PolicySnapshot | null
  /** Share of decisions that the policy may have audited, in [0, 1]. */
  readonly auditBudget: number
  /** Hears once, when a policy that predicts has been trained, how it does on rows that it has not seen. */
  readonly onTrained?: (predictions: CrossFittedPredictions) => void
}

/** One adjustable number of a policy. */
export interface PolicyParameter {
  readonly name: string
  readonly default: number
  readonly min: number
  readonly max: number
  readonly meaning: string
}

/** How a training went: means over equal stretches of it. */
export interface TrainingCurve {
  readonly columns: readonly string[]
  /** `step` is the last one of the stretch; a value is `null` where the stretch says nothing of its column. */
  readonly points: readonly { readonly step: number; readonly values: readonly (number | null)[] }[]
}

/** A training in steps, for a policy whose training takes long: it can be watched, stopped and gone on with. */
export interface PolicyTrainer {
  /** Steps of the whole training. */
  readonly steps: number
  readonly done: number
  readonly curve: TrainingCurve
  /** Trains at most so many further steps. Deterministic: how the steps are cut makes no difference. */
  advance(steps: number): void
  /** The training's state as bytes, for going on from it with the same setup. */
  checkpoint(): Uint8Array
  /** The trained policy. Throws a RangeError before the last step. */
  finish(): Policy
}

/** How a policy is found by name and built. */
export interface PolicyDefinition {
  /** `plimsoll`, `mess-plus`, or `fixed` with an argument after the colon. */
  readonly name: string
  readonly summary: string
  readonly parameters: readonly PolicyParameter[]
  /** With its default parameters it refuses a cold start: it must be trained on rows, or continue from a snapshot. */
  readonly needsTraining?: boolean
  /** It reads `Features.ngrams`: whoever makes features for it counts n-grams as well. */
  readonly readsNgrams?: boolean
  /** It aims above the floor where a class promises a certificate; absent: it holds the mean at best. */
  readonly certifies?: boolean
  /** `argument` is what follows the colon in `fixed:MODEL`, `null` without one. */
  create(setup: PolicySetup, argument: string | null): Policy
  /**
   * Present where training goes in steps; `create` with the same setup gives what this does at its end. `checkpoint`, where it is
   * not `null`, was made with the same setup. Throws a RangeError without training rows, and for a checkpoint of another shape.
   */
  trainer?(setup: PolicySetup, argument: string | null, checkpoint: Uint8Array | null): PolicyTrainer
}
