import { describe, expect, it } from 'vitest'
import type { Features } from '../features/features.ts'
import { createHashedFeaturizer } from '../features/hashed-ngrams.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { addRows, PromptVector } from './prompt-vector.ts'
import { TextProjection } from './text-projection.ts'

function features(counts: Readonly<Record<number, number>>, statistics: readonly number[] = []): Features {
  const buckets = Object.keys(counts).map(Number)
  return {
    encoder: 'hashed-ngrams@1',
    buckets: Uint16Array.from(buckets),
    counts: Uint16Array.from(buckets, bucket => counts[bucket] ?? 0),
    statistics: Float32Array.from(statistics),
  }
}

function entries(vector: PromptVector, prompt: Features): [number, number][] {
  const { columns, values, length } = vector.weigh(prompt)
  return Array.from({ length }, (_, e) => [columns[e] ?? -1, values[e] ?? 0])
}

describe('PromptVector', () => {
  it('weighs words by hand: (1 + ln count) idf, normalised, over sqrt(3)', () => {
    const sample = [features({ 1: 1, 2: 3 }), features({ 1: 2, 2: 1 }), features({ 1: 1, 7: 1 })]
    const vector = PromptVector.fit(sample)
    // Bucket 1 is in all three prompts (idf 1), bucket 2 in two, bucket 7 in one and is dropped.
    expect(vector.columns).toBe(2)
    const idf = Math.fround(Math.log(4 / 3) + 1)
    const second = (1 + Math.log(3)) * idf
    const norm = Math.sqrt(3 * (1 + second * second))
    const weighed = entries(vector, features({ 1: 1, 2: 3, 7: 5 }))
    expect(weighed.map(([column]) => column)).toEqual([0, 1])
    expect(weighed[0]?.[1]).toBeCloseTo(1 / norm, 9)
    expect(weighed[1]?.[1]).toBeCloseTo(second / norm, 9)
  })

  it('normalises templates apart from words, whatever their count', () => {
    const sample = Array.from({ length: 4 }, () => features({ 5: 1, 9000: 1, 9001: 1 }))
    const weighed = entries(PromptVector.fit(sample), features({ 5: 4, 9000: 1, 9001: 6 }))
    expect(weighed.map(([, value]) => value)).toEqual([
      expect.closeTo(Math.sqrt(1 / 3), 9),
      expect.closeTo(Math.sqrt(1 / 6), 9),
      expect.closeTo(Math.sqrt(1 / 6), 9),
    ])
  })

  it('turns statistics into quantile bins of joint norm one over sqrt(3)', () => {
    const sample = Array.from({ length: 80 }, (_, i) => features({}, [i, 1]))
    const vector = PromptVector.fit(sample)
    // Eight bins of the first statistic; the constant second one tells nothing.
    expect(vector.columns).toBe(8)
    expect(entries(vector, features({}, [-5, 1]))).toEqual([[0, expect.closeTo(Math.sqrt(1 / 3), 6)]])
    expect(entries(vector, features({}, [9.9, 1]))[0]?.[0]).toBe(0)
    expect(entries(vector, features({}, [10, 1]))[0]?.[0]).toBe(1)
    expect(entries(vector, features({}, [1e9, 1]))[0]?.[0]).toBe(7)
  })

  it('agrees with its own matrix and survives being written and read', () => {
    const featurizer = createHashedFeaturizer()
    const sample = ['one two three', 'two three four?', 'three four 5', 'one four five'].map(
      featurizer.featurize,
    )
    const vector = PromptVector.fit(sample)
    const writer = new ByteWriter()
    vector.write(writer)
    const copy = PromptVector.read(new ByteReader(writer.finish()))
    const matrix = vector.matrix(sample)
    sample.forEach((prompt, row) => {
      const expected = entries(vector, prompt)
      expect(entries(copy, prompt)).toEqual(expected)
      const [from, to] = [matrix.starts[row], matrix.starts[row + 1]]
      expect([...matrix.indices.subarray(from, to)]).toEqual(expected.map(([column]) => column))
      expect([...matrix.values.subarray(from, to)]).toEqual(expected.map(([, value]) => value))
    })
  })

  it('makes nothing of the features of another featurizer', () => {
    const vector = PromptVector.fit([features({ 1: 1 }), features({ 1: 2 })])
    expect(entries(vector, features({ 1: 1 }))).toHaveLength(1)
    expect(entries(vector, { ...features({ 1: 1 }), encoder: 'another@1' })).toEqual([])
  })

  it('adds table rows', () => {
    const vector = { length: 2, columns: Int32Array.of(2, 0), values: Float64Array.of(0.5, 2) }
    const out = Float64Array.of(1, 1)
    addRows(vector, Float32Array.of(1, 2, 3, 4, 5, 6), out, 2)
    expect([...out]).toEqual([1 + 2.5 + 2, 1 + 3 + 4])
  })
})

describe('TextProjection', () => {
  it('puts prompts of one kind together and apart from the other kind', () => {
    const random = createRandom('prompts')
    const vocabulary = { law: ['court', 'judge', 'appeal', 'law'], maths: ['sum', 'prime', 'root', 'angle'] }
    const write = (words: readonly string[]): string =>
      Array.from({ length: 12 }, () => words[random.integer(4)]).join(' ')
    const featurizer = createHashedFeaturizer()
    const law = Array.from({ length: 40 }, () => featurizer.featurize(write(vocabulary.law)))
    const maths = Array.from({ length: 40 }, () => featurizer.featurize(write(vocabulary.maths)))
    const sample = [...law, ...maths]
    const vector = PromptVector.fit(sample)
    const projection = TextProjection.fit(vector, sample, 6)
    const project = (prompt: Features): Float32Array =>
      projection.project(vector.weigh(prompt), prompt.statistics[0] ?? 0)
    const centred = sample.map(project)
    for (let k = 0; k < 6; k++) {
      const mean = centred.reduce((sum, x) => sum + (x[k] ?? 0), 0) / 80
      expect(mean).toBeCloseTo(0, 4)
    }
    const square =
      centred.reduce((sum, x) => sum + x.slice(1).reduce((s, value) => s + value * value, 0), 0) / 80
    expect(square).toBeCloseTo(1, 5)
    const cosine = (a: Float32Array, b: Float32Array): number => {
      const dot = (u: Float32Array, v: Float32Array): number =>
        u.reduce((sum, value, k) => sum + value * (v[k] ?? 0), 0)
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
    }
    const fresh = (words: readonly string[]): Float32Array => project(featurizer.featurize(write(words)))
    expect(cosine(fresh(vocabulary.law), fresh(vocabulary.maths))).toBeLessThan(0)
    expect(cosine(fresh(vocabulary.law), fresh(vocabulary.law))).toBeGreaterThan(0.3)
  })

  it('takes a sample that holds fewer directions than asked for', () => {
    const sample = [features({ 1: 1 }, [3]), features({ 1: 1 }, [3])]
    const vector = PromptVector.fit(sample)
    const x = TextProjection.fit(vector, sample, 5).project(vector.weigh(features({ 1: 2 }, [4])), 4)
    expect(x).toHaveLength(5)
    expect(x.every(Number.isFinite)).toBe(true)
  })
})
