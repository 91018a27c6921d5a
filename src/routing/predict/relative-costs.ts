import type { TrainingRows } from '../policy.ts'

/** Costs as multiples of each model's mean, so that models of any price are regressed on one scale. */
export interface RelativeCosts {
  /** Row-major [rows x models], cost over the model's mean cost, cut; 1 for a model that is free. */
  readonly relative: Float64Array
  /** [models], USD per unit of relative cost, such that the mean bill comes out in spite of the cut. */
  readonly scales: Float64Array
}

/** Relates every cost to its model's mean; one runaway answer counts as at most `largest` usual ones. */
export function relativeCosts({ models, features, costUsd }: TrainingRows, largest: number): RelativeCosts {
  const width = models.length
  const rows = Math.max(1, features.length)
  const means = new Float64Array(width)
  costUsd.forEach((cost, i) => {
    means[i % width] = (means[i % width] ?? 0) + cost / rows
  })
  const sums = new Float64Array(width)
  const relative = costUsd.map((cost, i) => {
    const mean = means[i % width] ?? 0
    const value = mean > 0 ? Math.min(cost / mean, largest) : 1
    sums[i % width] = (sums[i % width] ?? 0) + value
    return value
  })
  return { relative, scales: means.map((mean, m) => (mean * rows) / Math.max(sums[m] ?? 0, 1e-12)) }
}
