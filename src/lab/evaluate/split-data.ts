import type { TrainingRows } from '../../routing/policy.ts'
import { type ModelMeans, modelMeans, type OutcomeMatrix, outcomeMatrix } from '../metrics/outcome-matrix.ts'
import type { PreparedTrace } from '../prepare-trace.ts'
import { trainingRows } from '../training-rows.ts'
import type { EvaluationPlan } from './evaluation-plan.ts'
import { type Floors, floorsOf } from './floor-spec.ts'
import type { EvaluationSplit } from './split.ts'

/** One split as arrays. */
export interface SplitData extends Floors {
  readonly seed: number
  readonly training: TrainingRows
  readonly trainingMeans: ModelMeans
  readonly test: OutcomeMatrix
  readonly testMeans: ModelMeans
  /** Rows of the test trace, in the order of `test`. */
  readonly testRows: Int32Array
}

/** Lays one split out. */
export function splitData(plan: EvaluationPlan, split: EvaluationSplit): SplitData {
  const { models } = plan.training.trace
  const training = trainingRows(plan.training, [...split.training], models)
  const trainingMeans = modelMeans(outcomeMatrix(training.satisfaction, training.costUsd, models.length))
  const test = outcomesOf(plan.test, split.test)
  return {
    seed: split.seed,
    training,
    trainingMeans,
    test,
    testMeans: modelMeans(test),
    testRows: split.test,
    ...floorsOf(plan.floors, trainingMeans),
  }
}

/** Scores and costs of some rows of a trace. */
export function outcomesOf({ trace }: PreparedTrace, rows: ArrayLike<number>): OutcomeMatrix {
  const models = trace.models.length
  const satisfaction = new Float64Array(rows.length * models)
  const costUsd = new Float64Array(rows.length * models)
  for (let i = 0; i < rows.length; i++) {
    const row = trace.rows[rows[i] ?? -1]
    if (row === undefined) throw new RangeError(`row ${rows[i]} lies outside trace '${trace.name}'`)
    satisfaction.set(row.scores, i * models)
    costUsd.set(row.costsUsd, i * models)
  }
  return outcomeMatrix(satisfaction, costUsd, models)
}
