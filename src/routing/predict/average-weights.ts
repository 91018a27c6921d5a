import type { AverageWeights } from './average-predictor.ts'
import { columnMeans, nonNegativeWeights } from './non-negative-weights.ts'

/** How many rows the belief in equal weights counts: on fewer, fitted weights are mostly noise. */
const EQUAL_ROWS = 300

/** Weights with the average of what the learners predict of rows that they have not seen. */
export interface WeighedAverage {
  readonly weights: AverageWeights
  /** Row-major [rows x models]. */
  readonly crossFitted: Float64Array
}

/**
 * Weighs learners by their cross-fitted predictions: w = (n u + 300 e) / (n + 300) with u the non-negative least squares
 * weights and e equal ones. Offsets make the mean of every model that of its labels. `learners` and `labels` are row-major
 * [rows x width].
 */
export function weighAverage(
  learners: readonly Float64Array[],
  labels: Float64Array,
  width: number,
): WeighedAverage {
  const rows = labels.length / width
  const trust = rows / (rows + EQUAL_ROWS)
  const weights = nonNegativeWeights(learners, labels, width).map(
    weight => trust * weight + (1 - trust) / learners.length,
  )
  const centres = learners.map(learner => columnMeans(learner, width))
  const offsets = columnMeans(labels, width).map((mean, m) =>
    weights.reduce((rest, weight, k) => rest - weight * (centres[k]?.[m] ?? 0), mean),
  )
  const crossFitted = labels.map((_, i) =>
    weights.reduce((sum, weight, k) => sum + weight * (learners[k]?.[i] ?? 0), offsets[i % width] ?? 0),
  )
  return { weights: { learners: Float64Array.from(weights), offsets }, crossFitted }
}
