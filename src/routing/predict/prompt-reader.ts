import type { Features } from '../features/features.ts'
import { LOG_LENGTH } from '../features/prompt-statistics.ts'
import type { ModelId, ModelSpec } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { BatchPredictor } from './batch-predictor.ts'
import { ComponentRidge } from './component-ridge.ts'
import { expectedCost, priceIndex } from './cost-units.ts'
import { PromptVector } from './prompt-vector.ts'
import { TextProjection } from './text-projection.ts'

/** Coordinates of a prompt: log length and 23 directions of its text. */
export const COORDINATES = 24

/** Predictions that were trained offline, and the prices that held then. */
export interface TrainedPredictors {
  readonly satisfaction: BatchPredictor
  /** Mean over the training rows and all models. */
  readonly meanSatisfaction: number
  /** Same models in the same order; cost relative to the model's mean. */
  readonly cost: BatchPredictor
  /** USD per unit of relative cost, by model. */
  readonly costScales: Float64Array
  /** Price index per model at training; 0 where it had no price list. */
  readonly priceIndices: Float64Array
}

/** What the predictors know of one prompt. */
export interface PromptView {
  readonly x: Float32Array
  readonly promptTokens: number
  /** Offline predictions, one per trained model; empty without training. */
  readonly trained: Float32Array
  readonly trainedCostsUsd: Float32Array
}

/** Reads prompts: coordinates and, after training, offline predictions. Immutable once made. */
export class PromptReader {
  readonly #vector: PromptVector | null
  readonly #projection: TextProjection | null
  readonly #trained: TrainedPredictors | null
  readonly #position = new Map<ModelId, number>()
  readonly #out: Float64Array

  constructor(
    vector: PromptVector | null,
    projection: TextProjection | null,
    trained: TrainedPredictors | null,
  ) {
    this.#vector = vector
    this.#projection = projection
    this.#trained = trained
    trained?.satisfaction.models.forEach((model, m) => {
      this.#position.set(model, m)
    })
    this.#out = new Float64Array(this.#position.size)
  }

  /** Learns coordinates from a sample of unlabelled prompts. */
  static fit(sample: readonly Features[]): PromptReader {
    const vector = PromptVector.fit(sample)
    return new PromptReader(vector, TextProjection.fit(vector, sample, COORDINATES), null)
  }

  /** True once coordinates are known; until then every prompt reads as zeros. */
  get fitted(): boolean {
    return this.#vector !== null
  }

  /** True when there are offline predictions. */
  get warm(): boolean {
    return this.#trained !== null
  }

  read(features: Features, promptTokens: number): PromptView {
    if (this.#vector === null || this.#projection === null) {
      return { x: new Float32Array(COORDINATES), promptTokens, trained: none, trainedCostsUsd: none }
    }
    const prompt = this.#vector.weigh(features)
    const familiar = features.encoder === this.#vector.encoder
    const logLength = features.statistics[LOG_LENGTH] ?? 0
    const x = familiar ? this.#projection.project(prompt, logLength) : new Float32Array(COORDINATES)
    if (this.#trained === null) return { x, promptTokens, trained: none, trainedCostsUsd: none }
    this.#trained.satisfaction.predict(prompt, this.#out)
    const trained = Float32Array.from(this.#out)
    const { cost, costScales } = this.#trained
    cost.predict(prompt, this.#out)
    const trainedCostsUsd = Float32Array.from(this.#out, (value, m) =>
      expectedCost(value, costScales[m] ?? 0),
    )
    return { x, promptTokens, trained, trainedCostsUsd }
  }

  /** Position of a model among the offline predictions; -1 for one that was not trained on. */
  position(model: ModelId): number {
    return this.#position.get(model) ?? -1
  }

  /** By how much the trained models are expected to do better on a prompt than on the mean one; 0 without training. */
  ease(view: PromptView): number {
    if (this.#trained === null) return 0
    let sum = 0
    for (const predicted of view.trained) sum += predicted
    return sum / view.trained.length - this.#trained.meanSatisfaction
  }

  /** Offline cost prediction at today's price; `null` for a model that was not trained on. */
  trainedCostUsd(view: PromptView, spec: ModelSpec): number | null {
    const position = this.position(spec.id)
    if (position < 0) return null
    const before = this.#trained?.priceIndices[position] ?? 0
    const now = priceIndex(spec) ?? 0
    const change = before > 0 && now > 0 ? now / before : 1
    return (view.trainedCostsUsd[position] ?? 0) * change
  }

  write(writer: ByteWriter): void {
    writer.flag(this.#vector !== null && this.#projection !== null)
    this.#vector?.write(writer)
    this.#projection?.write(writer)
    writer.flag(this.#trained !== null)
    if (this.#trained === null) return
    this.#trained.satisfaction.write(writer)
    this.#trained.cost.write(writer)
    writer.number(this.#trained.meanSatisfaction)
    writer.array(this.#trained.costScales)
    writer.array(this.#trained.priceIndices)
  }

  static read(reader: ByteReader): PromptReader {
    const fitted = reader.flag()
    const vector = fitted ? PromptVector.read(reader) : null
    const projection = fitted ? TextProjection.read(reader) : null
    if (!reader.flag()) return new PromptReader(vector, projection, null)
    const satisfaction = ComponentRidge.read(reader)
    const cost = ComponentRidge.read(reader)
    const meanSatisfaction = reader.number()
    const costScales = reader.float64()
    return new PromptReader(vector, projection, {
      satisfaction,
      meanSatisfaction,
      cost,
      costScales,
      priceIndices: reader.float64(),
    })
  }
}

const none = new Float32Array(0)
