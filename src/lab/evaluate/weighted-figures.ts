import { frontierGap } from '../metrics/frontier-gap.ts'
import type { ModelMeans, RouterPoint } from '../metrics/outcome-matrix.ts'
import { choicesAtPrice, priceGrid } from '../metrics/price-curve.ts'
import { billSavedVsMixture, pointsOverMixture } from '../metrics/savings.ts'
import type { PolicyResult } from './evaluate-policy.ts'
import type { SplitData } from './split-data.ts'

/** Figures by which policies are compared pairwise. */
export const comparedMetrics = [
  'satisfaction',
  'costUsd',
  'billSavedVsMixture',
  'pointsOverMixture',
  'gap',
  'brier',
] as const

/** One of them. */
export type ComparedMetric = (typeof comparedMetrics)[number]

/** All of them for one policy on one split; `null` where a policy makes no predictions. */
export type ComparedFigures = Readonly<Record<ComparedMetric, number | null>>

/** Figures of all policies of one split under any weights of its test rows; `NaN` where these are all zero. */
export type WeightedFigures = (weights: Float64Array) => readonly ComparedFigures[]

/** Prepares the figures of one split, so that each resample costs sums alone. */
export function createWeightedFigures({
  data,
  results,
}: {
  readonly data: SplitData
  readonly results: readonly PolicyResult[]
}): WeightedFigures {
  const { models } = data.test
  const cellsOf = (choices: Int32Array): Int32Array => choices.map((choice, row) => row * models + choice)
  const prices = priceGrid(data.testMeans)
  const policies = results.map(({ choices, predicted }) => ({
    runs: choices.slice(data.summarisedFrom).map(cellsOf),
    curve: predicted === null ? null : prices.map(price => cellsOf(choicesAtPrice(predicted, price))),
    squares: predicted === null ? null : squaredErrors(data, predicted.satisfaction),
  }))
  return weights => {
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    // A resample of few prompts may miss those of one split.
    if (total === 0) return policies.map(({ curve }) => unknownFigures(curve !== null))
    const means = weightedMeans(data, weights, total)
    const pointOf = (cells: Int32Array): RouterPoint => weightedPoint(data, cells, { weights, total })
    return policies.map(({ runs, curve, squares }) => {
      const points = runs.map(pointOf)
      return {
        satisfaction: average(points.map(point => point.satisfaction)),
        costUsd: average(points.map(point => point.costUsd)),
        billSavedVsMixture: billSavedVsMixture(
          // The saving at what was achieved reads neither the floor nor the bound.
          points.map(point => ({ ...point, floor: 0, certifiedLower: 0 })),
          means,
        ),
        pointsOverMixture: pointsOverMixture(points, means),
        gap: curve === null ? null : frontierGap(curve.map(pointOf), means),
        brier: squares === null ? null : dot(squares, weights) / total,
      }
    })
  }
}

function unknownFigures(predicts: boolean): ComparedFigures {
  const unknown = Number.NaN
  return {
    satisfaction: unknown,
    costUsd: unknown,
    billSavedVsMixture: unknown,
    pointsOverMixture: unknown,
    gap: predicts ? unknown : null,
    brier: predicts ? unknown : null,
  }
}

/** Per row the mean over models of (prediction - label)^2. */
function squaredErrors({ test }: SplitData, predicted: Float64Array): Float64Array {
  const errors = new Float64Array(test.rows)
  for (const [i, p] of predicted.entries()) {
    const row = Math.floor(i / test.models)
    errors[row] = (errors[row] ?? 0) + (p - (test.satisfaction[i] ?? 0)) ** 2 / test.models
  }
  return errors
}

function weightedMeans({ test }: SplitData, weights: Float64Array, total: number): ModelMeans {
  const satisfaction = new Float64Array(test.models)
  const costUsd = new Float64Array(test.models)
  for (const [row, weight] of weights.entries()) {
    if (weight === 0) continue
    for (let m = 0; m < test.models; m++) {
      const at = row * test.models + m
      satisfaction[m] = (satisfaction[m] ?? 0) + (weight / total) * (test.satisfaction[at] ?? 0)
      costUsd[m] = (costUsd[m] ?? 0) + (weight / total) * (test.costUsd[at] ?? 0)
    }
  }
  return { satisfaction, costUsd }
}

interface Weighted {
  readonly weights: Float64Array
  readonly total: number
}

function weightedPoint({ test }: SplitData, cells: Int32Array, { weights, total }: Weighted): RouterPoint {
  let satisfaction = 0
  let costUsd = 0
  for (let row = 0; row < cells.length; row++) {
    const weight = weights[row] ?? 0
    if (weight === 0) continue
    const at = cells[row] ?? 0
    satisfaction += weight * (test.satisfaction[at] ?? 0)
    costUsd += weight * (test.costUsd[at] ?? 0)
  }
  return { satisfaction: satisfaction / total, costUsd: costUsd / total }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}
