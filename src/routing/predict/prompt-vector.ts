import type { Features } from '../features/features.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { SparseMatrix } from '../numeric/linear-algebra.ts'
import { EmbeddingBlock } from './embedding-block.ts'
import { fitStatisticBins, StatisticBins } from './statistic-bins.ts'

/** Hash buckets: words lie below 8192, template tokens above (`hashed-ngrams@1`). */
const BUCKETS = 16_384
const WORD_BUCKETS = 8192
/** Tokens that fewer prompts of the sample hold say nothing of other prompts. */
const RAREST_TOKEN = 2
/** Words, templates and statistics; embeddings come on top where the sample has them. */
const TEXT_BLOCKS = 3

/** A prompt as a sparse vector in scratch memory; valid until the next prompt. */
export interface SparseVector {
  length: number
  readonly columns: Int32Array
  readonly values: Float64Array
}

/**
 * Weighs a prompt's features into one sparse vector of blocks, each of norm about one, over the root of their number:
 * words as (1 + ln count) * idf, template tokens as idf, the statistics as one-hot quantile bins and, where the sample
 * has them, embeddings; idf = ln((1 + n) / (1 + df)) + 1. Learned from a sample of prompts, without labels.
 */
export class PromptVector {
  /** Name of the featurizer whose prompts it weighs; of any other's it makes the empty vector. */
  readonly encoder: string
  /** Number of columns; columns are numbered densely. */
  readonly columns: number
  readonly #columnOfBucket: Int32Array
  readonly #idf: Float32Array
  readonly #bins: StatisticBins
  readonly #embeddings: EmbeddingBlock | null
  readonly #blockWeight: number
  readonly #scratch: SparseVector
  readonly #buckets: Uint16Array

