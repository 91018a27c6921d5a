import { truncatedSvd } from '../numeric/linear-algebra.ts'
import { createRandom } from '../numeric/random.ts'
import type { TrainingRows } from '../policy.ts'
import { trainComponentRidge } from './component-ridge.ts'
import { expectedCost, priceIndex } from './cost-units.ts'
import { COORDINATES, PromptReader } from './prompt-reader.ts'
import { PromptVector } from './prompt-vector.ts'
import { TextProjection } from './text-projection.ts'

const RANK = 256
const LARGEST_RELATIVE = 8
/** Fewer rows than this teach a predictor nothing that survives the next prompt. */
export const FEWEST_ROWS = 30

/** A reader with offline predictors and what these predict of each training row when it is left out. */
export interface TrainedReader {
  readonly reader: PromptReader
  /** Row-major [rows x models]. */
  readonly satisfaction: Float64Array
  readonly costUsd: Float64Array
}

/** Trains all offline predictors on fully labelled rows. Deterministic. Throws below 30 rows. */
export function trainReader(rows: TrainingRows): TrainedReader {
  const n = rows.features.length
  if (n < FEWEST_ROWS) {
    throw new RangeError(
      `${n} training rows were given, at least ${FEWEST_ROWS} are needed; start cold instead`,
    )
  }
  const models = rows.models.map(spec => spec.id)
  const vector = PromptVector.fit(rows.features)
  const rank = Math.min(RANK, n - 1)
  const svd = truncatedSvd(vector.matrix(rows.features), rank, createRandom('training'))
  const satisfaction = trainComponentRidge(models, svd, rows.satisfaction)
  const means = meanCosts(rows)
  const relative = rows.costUsd.map((cost, i) => relativeCost(cost, means[i % models.length] ?? 0))
  const cost = trainComponentRidge(models, svd, relative)
  const scales = costScales(relative, means)
  const trained = {
    satisfaction: satisfaction.predictor,
    meanSatisfaction: rows.satisfaction.reduce((sum, value) => sum + value, 0) / rows.satisfaction.length,
    cost: cost.predictor,
    costScales: scales,
    priceIndices: Float64Array.from(rows.models, spec => priceIndex(spec) ?? 0),
  }
  const projection = TextProjection.fit(vector, rows.features, COORDINATES)
  return {
    reader: new PromptReader(vector, projection, trained),
    satisfaction: satisfaction.crossFitted,
    costUsd: cost.crossFitted.map((value, i) => expectedCost(value, scales[i % models.length] ?? 0)),
  }
}

function meanCosts(rows: TrainingRows): Float64Array {
  const width = rows.models.length
  const means = new Float64Array(width)
  rows.costUsd.forEach((cost, i) => {
    means[i % width] = (means[i % width] ?? 0) + cost / rows.features.length
  })
  return means
}

/** Cost over the model's mean, cut at eight: one runaway answer must not bend the whole regression. */
function relativeCost(cost: number, mean: number): number {
  return mean > 0 ? Math.min(cost / mean, LARGEST_RELATIVE) : 1
}

/** USD per unit of relative cost, such that the mean bill comes out in spite of the cut. */
function costScales(relative: Float64Array, means: Float64Array): Float64Array {
  const sums = new Float64Array(means.length)
  relative.forEach((value, i) => {
    sums[i % means.length] = (sums[i % means.length] ?? 0) + value
  })
  const rows = relative.length / means.length
  return means.map((mean, m) => (mean * rows) / Math.max(sums[m] ?? 0, 1e-12))
}
