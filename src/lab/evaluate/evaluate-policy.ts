import { createPolicy } from '../../routing/policies/registry.ts'
import type { Policy } from '../../routing/policy.ts'
import { type CalibrationBin, calibrationBins } from '../metrics/calibration.ts'
import { type FloorRun, floorRun } from '../metrics/floor-figures.ts'
import { oracleChoices, type RouterPoint } from '../metrics/outcome-matrix.ts'
import { type PolicyMetrics, policyMetrics } from '../metrics/policy-metrics.ts'
import { priceCurve, priceGrid } from '../metrics/price-curve.ts'
import { SpecificationError } from '../specification-error.ts'
import { type DecidedRows, decideRows } from './decide-rows.ts'
import type { EvaluationPlan } from './evaluation-plan.ts'
import { bootstrapErrors, type MetricErrors } from './metric-errors.ts'
import { namedPolicy } from './named-policy.ts'
import { answersFloors, rehearse } from './rehearse.ts'
import { type SplitData, splitData } from './split-data.ts'

/** One policy on one split. */
export interface EvaluationTask {
  readonly policy: string
  /** Position of the split in the plan. */
  readonly split: number
}

/** What a policy did on one split. */
export interface PolicyResult extends DecidedRows {
  readonly policy: string
  readonly seed: number
  /** One per floor. */
  readonly runs: readonly FloorRun[]
  /** Over the floors that summaries count. */
  readonly metrics: PolicyMetrics
  /** Standard errors by resampling prompts; `null` where they come from several splits. */
  readonly errors: MetricErrors | null
  /** Where the policy's predictions lead at every price; `null` without predictions. */
  readonly curve: readonly RouterPoint[] | null
  /** Calibration curve over the pairs of row and model; `null` without predictions. */
  readonly calibration: readonly CalibrationBin[] | null
  /** True for a policy that had to run over the training rows once to find its prices. */
  readonly rehearsed: boolean
  /** Wall time in seconds. */
  readonly trainingSeconds: number
  readonly decidingSeconds: number
}

/** Trains one policy on one split and decides its test rows under every floor. Throws `SpecificationError`. */
export function evaluatePolicy(
  plan: EvaluationPlan,
  task: EvaluationTask,
  onDecisions: (count: number) => void,
): PolicyResult {
  const split = plan.splits[task.split]
  if (split === undefined) throw new RangeError(`no split ${task.split}; there are ${plan.splits.length}`)
  const data = splitData(plan, split)
  const decided =
    task.policy === 'oracle'
      ? oracleRows(data, onDecisions)
      : trainAndDecide(plan, { name: task.policy, rows: split.training, data }, onDecisions)
  const { choices, predicted } = decided
  const runs = data.floors.map((floor, f) => floorRun(data.test, choices[f] ?? new Int32Array(), floor))
  const outcome = {
    runs: runs.slice(data.summarisedFrom),
    training: data.trainingMeans,
    test: data.test,
    predicted,
  }
  return {
    ...decided,
    policy: task.policy,
    seed: data.seed,
    runs,
    metrics: policyMetrics(outcome),
    errors: plan.bootstrap ? bootstrapErrors(plan, data, { choices, predicted }) : null,
    curve: predicted === null ? null : priceCurve(predicted, data.test, priceGrid(data.testMeans)),
    calibration: predicted === null ? null : calibrationBins(predicted.satisfaction, data.test.satisfaction),
  }
}

type Decided = DecidedRows & Pick<PolicyResult, 'rehearsed' | 'trainingSeconds' | 'decidingSeconds'>

function oracleRows(data: SplitData, onDecisions: (count: number) => void): Decided {
  const choices = oracleChoices(data.test)
  onDecisions(data.floors.length * data.test.rows)
  return {
    choices: data.floors.map(() => choices),
    predicted: null,
    rehearsed: false,
    trainingSeconds: 0,
    decidingSeconds: 0,
  }
}

interface TrainedOn {
  readonly name: string
  /** Rows of the training trace. */
  readonly rows: Int32Array
  readonly data: SplitData
}

function trainAndDecide(
  plan: EvaluationPlan,
  { name, rows, data }: TrainedOn,
  onDecisions: (count: number) => void,
): Decided {
  const startedMs = performance.now()
  const policy = trained(name, data)
  const rehearsal = { prepared: plan.training, rows, data }
  const rehearsed = !answersFloors(policy, rehearsal)
  if (rehearsed) rehearse(policy, rehearsal)
  const trainedMs = performance.now()
  const decided = decideRows(policy, {
    prepared: plan.test,
    rows: data.testRows,
    models: data.training.models,
    floors: data.floors,
    seed: data.seed,
    onDecisions,
  })
  return {
    ...decided,
    rehearsed,
    trainingSeconds: (trainedMs - startedMs) / 1000,
    decidingSeconds: (performance.now() - trainedMs) / 1000,
  }
}

function trained(name: string, data: SplitData): Policy {
  try {
    const { policy, parameters } = namedPolicy(name)
    return createPolicy(policy, { parameters, training: data.training, snapshot: null, auditBudget: 0 })
  } catch (error) {
    if (error instanceof RangeError) throw new SpecificationError(error.message, { cause: error })
    throw error
  }
}
