import { describe, expect, it } from 'vitest'
import type { Features } from '../features/features.ts'
import { modelId } from '../model.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { LengthCost, lengthVector, trainLengthCost } from './length-cost.ts'
import { NgramVector } from './ngram-vector.ts'

const CHARACTERS = 32_768

/** A prompt of the given n-grams. */
function prompt(ngrams: Readonly<Record<number, number>>, counter = 'word-character-ngrams@1'): Features {
  const buckets = Uint16Array.from(Object.keys(ngrams), Number)
  return {
    encoder: 'hashed-ngrams@1',
    buckets: Uint16Array.of(3),
    counts: Uint16Array.of(1),
    statistics: new Float32Array(61),
    ngrams: { counter, buckets, counts: Uint16Array.from(Object.values(ngrams)) },
  }
}

function entries(vector: NgramVector, features: Features): readonly [number, number][] {
  const { columns, values, length } = vector.weigh(features)
  return Array.from({ length }, (_, e) => [columns[e] ?? -1, values[e] ?? 0])
}

/** Bucket 5 stands in all four, 9 in two, 11 in one; of the characters one in three and one in two. */
const sample = [
  prompt({ 5: 1, 9: 3, [CHARACTERS + 1]: 1 }),
  prompt({ 5: 1, 9: 1, [CHARACTERS + 1]: 1, [CHARACTERS + 2]: 2 }),
  prompt({ 5: 2, 11: 1, [CHARACTERS + 1]: 1, [CHARACTERS + 2]: 1 }),
  prompt({ 5: 1 }),
]

describe('NgramVector', () => {
  const vector = NgramVector.fit(sample)

  it('weighs by (1 + ln count) * idf, words and characters each to norm one', () => {
    expect(vector.columns).toBe(4)
    // idf of a bucket in all four prompts is 1; in two ln(5/3) + 1; in three ln(5/4) + 1.
    const nine = (1 + Math.log(3)) * (Math.log(5 / 3) + 1)
    const norm = Math.hypot(1, nine)
    expect(entries(vector, prompt({ 5: 1, 9: 3, [CHARACTERS + 1]: 1 }))).toEqual([
      [0, expect.closeTo(1 / norm, 6)],
      [1, expect.closeTo(nine / norm, 6)],
      [2, expect.closeTo(1, 12)],
    ])
  })

  it('leaves out what only one prompt of the sample, or none, had', () => {
    expect(entries(vector, prompt({ 11: 1, 700: 2 }))).toEqual([])
  })

  it('makes nothing of prompts without n-grams or with those of another counter', () => {
    const { ngrams: _, ...plain } = prompt({ 5: 1 })
    expect(entries(vector, plain)).toEqual([])
    expect(entries(vector, prompt({ 5: 1 }, 'other@1'))).toEqual([])
    expect(() => NgramVector.fit([...sample, plain])).toThrow('featurizeWithNgrams')
  })

  it('survives its bytes', () => {
    const writer = new ByteWriter()
    vector.write(writer)
    const read = NgramVector.read(new ByteReader(writer.finish()))
    for (const features of sample) expect(entries(read, features)).toEqual(entries(vector, features))
  })
})

describe('LengthCost', () => {
  const models = [modelId('t/a'), modelId('t/b')]

  it('is a line in the length of the prompt, the same after its bytes', () => {
    const { predictor } = trainLengthCost(models, [100, 200, 300], Float64Array.of(0.5, 1, 1, 1, 1.5, 1))
    const writer = new ByteWriter()
    predictor.write(writer)
    for (const cost of [predictor, LengthCost.read(new ByteReader(writer.finish()))]) {
      const out = new Float64Array(2)
      const length = lengthVector()
      const [features = prompt({})] = sample
      cost.predict(length.weigh(features, 400), out)
      expect([...out]).toEqual([expect.closeTo(2, 12), expect.closeTo(1, 12)])
      // At least a fifth of the mean.
      cost.predict(length.weigh(features, 0), out)
      expect(out[0]).toBe(0.2)
    }
  })
})
