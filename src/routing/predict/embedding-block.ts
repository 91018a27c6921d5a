import type { Embedding, Features } from '../features/features.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { SparseVector } from './prompt-vector.ts'

/** A sample of which fewer prompts than this share have an embedding teaches nothing about embeddings. */
const FEWEST_EMBEDDED = 0.5

/**
 * Embeddings of one encoder as a dense block of norm one: e / |e| less its mean over a sample, divided by its norm.
 * Without the common part, directions tell prompts apart instead of telling that they are prompts (Mu & Viswanath 2018,
 * all-but-the-top, step 1). A prompt without an embedding, or with another encoder's, is the zero vector: the mean.
 */
export class EmbeddingBlock {
  /** The encoder whose embeddings it reads. */
  readonly encoder: string
  readonly #mean: Float32Array
  readonly #scratch: Float64Array

  private constructor(encoder: string, mean: Float32Array) {
    this.encoder = encoder
    this.#mean = mean
    this.#scratch = new Float64Array(mean.length)
  }

  /** Learns the mean from a sample of prompts; `null` where fewer than half have an embedding of one encoder and length. */
  static fit(sample: readonly Features[]): EmbeddingBlock | null {
    const kind = commonKind(sample)
    if (kind === null || kind.count < FEWEST_EMBEDDED * sample.length) return null
    const { encoder, length } = kind
    const sum = new Float64Array(length)
    const unit = new Float64Array(length)
    for (const { embedding } of sample) {
      if (embedding?.encoder !== encoder || embedding.values.length !== length) continue
      unit.set(embedding.values)
      scaleToUnit(unit)
      for (let k = 0; k < length; k++) sum[k] = (sum[k] ?? 0) + (unit[k] ?? 0)
    }
    return new EmbeddingBlock(
      encoder,
      Float32Array.from(sum, value => value / kind.count),
    )
  }

  static read(reader: ByteReader): EmbeddingBlock {
    return new EmbeddingBlock(reader.text(), reader.float32())
  }

  write(writer: ByteWriter): void {
    writer.text(this.encoder)
    writer.array(this.#mean)
  }

  /** Number of columns: the encoder's dimensions. */
  get columns(): number {
    return this.#mean.length
  }

  /** Appends a prompt's embedding, its columns numbered from `offset`, with norm `weight`; nothing where it has none. */
  append(embedding: Embedding | undefined, offset: number, weight: number, out: SparseVector): void {
    const length = this.#mean.length
    if (embedding?.encoder !== this.encoder || embedding.values.length !== length) return
    const scratch = this.#scratch
    scratch.set(embedding.values)
    scaleToUnit(scratch)
    for (let k = 0; k < length; k++) scratch[k] = (scratch[k] ?? 0) - (this.#mean[k] ?? 0)
    scaleToUnit(scratch)
    for (let k = 0; k < length; k++) {
      out.columns[out.length] = offset + k
      out.values[out.length] = weight * (scratch[k] ?? 0)
      out.length++
    }
  }
}

/** The encoder and length of most embeddings of a sample; the first met where several are as frequent. */
function commonKind(sample: readonly Features[]) {
  const kinds = new Map<string, { readonly encoder: string; readonly length: number; count: number }>()
  for (const { embedding } of sample) {
    if (embedding === undefined) continue
    const { encoder, values } = embedding
    const key = `${values.length} ${encoder}`
    const kind = kinds.get(key) ?? { encoder, length: values.length, count: 0 }
    kind.count++
    kinds.set(key, kind)
  }
  let most: { readonly encoder: string; readonly length: number; count: number } | null = null
  for (const kind of kinds.values()) if (most === null || kind.count > most.count) most = kind
  return most
}

/** Divides by the norm; a vector that is (but for rounding) zero becomes zero. */
function scaleToUnit(vector: Float64Array): void {
  let square = 0
  for (let k = 0; k < vector.length; k++) square += (vector[k] ?? 0) ** 2
  const factor = square > 1e-12 ? 1 / Math.sqrt(square) : 0
  for (let k = 0; k < vector.length; k++) vector[k] = (vector[k] ?? 0) * factor
}
