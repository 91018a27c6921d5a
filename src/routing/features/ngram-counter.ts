import { IDEOGRAPH, LOWER, SPACE, WORD } from './character-table.ts'
import type { NgramCounts } from './features.ts'
import { TokenCounter } from './token-counter.ts'
import { extendHash, finishHash, startHash } from './token-hash.ts'

/** Buckets of words and word pairs: [0, WORD_NGRAM_BUCKETS). */
export const WORD_NGRAM_BUCKETS = 32_768
/** All buckets; character n-grams take [WORD_NGRAM_BUCKETS, NGRAM_BUCKETS). */
export const NGRAM_BUCKETS = 65_536
/** Name and version of the counts. */
export const NGRAM_COUNTER = 'word-character-ngrams@1'

// Seeds that keep the families apart.
const PAIR = 40
const THREE = 43
const FOUR = 44

const BLANK = 32

/**
 * Counts the n-grams of the plain text baselines: lower-cased words and pairs of successive words, and runs of three and of
 * four lower-case characters across words, white space taken as one blank. Scratch memory is reused from prompt to prompt.
 */
export class NgramCounter {
  readonly #table: Int32Array
  readonly #counter = new TokenCounter(NGRAM_BUCKETS)

  /** @param table as `createCharacterTable` makes it */
  constructor(table: Int32Array) {
    this.#table = table
  }

  count(text: string): NgramCounts {
    this.#words(text)
    this.#characters(text)
    return { counter: NGRAM_COUNTER, ...this.#counter.drain() }
  }

  #words(text: string): void {
    let previous = 0
    let words = 0
    let hash = startHash()
    let length = 0
    for (let at = 0; at <= text.length; at++) {
      const bits = at < text.length ? (this.#table[text.charCodeAt(at)] ?? 0) : 0
      const alone = (bits & IDEOGRAPH) !== 0
      if ((bits & WORD) === 0 || alone) {
        if (length > 0) endWord(this.#counter)
        if (!alone) continue
      }
      hash = extendHash(hash, bits & LOWER)
      length++
      if (alone) endWord(this.#counter)
    }

    function endWord(counter: TokenCounter): void {
      const word = finishHash(hash)
      counter.add(word & (WORD_NGRAM_BUCKETS - 1))
      if (words > 0) {
        const pair = finishHash(extendHash(extendHash(startHash(PAIR), previous), word))
        counter.add(pair & (WORD_NGRAM_BUCKETS - 1))
      }
      previous = word
      words++
      hash = startHash()
      length = 0
    }
  }

  #characters(text: string): void {
    let [a, b, c] = [0, 0, 0]
    let seen = 0
    for (let at = 0; at < text.length; at++) {
      const bits = this.#table[text.charCodeAt(at)] ?? 0
      const unit = (bits & SPACE) !== 0 ? BLANK : bits & LOWER
      if (unit === BLANK && c === BLANK) continue
      seen++
      if (seen >= 3) this.#character(extendHash(extendHash(extendHash(startHash(THREE), b), c), unit))
      if (seen >= 4) {
        this.#character(extendHash(extendHash(extendHash(extendHash(startHash(FOUR), a), b), c), unit))
      }
      a = b
      b = c
      c = unit
    }
  }

  #character(hash: number): void {
    const bucket = finishHash(hash) & (NGRAM_BUCKETS - WORD_NGRAM_BUCKETS - 1)
    this.#counter.add(WORD_NGRAM_BUCKETS + bucket)
  }
}
