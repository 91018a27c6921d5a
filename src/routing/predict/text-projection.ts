import type { Features } from '../features/features.ts'
import { LOG_LENGTH } from '../features/prompt-statistics.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { truncatedSvd } from '../numeric/linear-algebra.ts'
import { createRandom } from '../numeric/random.ts'
import { addRows, type PromptVector, type SparseVector } from './prompt-vector.ts'

/** Share of the log length against the text coordinates, whose joint norm is about one. */
const LENGTH_SCALE = 0.3
const POWER_ITERATIONS = 4

/**
 * Projects a prompt to a few coordinates: the standardised log length times 0.3, then its leading singular directions
 * within a sample of unlabelled prompts (latent semantic analysis), centred and divided by their root mean square norm.
 */
export class TextProjection {
  /** Number of coordinates, the length among them. */
  readonly dimension: number
  /** Row-major [columns x (dimension - 1)]. */
  readonly #directions: Float32Array
  readonly #centre: Float64Array
  readonly #scale: number
  readonly #meanLength: number
  readonly #lengthScale: number
  readonly #scratch: Float64Array

  private constructor(directions: Float32Array, centre: Float64Array, scales: Float64Array) {
    this.#directions = directions
    this.#centre = centre
    this.#scale = scales[0] ?? 0
    this.#meanLength = scales[1] ?? 0
    this.#lengthScale = scales[2] ?? 0
    this.dimension = centre.length + 1
    this.#scratch = new Float64Array(centre.length)
  }

  /** Learns `dimension` coordinates from a sample; fewer where the sample holds fewer directions. Deterministic. */
  static fit(vector: PromptVector, sample: readonly Features[], dimension: number): TextProjection {
    const svd = truncatedSvd(
      vector.matrix(sample),
      dimension - 1,
      createRandom('text-projection'),
      POWER_ITERATIONS,
    )
    const n = sample.length
    const centre = new Float64Array(dimension - 1)
    let square = 0
    for (let k = 0; k < svd.rank; k++) {
      const singular = svd.singular[k] ?? 0
      let sum = 0
      for (let i = 0; i < n; i++) sum += (svd.left[i * svd.rank + k] ?? 0) * singular
      centre[k] = sum / n
      square += singular * singular - n * (sum / n) ** 2
    }
    const lengths = sample.map(features => features.statistics[LOG_LENGTH] ?? 0)
    const meanLength = lengths.reduce((sum, length) => sum + length, 0) / n
    const variance = lengths.reduce((sum, length) => sum + (length - meanLength) ** 2, 0) / n
    const scales = [invert(Math.sqrt(square / n)), meanLength, LENGTH_SCALE * invert(Math.sqrt(variance))]
    const directions = new Float32Array(vector.columns * centre.length)
    for (let column = 0; column < vector.columns; column++) {
      for (let k = 0; k < svd.rank; k++) {
        directions[column * centre.length + k] = svd.right[column * svd.rank + k] ?? 0
      }
    }
    return new TextProjection(directions, centre, Float64Array.from(scales))
  }

  static read(reader: ByteReader): TextProjection {
    return new TextProjection(reader.float32(), reader.float64(), reader.float64())
  }

  write(writer: ByteWriter): void {
    writer.array(this.#directions)
    writer.array(this.#centre)
    writer.array(Float64Array.of(this.#scale, this.#meanLength, this.#lengthScale))
  }

  /** Coordinates of one prompt; 32-bit, so that stored ones equal fresh ones. */
  project(prompt: SparseVector, logLength: number): Float32Array {
    const width = this.#centre.length
    const sums = this.#scratch.fill(0)
    addRows(prompt, this.#directions, sums, width)
    const out = new Float32Array(this.dimension)
    out[0] = (logLength - this.#meanLength) * this.#lengthScale
    for (let k = 0; k < width; k++) out[k + 1] = ((sums[k] ?? 0) - (this.#centre[k] ?? 0)) * this.#scale
    return out
  }
}

function invert(value: number): number {
  return value > 1e-6 ? 1 / value : 0
}
