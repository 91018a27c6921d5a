import { createCharacterTable } from './character-table.ts'
import type { Featurizer } from './features.ts'
import { PromptScanner } from './prompt-scanner.ts'
import { promptStatistics, STATISTIC_COUNT } from './prompt-statistics.ts'
import { TOKEN_BUCKETS, TokenCounter } from './token-counter.ts'

const LONGEST_TEXT = 6000

/**
 * Creates the default featurizer, `hashed-ngrams@1`: lower-cased words hashed into buckets [0, 8192),
 * template tokens into [8192, 16384), raw counts, and 61 statistics of the prompt's structure.
 * Of a text longer than 6,000 UTF-16 units the first and the last 3,000 are read.
 *
 * @example
 * const features = createHashedFeaturizer().featurize('What is 2 + 2?')
 * features.statistics.length // 61
 */
export function createHashedFeaturizer(): Featurizer {
  const counter = new TokenCounter()
  const scanner = new PromptScanner(createCharacterTable(), counter)
  return {
    name: 'hashed-ngrams@1',
    bucketCount: TOKEN_BUCKETS,
    statisticCount: STATISTIC_COUNT,
    featurize(text) {
      const tally = scanner.scan(readablePart(text))
      const { buckets, counts } = counter.drain()
      return { encoder: 'hashed-ngrams@1', buckets, counts, statistics: promptStatistics(tally) }
    },
  }
}

function readablePart(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  return `${text.slice(0, LONGEST_TEXT / 2)} ${text.slice(-LONGEST_TEXT / 2)}`
}
