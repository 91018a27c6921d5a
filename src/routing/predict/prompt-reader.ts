import type { Features } from '../features/features.ts'
import { LOG_LENGTH } from '../features/prompt-statistics.ts'
import type { ModelId, ModelSpec } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { AveragePredictor } from './average-predictor.ts'
import { priceIndex } from './cost-units.ts'
import { PromptVector } from './prompt-vector.ts'
import { CoordinateScale, TextProjection } from './text-projection.ts'

/** Coordinates of a prompt: log length and 23 directions of its text. */
export const COORDINATES = 24

/** Predictors that were trained offline, and the prices that held then. */
export interface TrainedPredictors {
  readonly predictor: AveragePredictor
  /** Of the leading coordinates that the predictor gives. */
  readonly scale: CoordinateScale
  /** Mean label per model over the training rows: what is predicted of prompts that cannot be read. */
  readonly meanSatisfaction: Float64Array
  /** Mean cost per model over the training rows. */
  readonly meanCostsUsd: Float64Array
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
  /** Mean label over all training rows and models. */
  readonly #meanSatisfaction: number

  private constructor(
    vector: PromptVector | null,
    projection: TextProjection | null,
    trained: TrainedPredictors | null,
  ) {
    this.#vector = vector
    this.#projection = projection
    this.#trained = trained
    trained?.predictor.models.forEach((model, m) => {
      this.#position.set(model, m)
    })
    this.#meanSatisfaction = trained === null ? 0 : mean(trained.meanSatisfaction)
  }

  /** Knows nothing: every prompt reads as zeros. */
  static blank(): PromptReader {
    return new PromptReader(null, null, null)
  }

  /** Learns coordinates from a sample of unlabelled prompts. */
  static fit(sample: readonly Features[]): PromptReader {
    const vector = PromptVector.fit(sample)
    return new PromptReader(vector, TextProjection.fit(vector, sample, COORDINATES), null)
  }

  /** Reads with predictors that were trained on vectors of this kind. */
  static trained(vector: PromptVector, trained: TrainedPredictors): PromptReader {
    return new PromptReader(vector, null, trained)
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
    const familiar = this.#vector !== null && features.encoder === this.#vector.encoder
    if (this.#vector === null || !familiar) return this.#unread(promptTokens)
    const vector = this.#vector.weigh(features)
    const { statistics } = features
    const logLength = statistics[LOG_LENGTH] ?? 0
    if (this.#trained === null) {
      const x = this.#projection?.project(vector, logLength) ?? new Float32Array(COORDINATES)
      return { x, promptTokens, trained: none, trainedCostsUsd: none }
    }
    const { predictor, scale } = this.#trained
    const trained = new Float32Array(predictor.models.length)
    const trainedCostsUsd = new Float32Array(predictor.models.length)
    const prompt = { vector, statistics, promptTokens }
    const directions = predictor.predict(prompt, trained, trainedCostsUsd)
    return { x: scale.scale(directions, logLength), promptTokens, trained, trainedCostsUsd }
  }

  /** What is known of a prompt whose features mean nothing here. */
  #unread(promptTokens: number): PromptView {
    const x = new Float32Array(COORDINATES)
    if (this.#trained === null) return { x, promptTokens, trained: none, trainedCostsUsd: none }
    return {
      x,
      promptTokens,
      trained: Float32Array.from(this.#trained.meanSatisfaction),
      trainedCostsUsd: Float32Array.from(this.#trained.meanCostsUsd),
    }
  }

  /** Position of a model among the offline predictions; -1 for one that was not trained on. */
  position(model: ModelId): number {
    return this.#position.get(model) ?? -1
  }

  /** By how much the trained models are expected to do better on a prompt than on the mean one; 0 without training. */
  ease(view: PromptView): number {
    if (this.#trained === null) return 0
    return mean(view.trained) - this.#meanSatisfaction
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
    writer.flag(this.#vector !== null)
    this.#vector?.write(writer)
    writer.flag(this.#projection !== null)
    this.#projection?.write(writer)
    writer.flag(this.#trained !== null)
    if (this.#trained === null) return
    const { predictor, scale, meanSatisfaction, meanCostsUsd, priceIndices } = this.#trained
    predictor.write(writer)
    scale.write(writer)
    writer.array(meanSatisfaction)
    writer.array(meanCostsUsd)
    writer.array(priceIndices)
  }

  static read(reader: ByteReader): PromptReader {
    const vector = reader.flag() ? PromptVector.read(reader) : null
    const projection = reader.flag() ? TextProjection.read(reader) : null
    if (!reader.flag()) return new PromptReader(vector, projection, null)
    return new PromptReader(vector, projection, {
      predictor: AveragePredictor.read(reader),
      scale: CoordinateScale.read(reader),
      meanSatisfaction: reader.float64(),
      meanCostsUsd: reader.float64(),
      priceIndices: reader.float64(),
    })
  }
}

const none = new Float32Array(0)

function mean(values: Float32Array | Float64Array): number {
  let sum = 0
  for (let m = 0; m < values.length; m++) sum += values[m] ?? 0
  return sum / Math.max(1, values.length)
}
