import { clairvoyantCost } from '../../routing/evaluate/clairvoyant.ts'
import { mixtureSatisfactionAt } from '../../routing/evaluate/static-mixture.ts'
import type { Comparison } from '../evaluate/comparisons.ts'
import { meanCurves, meanOver, pooledCalibration } from '../evaluate/over-splits.ts'
import type { EvaluatedSplit, Evaluation, MetricSummaries } from '../evaluate.ts'
import type { CalibrationBin } from '../metrics/calibration.ts'
import type { FloorRun } from '../metrics/floor-figures.ts'
import { mean, type RouterPoint } from '../metrics/outcome-matrix.ts'
import { meanAndSpread } from '../metrics/paired-bootstrap.ts'
import { billSavedVsMixture } from '../metrics/savings.ts'
import { type ModelMap, modelMap } from './model-map.ts'

/** What a policy did at one floor of the grid, over the splits. */
export interface FloorPoint extends RouterPoint {
  readonly floor: number
  /** 95% interval of the satisfaction on one split: from the spread over splits, or of the mean of a single one's rows. */
  readonly lower: number
  readonly upper: number
  /** Of the bill, against the best static mixture at the satisfaction achieved. */
  /** `null` where the mixture costs nothing. */
  readonly savedVsMixture: number | null
  /** Share of the splits in which the floor was met. */
  readonly met: number
  /** Share of the requests that each model answered. */
  readonly share: readonly number[]
}

/** One policy as the report shows it. */
export interface ReportedPolicy {
  readonly name: string
  readonly points: readonly FloorPoint[]
  /** Over all prices of its predictions; empty without. */
  readonly curve: readonly RouterPoint[]
  readonly calibration: readonly CalibrationBin[]
  readonly metrics: MetricSummaries
}

/** Everything that the report draws, without a word of any prompt. */
export interface ReportFigures {
  readonly title: string
  readonly testTitle: string | null
  readonly rows: number
  readonly trainingRows: number
  readonly testRows: number
  readonly splits: number
  readonly summarisedFrom: number
  readonly models: readonly (RouterPoint & { readonly name: string })[]
  readonly policies: readonly ReportedPolicy[]
  readonly references: readonly (readonly [name: string, metrics: MetricSummaries])[]
  readonly mixture: readonly RouterPoint[]
  readonly clairvoyant: readonly RouterPoint[]
  /** What the best prices, with hindsight, make of the first policy's predictions; empty without. */
  readonly predictorFrontier: readonly RouterPoint[]
  readonly comparisons: readonly Comparison[]
  readonly modelMap: ModelMap
}

/** It sees the labels: the report shows it among the references, where it always stands. */
const oracle = 'oracle'
const mixturePoints = 60
const clairvoyantPoints = 12

/** Gathers the figures of a report. */
export function reportFigures(evaluation: Evaluation): ReportFigures {
  const { plan, splits, policies, references, models, comparisons } = evaluation
  const curves = meanCurves(splits)
  const calibration = pooledCalibration(splits)
  return {
    title: plan.training.trace.name,
    testTitle: plan.bootstrap ? plan.test.trace.name : null,
    rows: plan.test.trace.rows.length,
    trainingRows: splits[0]?.data.training.features.length ?? 0,
    testRows: splits[0]?.data.test.rows ?? 0,
    splits: splits.length,
    summarisedFrom: splits[0]?.data.summarisedFrom ?? 0,
    models: Object.entries(models).map(([name, point]) => ({ name, ...point })),
    policies: Object.entries(policies)
      .map(([name, metrics], p) => ({
        name,
        metrics,
        points: floorPoints(splits, p),
        curve: curves[name] ?? [],
        calibration: calibration[name] ?? [],
      }))
      .filter(({ name }) => name !== oracle),
    references: Object.entries(references),
    mixture: mixtureLine(splits),
    clairvoyant: clairvoyantLine(splits),
    predictorFrontier: referenceLine(splits, `predictor-frontier:${plan.policies[0] ?? ''}`),
    comparisons: comparisons.filter(({ policy, against }) => policy !== oracle && against !== oracle),
    modelMap: modelMap(plan.test),
  }
}

