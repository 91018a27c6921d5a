import { CUES } from './prompt-statistics.ts'
import { WORD_BUCKETS } from './token-counter.ts'
import { hashWord } from './token-hash.ts'

/** Words that are a cue by themselves. */
const SINGLE_WORDS: readonly (readonly [string, number])[] = [
  ['return', CUES.code],
  ['not', CUES.negation],
  ['except', CUES.negation],
  ['following', CUES.following],
  ['which', CUES.which],
  ['what', CUES.what],
  ['how', CUES.how],
  ['why', CUES.why],
  ['write', CUES.write],
]

/** Finds cue words by their hash: one table look-up for the words that are none. */
export interface CueWords {
  /** Cue bits that a word completes, given the hashes of the three words before it, latest first. */
  match(hash: number, before: Int32Array): number
}

/** Builds the table of cue words. */
export function createCueWords(): CueWords {
  const candidate = new Uint8Array(WORD_BUCKETS)
  const cues = new Map<number, number>()
  for (const [word, cue] of SINGLE_WORDS) {
    cues.set(hashWord(word), cue)
    candidate[hashWord(word) & (WORD_BUCKETS - 1)] = 1
  }
  const [all, none, of, the, above] = ['all', 'none', 'of', 'the', 'above'].map(word => hashWord(word) | 0)
  for (const word of ['of', 'above']) candidate[hashWord(word) & (WORD_BUCKETS - 1)] = 1
  return {
    match(hash, before) {
      if (candidate[hash & (WORD_BUCKETS - 1)] === 0) return 0
      const signed = hash | 0
      if (signed === of && before[0] === none) return CUES.allOrNone
      if (signed === above && before[0] === the && before[1] === of && before[2] === all)
        return CUES.allOrNone
      return cues.get(hash) ?? 0
    },
  }
}
