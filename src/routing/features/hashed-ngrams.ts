import { createCharacterTable } from './character-table.ts'
import type { Features, Featurizer } from './features.ts'
import { NgramCounter } from './ngram-counter.ts'
import { PromptScanner } from './prompt-scanner.ts'
import { promptStatistics, STATISTIC_COUNT } from './prompt-statistics.ts'
import { TOKEN_BUCKETS, TokenCounter } from './token-counter.ts'

const LONGEST_TEXT = 6000

/**
 * Creates the default featurizer, `hashed-ngrams@1`: lower-cased words hashed into buckets [0, 8192),
 * template tokens into [8192, 16384), raw counts, and 61 statistics of the prompt's structure; on request word and character
 * n-grams, `word-character-ngrams@1`.
 * Of a text longer than 6,000 UTF-16 units the first and the last 3,000 are read.
 *
 * @example
 * const features = createHashedFeaturizer().featurize('What is 2 + 2?')
 * features.statistics.length // 61
 */
export function createHashedFeaturizer(): Featurizer {
  const counter = new TokenCounter()
  const table = createCharacterTable()
  const scanner = new PromptScanner(table, counter)
  let ngramCounter: NgramCounter | null = null
  const featurize = (text: string): Features => {
    const tally = scanner.scan(readablePart(text))
    const { buckets, counts } = counter.drain()
    return { encoder: 'hashed-ngrams@1', buckets, counts, statistics: promptStatistics(tally) }
  }
  return {
    name: 'hashed-ngrams@1',
    bucketCount: TOKEN_BUCKETS,
    statisticCount: STATISTIC_COUNT,
    featurize,
    featurizeWithNgrams(text) {
      ngramCounter ??= new NgramCounter(table)
      return { ...featurize(text), ngrams: ngramCounter.count(readablePart(text)) }
    },
  }
}

function readablePart(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  return `${text.slice(0, LONGEST_TEXT / 2)} ${text.slice(-LONGEST_TEXT / 2)}`
}
