import type { Features } from '../features/features.ts'
import { NGRAM_BUCKETS, WORD_NGRAM_BUCKETS } from '../features/ngram-counter.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { normaliseFrom, type SparseVector, type Vectorizer } from './prompt-vector.ts'
import { TokenWeights } from './token-weights.ts'

/**
 * TF-IDF of the plain text baselines: words and word pairs in one block, character n-grams in another, each entry
 * (1 + ln count) * idf, each block of norm one. Learned from a sample of prompts, without labels.
 */
export class NgramVector implements Vectorizer {
  /** Name of the counter whose n-grams it weighs; of any other's, and of prompts without, it makes the empty vector. */
  readonly counter: string
  readonly #tokens: TokenWeights
  readonly #scratch: SparseVector

  private constructor(counter: string, tokens: TokenWeights) {
    this.counter = counter
    this.#tokens = tokens
    this.#scratch = {
      length: 0,
      columns: new Int32Array(tokens.columns),
      values: new Float64Array(tokens.columns),
    }
  }

  /** Learns the weights. Throws a RangeError where a prompt has no n-grams. */
  static fit(sample: readonly Features[]): NgramVector {
    const ngrams = sample.map(({ ngrams }) => ngrams ?? withoutNgrams())
    return new NgramVector(ngrams[0]?.counter ?? '', TokenWeights.fit(ngrams, NGRAM_BUCKETS))
  }

  static read(reader: ByteReader): NgramVector {
    return new NgramVector(reader.text(), TokenWeights.read(reader, NGRAM_BUCKETS))
  }

  write(writer: ByteWriter): void {
    writer.text(this.counter)
    this.#tokens.write(writer)
  }

  get columns(): number {
    return this.#tokens.columns
  }

  weigh({ ngrams }: Features): SparseVector {
    const out = this.#scratch
    out.length = 0
    if (ngrams?.counter !== this.counter) return out
    const { buckets, counts } = ngrams
    let i = 0
    for (; i < buckets.length && (buckets[i] ?? 0) < WORD_NGRAM_BUCKETS; i++) {
      this.#tokens.append(buckets[i] ?? 0, counts[i] ?? 0, out)
    }
    normaliseFrom(out, 0, 1)
    const characters = out.length
    for (; i < buckets.length; i++) this.#tokens.append(buckets[i] ?? 0, counts[i] ?? 0, out)
    normaliseFrom(out, characters, 1)
    return out
  }
}

function withoutNgrams(): never {
  throw new RangeError(
    'these features hold no n-grams, and the policy reads them; make features by featurizeWithNgrams(text)',
  )
}
