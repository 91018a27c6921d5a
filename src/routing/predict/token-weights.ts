import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { SparseVector } from './prompt-vector.ts'

/** Tokens that fewer prompts of the sample hold say nothing of other prompts. */
const RAREST_TOKEN = 2

/** Weights of hashed tokens, (1 + ln count) * idf with idf = ln((1 + n) / (1 + df)) + 1, learned from a sample of n prompts. */
export class TokenWeights {
  readonly #buckets: Uint16Array
  readonly #idf: Float32Array
  readonly #columnOfBucket: Int32Array

  /** @param bucketCount upper bound (exclusive) of the buckets */
  private constructor(buckets: Uint16Array, idf: Float32Array, bucketCount: number) {
    this.#buckets = buckets
    this.#idf = idf
    this.#columnOfBucket = new Int32Array(bucketCount).fill(-1)
    buckets.forEach((bucket, column) => {
      this.#columnOfBucket[bucket] = column
    })
  }

  /** Learns the weights of every bucket that at least two prompts hold. */
  static fit(sample: readonly { readonly buckets: Uint16Array }[], bucketCount: number): TokenWeights {
    const frequency = new Uint32Array(bucketCount)
    for (const { buckets } of sample) {
      for (const bucket of buckets) frequency[bucket] = (frequency[bucket] ?? 0) + 1
    }
    const kept = Array.from(frequency.keys()).filter(bucket => (frequency[bucket] ?? 0) >= RAREST_TOKEN)
    const idf = kept.map(bucket => Math.log((1 + sample.length) / (1 + (frequency[bucket] ?? 0))) + 1)
    return new TokenWeights(Uint16Array.from(kept), Float32Array.from(idf), bucketCount)
  }

  static read(reader: ByteReader, bucketCount: number): TokenWeights {
    return new TokenWeights(reader.uint16(), reader.float32(), bucketCount)
  }

  write(writer: ByteWriter): void {
    writer.array(this.#buckets)
    writer.array(this.#idf)
  }

  /** Number of columns: of buckets that have a weight. */
  get columns(): number {
    return this.#buckets.length
  }

  /** Appends a token that occurs `count` times; nothing where it has no weight. */
  append(bucket: number, count: number, out: SparseVector): void {
    const column = this.#columnOfBucket[bucket] ?? -1
    if (column < 0) return
    out.columns[out.length] = column
    out.values[out.length] = (count === 1 ? 1 : 1 + Math.log(count)) * (this.#idf[column] ?? 0)
    out.length++
  }
}
