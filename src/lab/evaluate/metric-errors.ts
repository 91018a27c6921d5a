import { createRandom } from '../../routing/numeric/random.ts'
import { predictionFigures } from '../metrics/calibration.ts'
import { floorFigures, floorRun } from '../metrics/floor-figures.ts'
import { modelMeans, selectRows } from '../metrics/outcome-matrix.ts'
import { meanAndSpread } from '../metrics/paired-bootstrap.ts'
import { gapOverMixture, type PolicyMetrics } from '../metrics/policy-metrics.ts'
import { billSavedVsBestFixed, billSavedVsMixture, pointsOverMixture } from '../metrics/savings.ts'
import { targetResponse } from '../metrics/target-response.ts'
import type { DecidedRows } from './decide-rows.ts'
import type { EvaluationPlan } from './evaluation-plan.ts'
import { promptsOfRows, resampledWeights } from './prompt-weights.ts'
import type { SplitData } from './split-data.ts'

/** Standard error of every metric; `null` where it does not apply or, for `costVsClairvoyant`, is too dear to resample. */
export type MetricErrors = Readonly<Record<keyof PolicyMetrics, number | null>>

type Resampled = Readonly<Record<keyof PolicyMetrics, number | null>>

const resamples = 200

/** Standard errors of a policy's metrics on one split by resampling its test prompts. */
export function bootstrapErrors(plan: EvaluationPlan, data: SplitData, decided: DecidedRows): MetricErrors {
  const random = createRandom(`errors/${data.seed}`)
  const groups = promptsOfRows(plan.prompts, data.testRows)
  const figures = Array.from({ length: resamples }, () => {
    const weights = resampledWeights(groups, random)
    const rows = Array.from(weights.keys()).flatMap(row => new Array<number>(weights[row] ?? 0).fill(row))
    return metricsOn(Int32Array.from(rows), data, decided)
  })
  const errorOf = (name: keyof PolicyMetrics): number | null => {
    const values = figures.map(each => each[name]).filter(value => value !== null)
    return values.length < 2 ? null : meanAndSpread(values).sd
  }
  const names = Object.keys(figures[0] ?? {}) as (keyof PolicyMetrics)[]
  return Object.fromEntries(names.map(name => [name, errorOf(name)])) as MetricErrors
}

function metricsOn(rows: Int32Array, data: SplitData, { choices, predicted }: DecidedRows): Resampled {
  const test = selectRows(data.test, rows)
  const means = modelMeans(test)
  const runs = data.floors
    .map((floor, f) =>
      floorRun(
        test,
        rows.map(row => choices[f]?.[row] ?? 0),
        floor,
      ),
    )
    .slice(data.summarisedFrom)
  const beliefs = predicted === null ? null : selectRows(predicted, rows)
  return {
    ...floorFigures(runs),
    ...targetResponse(
      runs.map(run => run.floor),
      runs.map(run => run.satisfaction),
    ),
    billSavedVsBestFixed: billSavedVsBestFixed(runs, data.trainingMeans, means),
    billSavedVsMixture: billSavedVsMixture(runs, means),
    pointsOverMixture: pointsOverMixture(runs, means),
    costVsClairvoyant: null,
    ...(beliefs === null
      ? { gap: null, brier: null, auc: null, ece: null }
      : {
          gap: gapOverMixture(beliefs, test),
          ...predictionFigures(beliefs.satisfaction, test.satisfaction, test.models),
        }),
  }
}
