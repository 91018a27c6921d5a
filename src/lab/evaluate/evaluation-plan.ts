import { groupPrompts, type PromptGroups } from '../metrics/prompt-groups.ts'
import type { PreparedTrace } from '../prepare-trace.ts'
import type { Trace } from '../trace.ts'
import type { FloorSpec } from './floor-spec.ts'
import { type EvaluationSplit, randomSplits, traceSplit } from './split.ts'

/** What an evaluation does, before anything is computed. */
export interface EvaluationRequest {
  readonly prepared: PreparedTrace
  /** Policies by name, as `createPolicy` takes them, or `oracle`. */
  readonly policies: readonly string[]
  readonly floors: FloorSpec
  readonly rows:
    | { readonly kind: 'random'; readonly trainingShare: number; readonly seeds: readonly number[] }
    /** Trains on `prepared`, tests on this trace, whose models are the same in the same order. */
    | { readonly kind: 'trace'; readonly test: PreparedTrace }
}

/** Everything that the tasks of one evaluation have in common; plain data, so that it can go to other threads. */
export interface EvaluationPlan {
  readonly training: PreparedTrace
  /** The same object where test rows are split off the one trace. */
  readonly test: PreparedTrace
  readonly policies: readonly string[]
  readonly floors: FloorSpec
  readonly splits: readonly EvaluationSplit[]
  /** Prompts of the test trace's rows, by which they are resampled. */
  readonly prompts: PromptGroups
  /** True where errors come from resampling one split, not from the spread over several. */
  readonly bootstrap: boolean
}

/** Splits the rows. Throws `SpecificationError` where a side stays empty. */
export function planEvaluation(request: EvaluationRequest): EvaluationPlan {
  const { prepared, policies, floors, rows } = request
  const test = rows.kind === 'trace' ? rows.test : prepared
  const splits =
    rows.kind === 'trace'
      ? [traceSplit(prepared.trace, test.trace)]
      : randomSplits(prepared.trace, rows.trainingShare, rows.seeds)
  const prompts = groupPrompts(test.trace.rows.map(row => row.prompt))
  return { training: prepared, test, policies, floors, splits, prompts, bootstrap: rows.kind === 'trace' }
}

/** Prompts and answers have served their turn once the rows are split; copying them to every thread would cost memory. */
export function withoutTexts(plan: EvaluationPlan): EvaluationPlan {
  const training = stripped(plan.training)
  return { ...plan, training, test: plan.test === plan.training ? training : stripped(plan.test) }
}

function stripped(prepared: PreparedTrace): PreparedTrace {
  const rows = prepared.trace.rows.map(row => ({
    ...row,
    prompt: '',
    answers: null,
    completionTokens: null,
    latencyMs: null,
  }))
  const trace: Trace = { ...prepared.trace, rows }
  return { ...prepared, trace }
}
