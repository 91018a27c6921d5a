import { type TruncatedSvd, truncatedSvd } from '../numeric/linear-algebra.ts'
import { createRandom } from '../numeric/random.ts'
import type { TrainingRows } from '../policy.ts'
import { AveragePredictor, type LinearTable, probability } from './average-predictor.ts'
import { weighAverage } from './average-weights.ts'
import { type ComponentRidge, trainComponentRidge } from './component-ridge.ts'
import { trainCostMixture } from './cost-mixture.ts'
import { priceIndex } from './cost-units.ts'
import { type Evidence, evidenceOf } from './evidence.ts'
import { columnMeans } from './non-negative-weights.ts'
import { COORDINATES, PromptReader } from './prompt-reader.ts'
import { PromptVector } from './prompt-vector.ts'
import { relativeCosts } from './relative-costs.ts'
import { CoordinateScale } from './text-projection.ts'
import { coordinateCount, type TrainedLearners, trainLearners } from './train-learners.ts'

const RANK = 256
const LARGEST_RELATIVE = 8
/** Fewer rows than this teach nothing that survives the next prompt. */
export const FEWEST_ROWS = 30
/** A reader with offline predictors and what these predict of each training row when it is left out. */
export interface TrainedReader {
  readonly reader: PromptReader
  readonly predictor: AveragePredictor
  readonly evidence: Evidence
  /** Row-major [rows x models]. */
  readonly satisfaction: Float64Array
  /** USD, row-major [rows x models]. */
  readonly costUsd: Float64Array
}

/**
 * Trains all offline predictors on fully labelled rows; below 100 rows satisfaction is each model's mean, and cost knows
 * ridge and length alone. Deterministic. Throws a RangeError below 30 rows.
 */
export function trainReader(rows: TrainingRows): TrainedReader {
  const n = rows.features.length
  if (n < FEWEST_ROWS) {
    throw new RangeError(
      `${n} training rows were given, at least ${FEWEST_ROWS} are needed; start cold instead`,
    )
  }
  const evidence = evidenceOf(n)
  const vector = PromptVector.fit(rows.features)
  const svd = truncatedSvd(vector.matrix(rows.features), Math.min(RANK, n - 1), createRandom('training'))
  const { predictor, satisfaction, costUsd } = trainPredictor(rows, svd, evidence)
  const reader = PromptReader.trained(vector, {
    predictor,
    scale: CoordinateScale.fit(svd, rows.features, COORDINATES),
    meanSatisfaction: columnMeans(rows.satisfaction, rows.models.length),
    meanCostsUsd: columnMeans(rows.costUsd, rows.models.length),
    priceIndices: Float64Array.from(rows.models, spec => priceIndex(spec) ?? 0),
  })
  return { reader, predictor, evidence, satisfaction, costUsd }
}

type TrainedAverage = Pick<TrainedReader, 'predictor' | 'satisfaction' | 'costUsd'>

function trainPredictor(rows: TrainingRows, svd: TruncatedSvd, evidence: Evidence): TrainedAverage {
  const models = rows.models.map(spec => spec.id)
  const width = models.length
  const { relative } = relativeCosts(rows, LARGEST_RELATIVE)
  const learners = evidence === 'means' ? null : trainLearners(rows, relative, svd)
  const cost = trainComponentRidge(models, svd, relative)
  const average = weighAverage(satisfactionColumns(learners), rows.satisfaction, width)
  const { mixture, crossFitted: costUsd } = trainCostMixture({
    promptTokens: rows.promptTokens,
    relative,
    meansUsd: columnMeans(rows.costUsd, width),
    ridge: cost.crossFitted,
    forest: learners?.forestCosts ?? new Float64Array(relative.length),
  })
  const predictor = new AveragePredictor({
    models,
    linear: linearTable(svd, learners?.ridge.predictor ?? null, cost.predictor),
    forest: learners?.forest ?? null,
    clusters: learners?.clusters ?? null,
    satisfaction: average.weights,
    cost: mixture,
  })
  return { predictor, satisfaction: average.crossFitted.map(probability), costUsd }
}

/** What each learner predicts of rows that it has not seen; none where only means are known. */
function satisfactionColumns(learners: TrainedLearners | null): readonly Float64Array[] {
  if (learners === null) return []
  return [learners.ridge.crossFitted, learners.forestSatisfaction, learners.clusterSatisfaction]
}

/** Both ridges and the singular directions side by side: one table row per column of a prompt's vector. */
function linearTable(
  svd: TruncatedSvd,
  satisfaction: ComponentRidge | null,
  cost: ComponentRidge,
): LinearTable {
  const width = cost.models.length
  const dimension = coordinateCount(svd)
  const stride = 2 * width + dimension
  const columns = svd.right.length / svd.rank
  const intercepts = new Float64Array(stride)
  const rows = new Float32Array(columns * stride)
  satisfaction?.copyTo({ intercepts, rows }, 0)
  cost.copyTo({ intercepts, rows }, width)
  for (let column = 0; column < columns; column++) {
    for (let k = 0; k < dimension; k++) {
      rows[column * stride + 2 * width + k] = svd.right[column * svd.rank + k] ?? 0
    }
  }
  return { intercepts: intercepts.slice(0, 2 * width), rows, dimension }
}
