import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** A straight line may not say less than this share of a usual cost. */
const SMALLEST_RELATIVE = 0.2

/** One straight line per model in the length of the prompt: a_m + b_m * tokens, at least .2. Immutable. */
export class LengthLines {
  readonly #intercepts: Float64Array
  readonly #slopes: Float64Array

  constructor(intercepts: Float64Array, slopes: Float64Array) {
    this.#intercepts = intercepts
    this.#slopes = slopes
  }

  /** Writes one relative cost per model into `out`. */
  predict(promptTokens: number, out: Float64Array): void {
    for (let m = 0; m < this.#slopes.length; m++) {
      const value = (this.#intercepts[m] ?? 0) + (this.#slopes[m] ?? 0) * promptTokens
      out[m] = Math.max(SMALLEST_RELATIVE, value)
    }
  }

  write(writer: ByteWriter): void {
    writer.array(this.#intercepts)
    writer.array(this.#slopes)
  }

  static read(reader: ByteReader): LengthLines {
    return new LengthLines(reader.float64(), reader.float64())
  }
}

/** Lines with what the other rows predict of each training row. */
export interface TrainedLines {
  readonly lines: LengthLines
  /** Exact leave-one-out, row-major [rows x models]. */
  readonly crossFitted: Float64Array
}

/** Least squares lines of `targets`, row-major [rows x models], in the prompts' lengths. */
export function trainLengthLines(promptTokens: readonly number[], targets: Float64Array): TrainedLines {
  const rows = promptTokens.length
  const width = targets.length / rows
  const centre = promptTokens.reduce((sum, length) => sum + length, 0) / rows
  const spread = promptTokens.reduce((sum, length) => sum + (length - centre) ** 2, 0)
  const means = new Float64Array(width)
  const slopes = new Float64Array(width)
  targets.forEach((target, i) => {
    const offset = (promptTokens[Math.floor(i / width)] ?? 0) - centre
    means[i % width] = (means[i % width] ?? 0) + target / rows
    if (spread > 0) slopes[i % width] = (slopes[i % width] ?? 0) + (target * offset) / spread
  })
  const intercepts = means.map((mean, m) => mean - (slopes[m] ?? 0) * centre)
  const crossFitted = targets.map((target, i) => {
    const length = promptTokens[Math.floor(i / width)] ?? 0
    const leverage = 1 / rows + (spread > 0 ? (length - centre) ** 2 / spread : 0)
    const fitted = (intercepts[i % width] ?? 0) + (slopes[i % width] ?? 0) * length
    return Math.max(SMALLEST_RELATIVE, target - (target - fitted) / Math.max(1 - leverage, 0.05))
  })
  return { lines: new LengthLines(intercepts, slopes), crossFitted }
}
