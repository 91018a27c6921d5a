import type { Features } from '../features/features.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { SparseMatrix } from '../numeric/linear-algebra.ts'
import { EmbeddingBlock } from './embedding-block.ts'
import { fitStatisticBins, StatisticBins } from './statistic-bins.ts'
import { TokenWeights } from './token-weights.ts'

/** Hash buckets: words lie below 8192, template tokens above (`hashed-ngrams@1`). */
const BUCKETS = 16_384
const WORD_BUCKETS = 8192
/** Words, templates and statistics; embeddings come on top where the sample has them. */
const TEXT_BLOCKS = 3

/** A prompt as a sparse vector in scratch memory; valid until the next prompt. */
export interface SparseVector {
  length: number
  readonly columns: Int32Array
  readonly values: Float64Array
}

/** Turns prompts into sparse vectors, by weights that it learned from a sample without labels. */
export interface Vectorizer {
  /** Number of columns; columns are numbered densely. */
  readonly columns: number
  /** The vector of one prompt. The same scratch memory is handed out at every call. */
  weigh(features: Features, promptTokens: number): SparseVector
  write(writer: ByteWriter): void
}

/**
 * Weighs a prompt's features into one sparse vector of blocks, each of norm about one, over the root of their number:
 * words as (1 + ln count) * idf, template tokens as idf, the statistics as one-hot quantile bins and, where the sample
 * has them, embeddings; idf = ln((1 + n) / (1 + df)) + 1. Learned from a sample of prompts, without labels.
 */
export class PromptVector implements Vectorizer {
  /** Name of the featurizer whose prompts it weighs; of any other's it makes the empty vector. */
  readonly encoder: string
  /** Number of columns; columns are numbered densely. */
  readonly columns: number
  readonly #tokens: TokenWeights
  readonly #bins: StatisticBins
  readonly #embeddings: EmbeddingBlock | null
  readonly #blockWeight: number
  readonly #scratch: SparseVector

  private constructor({ encoder, tokens, bins, embeddings }: VectorParts) {
    this.encoder = encoder
    this.#tokens = tokens
    this.#bins = bins
    this.#embeddings = embeddings
    this.#blockWeight = 1 / Math.sqrt(TEXT_BLOCKS + (embeddings === null ? 0 : 1))
    this.columns = tokens.columns + bins.columns + (embeddings?.columns ?? 0)
    this.#scratch = {
      length: 0,
      columns: new Int32Array(this.columns),
      values: new Float64Array(this.columns),
    }
  }

  /** Learns the weights from a sample of prompts of one featurizer. */
  static fit(sample: readonly Features[]): PromptVector {
    return new PromptVector({
      encoder: sample[0]?.encoder ?? '',
      tokens: TokenWeights.fit(sample, BUCKETS),
      bins: fitStatisticBins(sample),
      embeddings: EmbeddingBlock.fit(sample),
    })
  }

  static read(reader: ByteReader): PromptVector {
    return new PromptVector({
      encoder: reader.text(),
      tokens: TokenWeights.read(reader, BUCKETS),
      bins: StatisticBins.read(reader),
      embeddings: reader.flag() ? EmbeddingBlock.read(reader) : null,
    })
  }

  /** The semantic encoder whose embeddings it reads; `null` where the sample had none. */
  get embeddingEncoder(): string | null {
    return this.#embeddings?.encoder ?? null
  }

  write(writer: ByteWriter): void {
    writer.text(this.encoder)
    this.#tokens.write(writer)
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
    for (let i = 0; i < firstTemplate; i++) this.#tokens.append(buckets[i] ?? 0, counts[i] ?? 0, out)
    normaliseFrom(out, 0, this.#blockWeight)
    const templates = out.length
    for (let i = firstTemplate; i < buckets.length; i++) this.#tokens.append(buckets[i] ?? 0, 1, out)
    normaliseFrom(out, templates, this.#blockWeight)
    const weight = this.#blockWeight
    const tokens = this.#tokens.columns
    this.#bins.append(features.statistics, tokens, weight, out)
    this.#embeddings?.append(features.embedding, tokens + this.#bins.columns, weight, out)
    return out
  }

  /** The vectors of a list of prompts as a sparse matrix [prompts x columns]. */
  matrix(prompts: readonly Features[]): SparseMatrix {
    return sparseMatrix(
      this.columns,
      prompts.values().map(features => this.weigh(features)),
    )
  }
}

interface VectorParts {
  readonly encoder: string
  readonly tokens: TokenWeights
  readonly bins: StatisticBins
  readonly embeddings: EmbeddingBlock | null
}

/** Vectors as the rows of a matrix; each is read before the next is asked for. */
export function sparseMatrix(columns: number, vectors: Iterable<SparseVector>): SparseMatrix {
  const starts = [0]
  const indices: number[] = []
  const values: number[] = []
  for (const vector of vectors) {
    for (let e = 0; e < vector.length; e++) {
      indices.push(vector.columns[e] ?? 0)
      values.push(vector.values[e] ?? 0)
    }
    starts.push(indices.length)
  }
  return {
    rows: starts.length - 1,
    columns,
    starts: Int32Array.from(starts),
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
  }
}

/** Scales the entries from `first` on to norm `weight`; a block of zeros stays. */
export function normaliseFrom(vector: SparseVector, first: number, weight: number): void {
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
