import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import type { Features } from './features.ts'
import { createHashedFeaturizer } from './hashed-ngrams.ts'
import { STATISTIC_COUNT } from './prompt-statistics.ts'
import { hashWord } from './token-hash.ts'

const featurizer = createHashedFeaturizer()

/** Statistics by name, in their order up to the counted characters. */
const NAMES = [
  ...['characters', 'words', 'lines', 'numbers', 'largest', 'digits', 'capitals', 'ideographs', 'nonAscii'],
  ...['wordLength', 'options', 'optionLength', 'sentences', 'perSentence', 'distinct', 'question', 'colon'],
  ...['lastLine', 'firstLine', 'long', 'capitalised', 'code', 'negation', 'allOrNone', 'following', 'which'],
  ...['what', 'how', 'why', 'write'],
]

function statistic(features: Features, name: string): number {
  return features.statistics[NAMES.indexOf(name)] ?? Number.NaN
}

function wordCounts(features: Features): Map<number, number> {
  const counts = new Map<number, number>()
  features.buckets.forEach((bucket, i) => {
    if (bucket < 8192) counts.set(bucket, features.counts[i] ?? 0)
  })
  return counts
}

function bucketsOf(...words: string[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const word of words) {
    const bucket = hashWord(word) & 8191
    counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
  }
  return new Map([...counts].sort(([a], [b]) => a - b))
}

describe('hashed-ngrams@1', () => {
  it('counts lower-cased words', () => {
    const features = featurizer.featurize('The cat saw the CAT; naïve x_1!')
    expect(wordCounts(features)).toEqual(bucketsOf('the', 'cat', 'saw', 'the', 'cat', 'naïve', 'x_1'))
  })

  it('takes every ideograph as a word', () => {
    const features = featurizer.featurize('水水mix')
    expect(wordCounts(features)).toEqual(bucketsOf('水', '水', 'mix'))
    expect(statistic(features, 'words')).toBeCloseTo(Math.log1p(3), 6)
    expect(statistic(features, 'ideographs')).toBeCloseTo(2 / 5, 6)
  })

  it('measures the structure of a multiple-choice question', () => {
    const text = 'Which of the following is NOT 12 or 3.5?\n(A) One\n(B) All of the above\n\nAnswer:'
    const features = featurizer.featurize(text)
    expect(statistic(features, 'characters')).toBeCloseTo(Math.log1p(text.length), 5)
    expect(statistic(features, 'words')).toBeCloseTo(Math.log1p(18), 6)
    expect(statistic(features, 'lines')).toBeCloseTo(Math.log1p(4), 6)
    expect(statistic(features, 'numbers')).toBeCloseTo(Math.log1p(3), 6)
    expect(statistic(features, 'largest')).toBeCloseTo(Math.log1p(12), 6)
    expect(statistic(features, 'digits')).toBeCloseTo(4 / text.length, 6)
    expect(statistic(features, 'options')).toBeCloseTo(Math.log1p(2), 6)
    expect(statistic(features, 'sentences')).toBeCloseTo(Math.log1p(1), 6)
    expect(statistic(features, 'lastLine')).toBeCloseTo(Math.log1p('Answer:'.length), 6)
    expect(statistic(features, 'colon')).toBe(1)
    expect(statistic(features, 'question')).toBe(0)
    for (const cue of ['which', 'following', 'negation', 'allOrNone'])
      expect(statistic(features, cue)).toBe(1)
    for (const cue of ['what', 'how', 'why', 'write', 'code']) expect(statistic(features, cue)).toBe(0)
  })

  it.each([
    ['def f(x): pass', 1],
    ['```\nx\n```', 1],
    ['please return it', 1],
    ['define a term', 0],
    ['a `b` c', 0],
  ])('knows code by its marks: %s', (text, expected) => {
    expect(statistic(featurizer.featurize(text), 'code')).toBe(expected)
  })

  it.each([
    ['none of these', 1],
    ['all of the above', 1],
    ['all the above', 0],
    ['none or of', 0],
  ])('knows "all" and "none" options: %s', (text, expected) => {
    expect(statistic(featurizer.featurize(text), 'allOrNone')).toBe(expected)
  })

  it('recognises a template whatever it is filled with', () => {
    const template = (a: string, b: string): string => `Question: ${a}\nA. ${b}\nB. ${a}\nAnswer:`
    const one = featurizer.featurize(template('rivers flow', 'downhill'))
    const two = featurizer.featurize(template('metals melt', 'slowly'))
    const other = featurizer.featurize('Write a poem on metals that melt. Make it rhyme!')
    const shared = (a: Features, b: Features): number =>
      a.buckets.filter(bucket => bucket >= 8192 && b.buckets.includes(bucket)).length
    expect(shared(one, two)).toBeGreaterThan(10)
    expect(shared(one, other)).toBeLessThan(4)
  })

  it('reads the ends of a long text', () => {
    const text = `alpha ${'x '.repeat(5000)}omega`
    const counts = wordCounts(featurizer.featurize(text))
    expect(counts.get(hashWord('alpha') & 8191)).toBe(1)
    expect(counts.get(hashWord('omega') & 8191)).toBe(1)
    expect(counts.get(hashWord('x') & 8191)).toBeLessThan(3001)
  })

  it('gives ascending, unique buckets and finite statistics for any text, and forgets the text before', () => {
    const random = createRandom('texts')
    const twin = createHashedFeaturizer()
    for (let i = 0; i < 300; i++) {
      const units = Array.from({ length: random.integer(200) }, () =>
        random.next() < 0.8 ? random.integer(128) : random.integer(65_536),
      )
      const text = String.fromCharCode(...units)
      const features = featurizer.featurize(text)
      const buckets = [...features.buckets]
      expect(buckets).toEqual([...new Set(buckets)].sort((a, b) => a - b))
      expect(features.counts).toHaveLength(buckets.length)
      expect(features.counts.every(count => count >= 1)).toBe(true)
      expect(features.statistics).toHaveLength(STATISTIC_COUNT)
      expect(features.statistics.every(Number.isFinite)).toBe(true)
      twin.featurize(`${i} unrelated`)
      expect(twin.featurize(text)).toEqual(features)
    }
  })

  it('takes an empty text', () => {
    const features = featurizer.featurize('')
    expect(features.buckets.every(bucket => bucket >= 8192)).toBe(true)
    expect(features.statistics.every(value => value === 0)).toBe(true)
    expect(featurizer.statisticCount).toBe(61)
  })
})
