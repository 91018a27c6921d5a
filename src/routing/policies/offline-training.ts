import type { ModelId } from '../model.ts'
import type { ByteReader } from '../numeric/byte-codec.ts'
import { type SparseMatrix, type TruncatedSvd, truncatedSvd } from '../numeric/linear-algebra.ts'
import { createRandom } from '../numeric/random.ts'
import type { PolicySetup, TrainingRows } from '../policy.ts'
import type { BatchPredictor, TrainedBatch } from '../predict/batch-predictor.ts'
import { ComponentRidge, trainComponentRidge } from '../predict/component-ridge.ts'
import { expectedCost, priceIndex } from '../predict/cost-units.ts'
import { LengthCost, lengthVector, trainLengthCost } from '../predict/length-cost.ts'
import { MeanPredictor, trainMeans } from '../predict/mean-predictor.ts'
import { NeighbourIndex } from '../predict/neighbour-index.ts'
import { PromptEstimator } from '../predict/prompt-estimator.ts'
import { PromptVector, sparseMatrix, type Vectorizer } from '../predict/prompt-vector.ts'
import { relativeCosts } from '../predict/relative-costs.ts'
import type { PlanSample } from '../price/price-plan.ts'

/** Fewer rows than this teach a predictor nothing that survives the next prompt. */
const FEWEST_ROWS = 30
/** Singular directions of the prompts in which ridge and neighbours work. */
const RANK = 256
/** The cost regression counts a single bill as at most this many usual ones. */
const LARGEST_RELATIVE = 8

/** Fully labelled rows with their prompts as vectors. */
export interface OfflineSample {
  readonly rows: TrainingRows
  readonly models: readonly ModelId[]
  readonly vector: Vectorizer
  /** [rows x columns]. */
  readonly prompts: SparseMatrix
  /** Decomposition of `prompts`, made at the first call. */
  svd(): TruncatedSvd
  /** The prompts among their nearest neighbours, made at the first call for a size. */
  neighbourhood(size: number): Neighbourhood
}

/** Index of all prompts, and for each prompt the others nearest to it. */
export interface Neighbourhood {
  readonly index: NeighbourIndex
  readonly others: ReturnType<NeighbourIndex['nearestOthers']>
}

/** A trained cost predictor, relative, with the USD that one unit stands for. */
export interface TrainedCost {
  readonly batch: TrainedBatch
  /** [models]. */
  readonly scales: Float64Array
  /** What it reads, where that is not the vector of the sample. */
  readonly vector?: Vectorizer
}

/** A way to predict cost. */
export interface CostModel {
  train(sample: OfflineSample): TrainedCost
  read(reader: ByteReader): BatchPredictor
  /** Present where `train` gives a vector of its own. */
  readonly readVector?: (reader: ByteReader) => Vectorizer
}

/** A trained estimator and what it predicts of each training row when that row is left out. */
export interface TrainedEstimator {
  readonly estimator: PromptEstimator
  readonly crossFitted: PlanSample
}

/** The rows that a policy must be trained on; throws a RangeError that says so where there are none, or too few. */
export function requireTraining(policy: string, setup: PolicySetup): TrainingRows {
  const { training } = setup
  const n = training?.features.length ?? 0
  if (training !== null && n >= FEWEST_ROWS) return training
  const given = training === null ? 'was given none' : `was given ${n}, at least ${FEWEST_ROWS} are needed`
  throw new RangeError(
    `policy ${policy} needs training rows and ${given}: use --warm-start 0.3 or --warm-start-trace FILE, or a policy that learns as it serves`,
  )
}

/** Turns rows into vectors. */
export function offlineSample(rows: TrainingRows, vector: Vectorizer): OfflineSample {
  const prompts = sparseMatrix(
    vector.columns,
    rows.features.values().map((features, i) => vector.weigh(features, rows.promptTokens[i] ?? 0)),
  )
  const neighbourhoods = new Map<number, Neighbourhood>()
  let decomposed: TruncatedSvd | null = null
  const svd = (): TruncatedSvd => {
    decomposed ??= truncatedSvd(prompts, Math.min(RANK, prompts.rows - 1), createRandom('training'))
    return decomposed
  }
  const neighbourhood = (size: number): Neighbourhood => {
    const known = neighbourhoods.get(size)
    if (known !== undefined) return known
    const index = NeighbourIndex.fit(svd())
    const made = { index, others: index.nearestOthers(size) }
    neighbourhoods.set(size, made)
    return made
  }
  return { rows, models: rows.models.map(spec => spec.id), vector, prompts, svd, neighbourhood }
}

/** Cost predicted from the vector of the sample: ridge in the principal components of the relative costs, cut at eight usual bills. */
export const ridgeCost: CostModel = {
  train(sample) {
    const { relative, scales } = relativeCosts(sample.rows, LARGEST_RELATIVE)
    return { batch: trainComponentRidge(sample.models, sample.svd(), relative), scales }
  },
  read: ComponentRidge.read,
}

/** The same ridge on words, template and statistics, whatever the sample holds. */
export const learntCost: CostModel = {
  train({ rows }) {
    const vector = PromptVector.fit(rows.features)
    return { ...ridgeCost.train(offlineSample(rows, vector)), vector }
  },
  read: ComponentRidge.read,
  readVector: PromptVector.read,
}

/** Cost predicted as a straight line in the prompt's length, at least a fifth of the mean. */
export const lengthCost: CostModel = {
  train({ models, rows }) {
    const { relative, scales } = relativeCosts(rows, LARGEST_RELATIVE)
    return {
      batch: trainLengthCost(models, rows.promptTokens, relative),
      scales,
      vector: lengthVector(),
    }
  },
  read: LengthCost.read,
  readVector: lengthVector,
}

/** Cost predicted as each model's mean. */
export const meanCost: CostModel = {
  train(sample) {
    const { relative, scales } = relativeCosts(sample.rows, Number.POSITIVE_INFINITY)
    return { batch: trainMeans(sample.models, relative), scales }
  },
  read: MeanPredictor.read,
}

/** Puts trained predictors together. */
export function trainedEstimator(
  sample: OfflineSample,
  satisfaction: TrainedBatch,
  cost: TrainedCost,
): TrainedEstimator {
  const { rows, models, vector } = sample
  const width = models.length
  return {
    estimator: new PromptEstimator({
      vector,
      costVector: cost.vector ?? null,
      satisfaction: satisfaction.predictor,
      cost: cost.batch.predictor,
      costScales: cost.scales,
      priceIndices: Float64Array.from(rows.models, spec => priceIndex(spec) ?? 0),
    }),
    crossFitted: {
      requests: rows.features.length,
      models: width,
      satisfaction: satisfaction.crossFitted.map(value => Math.min(1, Math.max(0, value))),
      costUsd: cost.batch.crossFitted.map((value, i) => expectedCost(value, cost.scales[i % width] ?? 0)),
    },
  }
}
