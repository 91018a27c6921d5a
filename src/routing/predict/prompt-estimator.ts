import type { RoutingContext } from '../decision.ts'
import type { Features } from '../features/features.ts'
import type { ModelId, ModelSpec } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { BatchPredictor } from './batch-predictor.ts'
import { expectedCost, priceIndex } from './cost-units.ts'
import type { Vectorizer } from './prompt-vector.ts'

/** What was trained: a prompt's vectors, and two predictors of the same models in the same order. */
export interface EstimatorParts {
  readonly vector: Vectorizer
  /** What cost is predicted from; `null`: from `vector` as well. */
  readonly costVector: Vectorizer | null
  /** In [0, 1]; what lies outside is cut. */
  readonly satisfaction: BatchPredictor
  /** Relative to the model's mean cost. */
  readonly cost: BatchPredictor
  /** [models], USD per unit of relative cost. */
  readonly costScales: Float64Array
  /** [models], `priceIndex` of each model at training; 0 where it had no price list. */
  readonly priceIndices: Float64Array
}

/** Predictions for one prompt, one entry per trained model. */
export interface PromptEstimate {
  readonly satisfaction: Float64Array
  /** USD at the prices that held at training. */
  readonly costUsd: Float64Array
}

/** Predicts satisfaction and cost of every trained model from a prompt's features. Immutable. */
export class PromptEstimator {
  readonly #parts: EstimatorParts
  readonly #position: ReadonlyMap<ModelId, number>
  /** An evaluation asks for the same prompt once per floor; features are never changed once made. */
  readonly #known = new WeakMap<Features, PromptEstimate>()

  constructor(parts: EstimatorParts) {
    this.#parts = parts
    this.#position = new Map(parts.satisfaction.models.map((model, m) => [model, m]))
  }

  get models(): readonly ModelId[] {
    return this.#parts.satisfaction.models
  }

  /** Position of a model among the estimates; -1 for one that was not trained on. */
  position(model: ModelId): number {
    return this.#position.get(model) ?? -1
  }

  estimate({ features, promptTokens }: Pick<RoutingContext, 'features' | 'promptTokens'>): PromptEstimate {
    const known = this.#known.get(features)
    if (known !== undefined) return known
    const { vector, costVector, satisfaction, cost, costScales } = this.#parts
    const prompt = vector.weigh(features, promptTokens)
    const out = new Float64Array(this.models.length)
    satisfaction.predict(prompt, out)
    const chances = out.map(clipped)
    cost.predict(costVector === null ? prompt : costVector.weigh(features, promptTokens), out)
    const costUsd = out.map((relative, m) => expectedCost(relative, costScales[m] ?? 0))
    const estimate = { satisfaction: chances, costUsd }
    this.#known.set(features, estimate)
    return estimate
  }

  /** How much dearer a model's price list has become since training, as a factor; 1 where either list is unknown. */
  priceChange(spec: ModelSpec): number {
    const before = this.#parts.priceIndices[this.position(spec.id)] ?? 0
    const now = priceIndex(spec) ?? 0
    return before > 0 && now > 0 ? now / before : 1
  }

  write(writer: ByteWriter): void {
    const { vector, costVector, satisfaction, cost, costScales, priceIndices } = this.#parts
    vector.write(writer)
    satisfaction.write(writer)
    costVector?.write(writer)
    cost.write(writer)
    writer.array(costScales)
    writer.array(priceIndices)
  }

  /** Reads what `write` wrote; the caller knows what the parts were. */
  static read(reader: ByteReader, parts: PartReaders): PromptEstimator {
    const vector = parts.vector(reader)
    const satisfaction = parts.satisfaction(reader)
    return new PromptEstimator({
      vector,
      satisfaction,
      costVector: parts.costVector?.(reader) ?? null,
      cost: parts.cost(reader),
      costScales: reader.float64(),
      priceIndices: reader.float64(),
    })
  }
}

/** How each part of an estimator is read back. */
export interface PartReaders {
  readonly vector: (reader: ByteReader) => Vectorizer
  readonly satisfaction: (reader: ByteReader) => BatchPredictor
  /** Absent where cost is predicted from `vector`. */
  readonly costVector?: (reader: ByteReader) => Vectorizer
  readonly cost: (reader: ByteReader) => BatchPredictor
}

/** A probability. */
function clipped(value: number): number {
  return Math.min(1, Math.max(0, value))
}
