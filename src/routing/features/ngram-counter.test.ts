import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { createHashedFeaturizer } from './hashed-ngrams.ts'
import { NGRAM_BUCKETS, WORD_NGRAM_BUCKETS } from './ngram-counter.ts'
import { hashWord } from './token-hash.ts'

const featurizer = createHashedFeaturizer()

function ngramsOf(text: string) {
  const { ngrams } = featurizer.featurizeWithNgrams(text)
  if (ngrams === undefined) throw new Error('n-grams were asked for')
  return ngrams
}

/** How many n-grams of words and of characters a text has, repeated ones counted again. */
function totals(text: string): readonly [number, number] {
  const { buckets, counts } = ngramsOf(text)
  const sum = (words: boolean): number =>
    counts.reduce((all, count, i) => all + ((buckets[i] ?? 0) < WORD_NGRAM_BUCKETS === words ? count : 0), 0)
  return [sum(true), sum(false)]
}

/** The buckets of one text that the other does not have. */
function onlyIn(text: string, other: string, words: boolean): number {
  const theirs = new Set(ngramsOf(other).buckets)
  return ngramsOf(text).buckets.filter(bucket => bucket < WORD_NGRAM_BUCKETS === words && !theirs.has(bucket))
    .length
}

describe('word-character-ngrams@1', () => {
  it('counts every word, pair of words, and run of three and four characters', () => {
    // the, cat, sat; two pairs; "the cat sat" has 11 characters: nine runs of three, eight of four.
    expect(totals('The cat sat')).toEqual([5, 17])
    // An ideograph is a word of its own; symbols are characters like others.
    expect(totals('水水 x')).toEqual([5, 3])
    expect(totals('a+b')).toEqual([3, 1])
    expect(totals('a')).toEqual([1, 0])
    expect(totals('')).toEqual([0, 0])
  })

  it('finds the bucket of a word where its hash says, as often as it occurs', () => {
    const { buckets, counts } = ngramsOf('cat dog cat')
    expect(counts[buckets.indexOf(hashWord('cat') & (WORD_NGRAM_BUCKETS - 1))]).toBe(2)
    expect(counts[buckets.indexOf(hashWord('dog') & (WORD_NGRAM_BUCKETS - 1))]).toBe(1)
  })

  it('reads neither case nor the kind and length of white space', () => {
    expect(ngramsOf('The  Cat\n\tSAT')).toEqual(ngramsOf('the cat sat'))
    expect(ngramsOf('thecat sat')).not.toEqual(ngramsOf('the cat sat'))
  })

  it('tells orders of words and of characters apart', () => {
    // The same words in another order: only the two pairs are new.
    expect(onlyIn('one two three', 'three two one', true)).toBe(2)
    expect(onlyIn('abc', 'cba', false)).toBe(1)
  })

  it('gives ascending, unique buckets for any text and forgets the text before', () => {
    const random = createRandom('texts')
    const twin = createHashedFeaturizer()
    for (let i = 0; i < 200; i++) {
      const units = Array.from({ length: random.integer(300) }, () =>
        random.next() < 0.8 ? random.integer(128) : random.integer(65_536),
      )
      const text = String.fromCharCode(...units)
      const { buckets, counts } = ngramsOf(text)
      expect([...buckets]).toEqual([...new Set(buckets)].sort((a, b) => a - b))
      expect(counts).toHaveLength(buckets.length)
      expect(counts.every(count => count >= 1)).toBe(true)
      expect(buckets.every(bucket => bucket < NGRAM_BUCKETS)).toBe(true)
      twin.featurizeWithNgrams(`${i} unrelated`)
      expect(twin.featurizeWithNgrams(text).ngrams).toEqual({ ...ngramsOf(text) })
    }
  })

  it('stands beside features that are otherwise the same, and only where it is asked for', () => {
    const plain = featurizer.featurize('The cat sat')
    const { ngrams: _, ...rest } = featurizer.featurizeWithNgrams('The cat sat')
    expect(rest).toEqual(plain)
    expect(plain).not.toHaveProperty('ngrams')
  })

  it('reads the ends of a long text', () => {
    const [words] = totals(`alpha ${'x '.repeat(5000)}omega`)
    expect(words).toBeLessThan(6001)
  })
})
