import { type PredictionFigures, predictionFigures } from './calibration.ts'
import { type FloorFigures, type FloorRun, floorFigures } from './floor-figures.ts'
import { frontierGap } from './frontier-gap.ts'
import { type ModelMeans, modelMeans, type OutcomeMatrix } from './outcome-matrix.ts'
import { meanAndSpread } from './paired-bootstrap.ts'
import { priceCurve, priceGrid } from './price-curve.ts'
import { billSavedVsBestFixed, billSavedVsMixture, costVsClairvoyant, pointsOverMixture } from './savings.ts'
import { type TargetResponse, targetResponse } from './target-response.ts'

/** Every metric of one policy on one split; `null` where it does not apply. */
export interface PolicyMetrics extends FloorFigures, TargetResponse {
  /** The ratios of bills are `null` where the bill to compare with is zero. */
  readonly billSavedVsBestFixed: number | null
  readonly billSavedVsMixture: number | null
  readonly costVsClairvoyant: number | null
  readonly pointsOverMixture: number
  /** The metrics below are those of predictions: `null` for a policy without. */
  readonly gap: number | null
  readonly brier: number | null
  readonly auc: number | null
  readonly ece: number | null
}

/** What one policy did on one split. */
export interface PolicyOutcome {
  /** One run per floor of the grid; summaries leave the first floor of an automatic grid out. */
  readonly runs: readonly FloorRun[]
  readonly training: ModelMeans
  readonly test: OutcomeMatrix
  /** Predictions for the test rows; `null` from a policy that makes none. */
  readonly predicted: OutcomeMatrix | null
}

/** Computes every metric of one policy on one split. */
export function policyMetrics({ runs, training, test, predicted }: PolicyOutcome): PolicyMetrics {
  const means = modelMeans(test)
  return {
    ...floorFigures(runs),
    ...targetResponse(
      runs.map(run => run.floor),
      runs.map(run => run.satisfaction),
    ),
    billSavedVsBestFixed: billSavedVsBestFixed(runs, training, means),
    billSavedVsMixture: billSavedVsMixture(runs, means),
    pointsOverMixture: pointsOverMixture(runs, means),
    costVsClairvoyant: costVsClairvoyant(runs, test),
    ...(predicted === null
      ? { gap: null, brier: null, auc: null, ece: null }
      : { gap: gapOverMixture(predicted, test), ...figuresOf(predicted, test) }),
  }
}

/** `gap` of predictions: see `frontierGap`. */
export function gapOverMixture(predicted: OutcomeMatrix, test: OutcomeMatrix): number {
  const means = modelMeans(test)
  return frontierGap(priceCurve(predicted, test, priceGrid(means)), means)
}

/** Mean and standard deviation of a metric over the seeds at which it applies; `null` where it never does. */
export type MetricSummary = { readonly mean: number; readonly sd: number | null } | null

/** Summary of every metric of one policy over its seeds. */
export function summariseMetrics(
  seeds: readonly PolicyMetrics[],
): Readonly<Record<keyof PolicyMetrics, MetricSummary>> {
  const summary = (metric: keyof PolicyMetrics): MetricSummary => {
    const values = seeds.map(metrics => metrics[metric]).filter(value => value !== null)
    return values.length === 0 ? null : meanAndSpread(values)
  }
  return {
    floorCompliance: summary('floorCompliance'),
    certifiedFloorCompliance: summary('certifiedFloorCompliance'),
    missedByOnePoint: summary('missedByOnePoint'),
    meanMiss: summary('meanMiss'),
    meanOvershoot: summary('meanOvershoot'),
    within2Points: summary('within2Points'),
    within5Points: summary('within5Points'),
    pearson: summary('pearson'),
    slope: summary('slope'),
    intercept: summary('intercept'),
    rmse: summary('rmse'),
    billSavedVsBestFixed: summary('billSavedVsBestFixed'),
    billSavedVsMixture: summary('billSavedVsMixture'),
    pointsOverMixture: summary('pointsOverMixture'),
    gap: summary('gap'),
    costVsClairvoyant: summary('costVsClairvoyant'),
    brier: summary('brier'),
    auc: summary('auc'),
    ece: summary('ece'),
  }
}

function figuresOf(predicted: OutcomeMatrix, test: OutcomeMatrix): PredictionFigures {
  return predictionFigures(predicted.satisfaction, test.satisfaction, test.models)
}
