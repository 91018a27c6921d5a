import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { expectedCost } from './cost-units.ts'
import { LengthLines, trainLengthLines } from './length-lines.ts'
import { columnMeans, nonNegativeWeights } from './non-negative-weights.ts'

/** Predictions of relative cost by the learners that read the text, one entry per model. */
export interface TextCosts {
  readonly ridge: Float64Array
  /** Zeros where there is no forest. */
  readonly forest: Float64Array
}

/**
 * Expected cost in USD as a learned mixture: c_m(x) = scale_m * max(.1, o_m + w_1 ridge_m(x) + w_2 forest_m(x) + w_3 line_m(x)),
 * in multiples of the model's mean cost; the weights are common to all models. Immutable.
 */
export class CostMixture {
  readonly #lines: LengthLines
  readonly #weights: Float64Array
  readonly #offsets: Float64Array
  readonly #scales: Float64Array
  readonly #byLength: Float64Array

  constructor(lines: LengthLines, weights: Float64Array, offsets: Float64Array, scales: Float64Array) {
    this.#lines = lines
    this.#weights = weights
    this.#offsets = offsets
    this.#scales = scales
    this.#byLength = new Float64Array(scales.length)
  }

  /** Weights of ridge, forest and length; their sum is at most one. */
  get weights(): readonly number[] {
    return [...this.#weights]
  }

  /** Writes one expected cost in USD per model into `out`. */
  predict({ ridge, forest }: TextCosts, promptTokens: number, out: Float64Array | Float32Array): void {
    const [byRidge = 0, byForest = 0, byLine = 0] = this.#weights
    this.#lines.predict(promptTokens, this.#byLength)
    for (let m = 0; m < this.#scales.length; m++) {
      const relative =
        (this.#offsets[m] ?? 0) +
        byRidge * (ridge[m] ?? 0) +
        byForest * (forest[m] ?? 0) +
        byLine * (this.#byLength[m] ?? 0)
      out[m] = expectedCost(relative, this.#scales[m] ?? 0)
    }
  }

  write(writer: ByteWriter): void {
    this.#lines.write(writer)
    writer.array(this.#weights)
    writer.array(this.#offsets)
    writer.array(this.#scales)
  }

  static read(reader: ByteReader): CostMixture {
    return new CostMixture(LengthLines.read(reader), reader.float64(), reader.float64(), reader.float64())
  }
}

/** What a cost mixture is trained on; all matrices row-major [rows x models]. */
export interface CostProblem {
  readonly promptTokens: readonly number[]
  /** Costs over the model's mean, cut. */
  readonly relative: Float64Array
  /** [models], USD. */
  readonly meansUsd: Float64Array
  /** What each learner that reads the text predicts of rows that it has not seen. */
  readonly ridge: Float64Array
  readonly forest: Float64Array
}

/** A cost mixture with what it predicts of left-out rows. */
export interface TrainedCosts {
  readonly mixture: CostMixture
  /** USD, row-major [rows x models]. */
  readonly crossFitted: Float64Array
}

/** Weighs the learners by how well they predict rows that they have not seen; the mean bill comes out as it was. */
export function trainCostMixture({
  promptTokens,
  relative,
  meansUsd,
  ridge,
  forest,
}: CostProblem): TrainedCosts {
  const width = meansUsd.length
  const { lines, crossFitted: byLength } = trainLengthLines(promptTokens, relative)
  const learners = [ridge, forest, byLength]
  const weights = nonNegativeWeights(learners, relative, width)
  const centres = learners.map(learner => columnMeans(learner, width))
  const offsets = columnMeans(relative, width).map((mean, m) =>
    weights.reduce((rest, weight, k) => rest - weight * (centres[k]?.[m] ?? 0), mean),
  )
  const mixed = relative.map((_, i) =>
    expectedCost(
      weights.reduce((sum, weight, k) => sum + weight * (learners[k]?.[i] ?? 0), offsets[i % width] ?? 0),
      1,
    ),
  )
  const scales = columnMeans(mixed, width).map((mean, m) => (meansUsd[m] ?? 0) / mean)
  return {
    mixture: new CostMixture(lines, Float64Array.from(weights), offsets, scales),
    crossFitted: mixed.map((value, i) => value * (scales[i % width] ?? 0)),
  }
}