function floorPoints(splits: readonly EvaluatedSplit[], policy: number): readonly FloorPoint[] {
  const floors = Math.min(...splits.map(({ data }) => data.floors.length))
  return Array.from({ length: floors }, (_, f) => {
    const runs = splits.flatMap(split => split.results[policy]?.runs[f] ?? [])
    const satisfaction = mean(runs.map(run => run.satisfaction))
    return {
      floor: mean(runs.map(run => run.floor)),
      satisfaction,
      costUsd: mean(runs.map(run => run.costUsd)),
      ...interval(runs, splits[0]?.data.test.rows ?? 1),
      savedVsMixture: meanOrNull(
        splits.flatMap(({ data, results }) => {
          const run = results[policy]?.runs[f]
          return (run && billSavedVsMixture([run], data.testMeans)) ?? []
        }),
      ),
      met: mean(runs.map(run => (run.satisfaction >= run.floor - 1e-12 ? 1 : 0))),
      share: shareOf(splits, policy, f),
    }
  })
}

function meanOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values)
}

function interval(runs: readonly FloorRun[], rows: number): Pick<FloorPoint, 'lower' | 'upper'> {
  // Floors of different splits differ a little; what varies is the distance from them.
  const { sd } = meanAndSpread(runs.map(run => run.satisfaction - run.floor))
  const satisfaction = mean(runs.map(run => run.satisfaction))
  const spread = 1.96 * (sd ?? Math.sqrt((satisfaction * (1 - satisfaction)) / rows))
  return { lower: satisfaction - spread, upper: satisfaction + spread }
}

function shareOf(splits: readonly EvaluatedSplit[], policy: number, floor: number): readonly number[] {
  const models = splits[0]?.data.test.models ?? 0
  return Array.from({ length: models }, (_, m) =>
    meanOver(splits, ({ data, results }) => {
      const choices = results[policy]?.choices[floor] ?? new Int32Array()
      return choices.reduce((count, choice) => count + (choice === m ? 1 : 0), 0) / data.test.rows
    }),
  )
}

/** Satisfaction of the best static mixture at costs in equal ratios from the cheapest to the dearest model. */
function mixtureLine(splits: readonly EvaluatedSplit[]): readonly RouterPoint[] {
  const lowest = meanOver(splits, ({ data }) => Math.min(...data.testMeans.costUsd))
  const best = meanOver(splits, ({ data: { testMeans } }) => {
    const top = testMeans.satisfaction.indexOf(Math.max(...testMeans.satisfaction))
    return testMeans.costUsd[top] ?? 0
  })
  if (!(lowest > 0)) return []
  return Array.from({ length: mixturePoints }, (_, i) => {
    const costUsd = lowest * (best / lowest) ** (i / (mixturePoints - 1))
    return {
      costUsd,
      satisfaction: meanOver(splits, ({ data }) =>
        mixtureSatisfactionAt(data.testMeans.satisfaction, data.testMeans.costUsd, costUsd),
      ),
    }
  })
}

/** A reference at every floor, averaged over the splits. */
function referenceLine(splits: readonly EvaluatedSplit[], name: string): readonly RouterPoint[] {
  const runs = splits.map(split => split.references.find(reference => reference.name === name)?.runs ?? [])
  const floors = Math.min(...runs.map(own => own.length))
  return Array.from({ length: floors }, (_, f) => ({
    satisfaction: mean(runs.map(own => own[f]?.satisfaction ?? Number.NaN)),
    costUsd: mean(runs.map(own => own[f]?.costUsd ?? Number.NaN)),
  }))
}

/** The clairvoyant's cost from the lowest floor up to all that any model satisfies. */
function clairvoyantLine(splits: readonly EvaluatedSplit[]): readonly RouterPoint[] {
  return Array.from({ length: clairvoyantPoints + 1 }, (_, i) => {
    const points = splits.map(({ data: { test, floors } }) => {
      let reachable = 0
      for (let row = 0; row < test.rows; row++) {
        const labels = test.satisfaction.subarray(row * test.models, (row + 1) * test.models)
        reachable += Math.max(...labels) / test.rows
      }
      const lowest = Math.min(...floors)
      const satisfaction = lowest + ((reachable - lowest) * i) / clairvoyantPoints
      const least = clairvoyantCost(test.satisfaction, test.costUsd, test.rows, test.models, satisfaction)
      return { satisfaction, costUsd: least?.costUsd ?? Number.NaN }
    })
    return {
      satisfaction: mean(points.map(point => point.satisfaction)),
      costUsd: mean(points.map(point => point.costUsd)),
    }
  }).filter(point => Number.isFinite(point.costUsd))
}
