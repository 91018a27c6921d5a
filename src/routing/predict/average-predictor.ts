import type { ModelId } from '../model.ts'
import { modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { CostMixture } from './cost-mixture.ts'
import { addRows, type SparseVector } from './prompt-vector.ts'
import { RandomForest } from './random-forest.ts'
import { SoftClusters } from './soft-clusters.ts'

/** Leading coordinates of a prompt that a forest sees beside its statistics. */
export const FOREST_COORDINATES = 32

const LEAST = 0.005
const MOST = 0.995

/** Linear predictors and coordinates of a prompt, one table row per column of its sparse vector. */
export interface LinearTable {
  /** Row-major [columns x (2 models + dimension)]: satisfaction, relative cost, coordinates. */
  readonly rows: Float32Array
  /** Intercepts [2 models]: satisfaction, relative cost. */
  readonly intercepts: Float64Array
  /** Number of coordinates. */
  readonly dimension: number
}

/** What was trained. */
export interface AverageParts {
  readonly models: readonly ModelId[]
  readonly linear: LinearTable
  /** Outputs: satisfaction of all models, then their relative costs. `null` below 100 training rows, as the clusters. */
  readonly forest: RandomForest | null
  readonly clusters: SoftClusters | null
  readonly satisfaction: AverageWeights
  readonly cost: CostMixture
}

/** How much each learner counts: p_m = o_m + w_1 ridge_m + w_2 forest_m + w_3 clusters_m. */
export interface AverageWeights {
  /** [3], not negative. */
  readonly learners: Float64Array
  /** o: [models]. */
  readonly offsets: Float64Array
}

/** One prompt, as far as a predictor looks at it. */
export interface PromptInputs {
  readonly vector: SparseVector
  readonly statistics: Float32Array
  readonly promptTokens: number
}

/**
 * Predicts satisfaction as a weighted mean of ridge, forest and clusters, cut to [.005, .995], and cost as a learned mixture.
 * Keeps scratch memory, but no state.
 */
export class AveragePredictor {
  readonly models: readonly ModelId[]
  readonly #parts: AverageParts
  readonly #sums: Float64Array
  readonly #linear: Float64Array
  readonly #ridgeCost: Float64Array
  readonly #coordinates: Float64Array
  readonly #forestOut: Float64Array
  readonly #forestCost: Float64Array
  readonly #clusterOut: Float64Array
  #forestInputs = new Float32Array(0)

  constructor(parts: AverageParts) {
    const { models, linear } = parts
    const width = models.length
    this.models = models
    this.#parts = parts
    this.#sums = new Float64Array(2 * width + linear.dimension)
    this.#linear = this.#sums.subarray(0, width)
    this.#ridgeCost = this.#sums.subarray(width, 2 * width)
    this.#coordinates = this.#sums.subarray(2 * width)
    this.#forestOut = new Float64Array(2 * width)
    this.#forestCost = this.#forestOut.subarray(width)
    this.#clusterOut = new Float64Array(width)
  }

  /** Bytes of the two large parts. */
  get byteLength(): { readonly linear: number; readonly forest: number } {
    return {
      linear: this.#parts.linear.rows.byteLength,
      forest: this.#parts.forest?.byteLength ?? 0,
    }
  }

  /** Weights of ridge, forest and clusters in the satisfaction. */
  get satisfactionWeights(): readonly number[] {
    return [...this.#parts.satisfaction.learners]
  }

  /** Weights of ridge, forest and length in the cost. */
  get costWeights(): readonly number[] {
    return this.#parts.cost.weights
  }

  /** Writes predicted satisfaction and cost in USD, one entry per model. Returns coordinates in scratch memory. */
  predict(prompt: PromptInputs, satisfaction: Float32Array, costUsd: Float32Array): Float64Array {
    const { linear, forest, clusters, satisfaction: weights, cost } = this.#parts
    this.#sums.fill(0)
    this.#sums.set(linear.intercepts)
    addRows(prompt.vector, linear.rows, this.#sums, this.#sums.length)
    if (forest !== null) forest.predict(this.#inputsOf(prompt.statistics), this.#forestOut)
    if (clusters !== null) clusters.predict(this.#coordinates, this.#clusterOut)
    const [byRidge = 0, byForest = 0, byClusters = 0] = weights.learners
    for (let m = 0; m < this.models.length; m++) {
      const mixed =
        (weights.offsets[m] ?? 0) +
        byRidge * (this.#linear[m] ?? 0) +
        byForest * (this.#forestOut[m] ?? 0) +
        byClusters * (this.#clusterOut[m] ?? 0)
      satisfaction[m] = probability(mixed)
    }
    cost.predict({ ridge: this.#ridgeCost, forest: this.#forestCost }, prompt.promptTokens, costUsd)
    return this.#coordinates
  }

  #inputsOf(statistics: Float32Array): Float32Array {
    const inputs = forestInputWidth(statistics.length, this.#coordinates.length)
    if (this.#forestInputs.length !== inputs) this.#forestInputs = new Float32Array(inputs)
    writeForestInputs(statistics, this.#coordinates, this.#forestInputs)
    return this.#forestInputs
  }

  write(writer: ByteWriter): void {
    const { models, linear, forest, clusters, satisfaction, cost } = this.#parts
    writer.list(models, model => writer.text(model))
    writer.array(linear.rows)
    writer.array(linear.intercepts)
    writer.count(linear.dimension)
    writer.flag(forest !== null)
    forest?.write(writer)
    writer.flag(clusters !== null)
    clusters?.write(writer)
    writer.array(satisfaction.learners)
    writer.array(satisfaction.offsets)
    cost.write(writer)
  }

  static read(reader: ByteReader): AveragePredictor {
    const models = reader.list(() => modelId(reader.text()))
    const linear = { rows: reader.float32(), intercepts: reader.float64(), dimension: reader.count() }
    return new AveragePredictor({
      models,
      linear,
      forest: reader.flag() ? RandomForest.read(reader) : null,
      clusters: reader.flag() ? SoftClusters.read(reader) : null,
      satisfaction: { learners: reader.float64(), offsets: reader.float64() },
      cost: CostMixture.read(reader),
    })
  }
}

/** Cuts a predicted satisfaction to [.005, .995]: no prompt is certain. */
export function probability(value: number): number {
  return Math.min(MOST, Math.max(LEAST, value))
}

/** Number of inputs that a forest sees. */
export function forestInputWidth(statistics: number, coordinates: number): number {
  return statistics + Math.min(FOREST_COORDINATES, coordinates)
}

/** Fills one row of forest inputs: the statistics, then the leading coordinates. */
export function writeForestInputs(
  statistics: Float32Array,
  coordinates: Float64Array,
  out: Float32Array,
): void {
  out.set(statistics)
  for (let k = statistics.length; k < out.length; k++) out[k] = coordinates[k - statistics.length] ?? 0
}
