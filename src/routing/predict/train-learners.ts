import type { TruncatedSvd } from '../numeric/linear-algebra.ts'
import type { TrainingRows } from '../policy.ts'
import { FOREST_COORDINATES, forestInputWidth, writeForestInputs } from './average-predictor.ts'
import type { TrainedBatch } from './batch-predictor.ts'
import { type ComponentRidge, trainComponentRidge } from './component-ridge.ts'
import type { RandomForest } from './random-forest.ts'
import { type SoftClusters, trainSoftClusters } from './soft-clusters.ts'
import { trainForest } from './train-forest.ts'

/** Leading singular directions that clusters see; a forest sees the first 32 of them. */
const DIMENSION = 64
const TREES = 50
/** Share of the spread of satisfaction that the spread of relative costs is given when a tree splits. */
const COST_SHARE = 0.7

/** Learners of satisfaction with what each predicts of rows that it has not seen, row-major [rows x models]. */
export interface TrainedLearners {
  readonly ridge: TrainedBatch<ComponentRidge>
  /** Outputs: satisfaction of all models, then their relative costs. */
  readonly forest: RandomForest
  readonly clusters: SoftClusters
  readonly forestSatisfaction: Float64Array
  readonly forestCosts: Float64Array
  readonly clusterSatisfaction: Float64Array
}

/** Number of coordinates that learners use of a decomposition. */
export function coordinateCount(svd: TruncatedSvd): number {
  return Math.min(DIMENSION, svd.rank)
}

/** Trains ridge, forest and clusters on fully labelled rows; `relative` holds costs over their model's mean. */
export function trainLearners(
  rows: TrainingRows,
  relative: Float64Array,
  svd: TruncatedSvd,
): TrainedLearners {
  const width = rows.models.length
  const dimension = coordinateCount(svd)
  const coordinates = coordinatesOf(svd, dimension)
  const targets = sideBySide(rows.satisfaction, relative, width)
  const { forest, crossFitted } = trainForest({
    ...forestInputs(rows, coordinates, dimension),
    targets,
    outputs: 2 * width,
    guides: sideBySide(rows.satisfaction, damped(relative, rows.satisfaction), width),
    guideWidth: 2 * width,
    trees: TREES,
  })
  const grouped = trainSoftClusters({ coordinates, dimension, targets: rows.satisfaction, outputs: width })
  return {
    ridge: trainComponentRidge(
      rows.models.map(spec => spec.id),
      svd,
      rows.satisfaction,
    ),
    forest,
    clusters: grouped.clusters,
    forestSatisfaction: columnsFrom(crossFitted, 0, width),
    forestCosts: columnsFrom(crossFitted, width, width),
    clusterSatisfaction: grouped.crossFitted,
  }
}

/** Row-major [rows x dimension]: U diag(s). */
function coordinatesOf({ left, singular, rank }: TruncatedSvd, dimension: number): Float64Array {
  const out = new Float64Array((left.length / rank) * dimension)
  return out.map((_, at) => {
    const k = at % dimension
    return (left[Math.floor(at / dimension) * rank + k] ?? 0) * (singular[k] ?? 0)
  })
}

function forestInputs({ features }: TrainingRows, coordinates: Float64Array, dimension: number) {
  const inputWidth = forestInputWidth(features[0]?.statistics.length ?? 0, dimension)
  const inputs = new Float32Array(features.length * inputWidth)
  features.forEach(({ statistics }, i) => {
    const own = coordinates.subarray(i * dimension, i * dimension + FOREST_COORDINATES)
    writeForestInputs(statistics, own, inputs.subarray(i * inputWidth, (i + 1) * inputWidth))
  })
  return { inputs, inputWidth }
}

/** Two matrices [rows x width] as one [rows x 2 width]. */
function sideBySide(left: Float64Array, right: Float64Array, width: number): Float64Array {
  const out = new Float64Array(left.length + right.length)
  for (let i = 0; i < left.length; i += width) {
    out.set(left.subarray(i, i + width), 2 * i)
    out.set(right.subarray(i, i + width), 2 * i + width)
  }
  return out
}

/** `width` columns of a matrix [rows x 2 width]. */
function columnsFrom(matrix: Float64Array, first: number, width: number): Float64Array {
  const out = new Float64Array(matrix.length / 2)
  return out.map((_, i) => matrix[Math.floor(i / width) * 2 * width + first + (i % width)] ?? 0)
}

/** Relative costs on such a scale that they tell splits a little less than satisfaction does. */
function damped(relative: Float64Array, satisfaction: Float64Array): Float64Array {
  const spread = deviation(relative)
  const factor = spread > 0 ? (COST_SHARE * deviation(satisfaction)) / spread : 0
  return relative.map(value => value * factor)
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}