  private constructor(tokens: TokenWeights, bins: StatisticBins, embeddings: EmbeddingBlock | null) {
    const { encoder, buckets, idf } = tokens
    this.encoder = encoder
    this.#buckets = buckets
    this.#idf = idf
    this.#bins = bins
    this.#embeddings = embeddings
    this.#blockWeight = 1 / Math.sqrt(TEXT_BLOCKS + (embeddings === null ? 0 : 1))
    this.#columnOfBucket = new Int32Array(BUCKETS).fill(-1)
    buckets.forEach((bucket, column) => {
      this.#columnOfBucket[bucket] = column
    })
    this.columns = buckets.length + bins.columns + (embeddings?.columns ?? 0)
    this.#scratch = {
      length: 0,
      columns: new Int32Array(this.columns),
      values: new Float64Array(this.columns),
    }
  }

  /** Learns the weights from a sample of prompts of one featurizer. */
  static fit(sample: readonly Features[]): PromptVector {
    const frequency = new Uint32Array(BUCKETS)
    for (const { buckets } of sample) {
      for (const bucket of buckets) frequency[bucket] = (frequency[bucket] ?? 0) + 1
    }
    const kept = Array.from(frequency.keys()).filter(bucket => (frequency[bucket] ?? 0) >= RAREST_TOKEN)
    const idf = kept.map(bucket => Math.log((1 + sample.length) / (1 + (frequency[bucket] ?? 0))) + 1)
    const encoder = sample[0]?.encoder ?? ''
    const tokens = { encoder, buckets: Uint16Array.from(kept), idf: Float32Array.from(idf) }
    return new PromptVector(tokens, fitStatisticBins(sample), EmbeddingBlock.fit(sample))
  }

  static read(reader: ByteReader): PromptVector {
    const tokens = { encoder: reader.text(), buckets: reader.uint16(), idf: reader.float32() }
    const bins = StatisticBins.read(reader)
    return new PromptVector(tokens, bins, reader.flag() ? EmbeddingBlock.read(reader) : null)
  }

  /** The semantic encoder whose embeddings it reads; `null` where the sample had none. */
  get embeddingEncoder(): string | null {
    return this.#embeddings?.encoder ?? null
  }

  write(writer: ByteWriter): void {
    writer.text(this.encoder)
    writer.array(this.#buckets)
    writer.array(this.#idf)
    this.#bins.write(writer)
    writer.flag(this.#embeddings !== null)
    this.#embeddings?.write(writer)
  }

  /** The vector of one prompt. The same scratch memory is handed out at every call. */
  weigh(features: Features): SparseVector {
    const out = this.#scratch
    out.length = 0
    if (features.encoder !== this.encoder) return out
    const { buckets, counts } = features
    let firstTemplate = 0
    while (firstTemplate < buckets.length && (buckets[firstTemplate] ?? 0) < WORD_BUCKETS) firstTemplate++
    for (let i = 0; i < firstTemplate; i++) this.#append(buckets[i] ?? 0, counts[i] ?? 0)
    normalise(out, 0, this.#blockWeight)
    const templates = out.length
    for (let i = firstTemplate; i < buckets.length; i++) this.#append(buckets[i] ?? 0, 1)
    normalise(out, templates, this.#blockWeight)
    const weight = this.#blockWeight
    const tokens = this.#buckets.length
    this.#bins.append(features.statistics, tokens, weight, out)
    this.#embeddings?.append(features.embedding, tokens + this.#bins.columns, weight, out)
    return out
  }

  #append(bucket: number, count: number): void {
    const column = this.#columnOfBucket[bucket] ?? -1
    if (column < 0) return
    const out = this.#scratch
    out.columns[out.length] = column
    out.values[out.length] = (count === 1 ? 1 : 1 + Math.log(count)) * (this.#idf[column] ?? 0)
    out.length++
  }

  /** The vectors of a list of prompts as a sparse matrix [prompts x columns]. */
  matrix(prompts: readonly Features[]): SparseMatrix {
    const starts = new Int32Array(prompts.length + 1)
    const indices: number[] = []
    const values: number[] = []
    prompts.forEach((features, row) => {
      const vector = this.weigh(features)
      for (let e = 0; e < vector.length; e++) {
        indices.push(vector.columns[e] ?? 0)
        values.push(vector.values[e] ?? 0)
      }
      starts[row + 1] = indices.length
    })
    const columns = this.columns
    return {
      rows: prompts.length,
      columns,
      starts,
      indices: Int32Array.from(indices),
      values: Float64Array.from(values),
    }
  }
}

/** Hashed tokens that are read, and what each weighs. */
interface TokenWeights {
  readonly encoder: string
  readonly buckets: Uint16Array
  readonly idf: Float32Array
}

/** Scales the entries from `first` on to the block's share of the whole norm. */
function normalise(vector: SparseVector, first: number, weight: number): void {
  const { values, length } = vector
  let square = 0
  for (let e = first; e < length; e++) square += (values[e] ?? 0) ** 2
  if (square === 0) return
  const factor = weight / Math.sqrt(square)
  for (let e = first; e < length; e++) values[e] = (values[e] ?? 0) * factor
}

/**
 * Adds to `out` the rows of a row-major table [columns x width] that a vector activates, each times its value.
 * This product is all that a prompt costs at prediction time.
 */
export function addRows(vector: SparseVector, table: Float32Array, out: Float64Array, width: number): void {
  const { columns, values, length } = vector
  // Two rows at a time: each sum is fetched and stored once for both.
  const pairs = length - (length % 2)
  for (let e = 0; e < pairs; e += 2) {
    const value = values[e] ?? 0
    const next = values[e + 1] ?? 0
    const row = (columns[e] ?? 0) * width
    const nextRow = (columns[e + 1] ?? 0) * width
    for (let k = 0; k < width; k++) {
      out[k] = (out[k] ?? 0) + (value * (table[row + k] ?? 0) + next * (table[nextRow + k] ?? 0))
    }
  }
  if (pairs === length) return
  const value = values[pairs] ?? 0
  const row = (columns[pairs] ?? 0) * width
  for (let k = 0; k < width; k++) out[k] = (out[k] ?? 0) + value * (table[row + k] ?? 0)
}
