import type { Features } from '../features/features.ts'
import { LOG_LENGTH } from '../features/prompt-statistics.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { type TruncatedSvd, truncatedSvd } from '../numeric/linear-algebra.ts'
import { createRandom } from '../numeric/random.ts'
import { addRows, type PromptVector, type SparseVector } from './prompt-vector.ts'

/** Share of the log length against the text coordinates, whose joint norm is about one. */
const LENGTH_SCALE = 0.3
const POWER_ITERATIONS = 4

/**
 * Turns a prompt's leading singular directions into coordinates: the standardised log length times 0.3, then the directions,
 * centred and divided by their root mean square norm within a sample. Immutable.
 */
export class CoordinateScale {
  readonly #centre: Float64Array
  readonly #scale: number
  readonly #meanLength: number
  readonly #lengthScale: number

  private constructor(centre: Float64Array, scales: Float64Array) {
    this.#centre = centre
    this.#scale = scales[0] ?? 0
    this.#meanLength = scales[1] ?? 0
    this.#lengthScale = scales[2] ?? 0
  }

  /** Number of coordinates, the length among them. */
  get dimension(): number {
    return this.#centre.length + 1
  }

  /** Learns the scale of `dimension` coordinates from the decomposition of a sample. */
  static fit(svd: TruncatedSvd, sample: readonly Features[], dimension: number): CoordinateScale {
    const n = sample.length
    const centre = new Float64Array(dimension - 1)
    let square = 0
    for (let k = 0; k < Math.min(svd.rank, centre.length); k++) {
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
    return new CoordinateScale(centre, Float64Array.from(scales))
  }

  static read(reader: ByteReader): CoordinateScale {
    return new CoordinateScale(reader.float64(), reader.float64())
  }

  write(writer: ByteWriter): void {
    writer.array(this.#centre)
    writer.array(Float64Array.of(this.#scale, this.#meanLength, this.#lengthScale))
  }

  /** Coordinates of one prompt; 32-bit, so that stored ones equal fresh ones. */
  scale(directions: Float64Array, logLength: number): Float32Array {
    const out = new Float32Array(this.dimension)
    out[0] = (logLength - this.#meanLength) * this.#lengthScale
    for (let k = 1; k < out.length; k++) {
      out[k] = ((directions[k - 1] ?? 0) - (this.#centre[k - 1] ?? 0)) * this.#scale
    }
    return out
  }
}

/** Projects a prompt to a few coordinates within a sample of unlabelled prompts (latent semantic analysis). */
export class TextProjection {
  /** Row-major [columns x (dimension - 1)]. */
  readonly #directions: Float32Array
  readonly #scale: CoordinateScale
  readonly #scratch: Float64Array

  private constructor(directions: Float32Array, scale: CoordinateScale) {
    this.#directions = directions
    this.#scale = scale
    this.#scratch = new Float64Array(scale.dimension - 1)
  }

  /** Learns `dimension` coordinates from a sample; fewer where the sample holds fewer directions. Deterministic. */
  static fit(vector: PromptVector, sample: readonly Features[], dimension: number): TextProjection {
    const random = createRandom('text-projection')
    const svd = truncatedSvd(vector.matrix(sample), dimension - 1, random, POWER_ITERATIONS)
    const width = dimension - 1
    const directions = new Float32Array(vector.columns * width)
    for (let column = 0; column < vector.columns; column++) {
      for (let k = 0; k < svd.rank; k++) {
        directions[column * width + k] = svd.right[column * svd.rank + k] ?? 0
      }
    }
    return new TextProjection(directions, CoordinateScale.fit(svd, sample, dimension))
  }

  static read(reader: ByteReader): TextProjection {
    return new TextProjection(reader.float32(), CoordinateScale.read(reader))
  }

  write(writer: ByteWriter): void {
    writer.array(this.#directions)
    this.#scale.write(writer)
  }

  /** Coordinates of one prompt. */
  project(prompt: SparseVector, logLength: number): Float32Array {
    const sums = this.#scratch.fill(0)
    addRows(prompt, this.#directions, sums, sums.length)
    return this.#scale.scale(sums, logLength)
  }
}

function invert(value: number): number {
  return value > 1e-6 ? 1 / value : 0
}
