import { describe, expect, it } from 'vitest'
import type { Features } from '../features/features.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { EmbeddingBlock } from './embedding-block.ts'
import { PromptVector, type SparseVector } from './prompt-vector.ts'

function prompt(
  values: readonly number[] | null,
  encoder = 'e@2',
  statistics: readonly number[] = [],
): Features {
  const plain = {
    encoder: 'hashed-ngrams@1',
    buckets: new Uint16Array(0),
    counts: new Uint16Array(0),
    statistics: Float32Array.from(statistics),
  }
  return values === null ? plain : { ...plain, embedding: { encoder, values: Float32Array.from(values) } }
}

function appended(block: EmbeddingBlock, features: Features, weight = 1): readonly [number, number][] {
  const out: SparseVector = { length: 0, columns: new Int32Array(8), values: new Float64Array(8) }
  block.append(features.embedding, 10, weight, out)
  return Array.from({ length: out.length }, (_, e) => [out.columns[e] ?? -1, out.values[e] ?? 0])
}

function fitted(sample: readonly Features[]): EmbeddingBlock {
  const block = EmbeddingBlock.fit(sample)
  if (block === null) throw new Error('the sample has embeddings')
  return block
}

/** Unit vectors (1, 0) and (0, 1), whatever their length: the mean is (1/2, 1/2). */
const sample = [prompt([3, 0]), prompt([0, 0.1])]

describe('EmbeddingBlock', () => {
  it('centres unit vectors on the mean and gives them the asked norm', () => {
    const block = fitted(sample)
    expect(block.columns).toBe(2)
    // (1, 0) - (1/2, 1/2) = (1/2, -1/2), of norm sqrt(1/2).
    expect(appended(block, prompt([7, 0]), 0.5)).toEqual([
      [10, expect.closeTo(0.5 * Math.SQRT1_2, 7)],
      [11, expect.closeTo(-0.5 * Math.SQRT1_2, 7)],
    ])
  })

  it('makes nothing of a missing embedding, of another encoder and of another length', () => {
    const block = fitted(sample)
    expect(appended(block, prompt(null))).toEqual([])
    expect(appended(block, prompt([1, 0], 'other@2'))).toEqual([])
    expect(appended(block, prompt([1, 0, 0]))).toEqual([])
  })

  it('is the zero vector where all prompts are alike, and leaves none where only the length differs', () => {
    const block = fitted(sample)
    expect(appended(block, prompt([2, 2]))).toEqual(appended(block, prompt([30, 30])))
    const lone = fitted([prompt([0.6, 0.8]), prompt([0.6, 0.8])])
    expect(appended(lone, prompt([3, 4])).map(([, value]) => Math.abs(value))).toEqual([0, 0])
  })

  it('needs embeddings of one encoder for half of the sample', () => {
    expect(EmbeddingBlock.fit([prompt(null), prompt([1, 0])])?.encoder).toBe('e@2')
    expect(EmbeddingBlock.fit([prompt(null), prompt(null), prompt([1, 0])])).toBeNull()
    expect(EmbeddingBlock.fit([prompt([1, 0]), prompt([1, 0], 'a'), prompt([1, 0], 'b')])).toBeNull()
    expect(EmbeddingBlock.fit([])).toBeNull()
    const mixed = [prompt([1, 0], 'old@2'), prompt([1, 0]), prompt([0, 1])]
    expect(EmbeddingBlock.fit(mixed)?.encoder).toBe('e@2')
  })
})

describe('a prompt vector with embeddings', () => {
  const rows = Array.from({ length: 40 }, (_, i) => prompt([Math.cos(i), Math.sin(i)], 'e@2', [i]))
  const entries = (vector: PromptVector, features: Features): readonly [number, number][] => {
    const { columns, values, length } = vector.weigh(features)
    return Array.from({ length }, (_, e) => [columns[e] ?? -1, values[e] ?? 0])
  }
  const vector = PromptVector.fit(rows)

  it('has one block more, and each weighs a half', () => {
    expect(vector.embeddingEncoder).toBe('e@2')
    // Eight bins of the statistic, then two dimensions.
    expect(vector.columns).toBe(10)
    const found = entries(vector, prompt([1, 0], 'e@2', [0]))
    expect(found.map(([column]) => column)).toEqual([0, 8, 9])
    expect(found[0]?.[1]).toBeCloseTo(1 / 2, 6)
    expect(Math.hypot(found[1]?.[1] ?? 0, found[2]?.[1] ?? 0)).toBeCloseTo(1 / 2, 6)
  })

  it('keeps the other blocks as they are where the embedding is missing or of another encoder', () => {
    const found = entries(vector, prompt([1, 0], 'e@2', [0]))
    expect(entries(vector, prompt(null, '', [0]))).toEqual(found.slice(0, 1))
    expect(entries(vector, prompt([1, 0], 'other@2', [0]))).toEqual(found.slice(0, 1))
  })

  it('weighs a sample without embeddings as before, and ignores embeddings afterwards', () => {
    const plain = PromptVector.fit(rows.map(({ statistics }) => prompt(null, '', [...statistics])))
    expect(plain.embeddingEncoder).toBeNull()
    expect(entries(plain, prompt([1, 0], 'e@2', [0]))).toEqual([[0, expect.closeTo(Math.sqrt(1 / 3), 6)]])
  })

  it('survives being written and read', () => {
    const writer = new ByteWriter()
    vector.write(writer)
    const again = PromptVector.read(new ByteReader(writer.finish()))
    const features = prompt([0.3, -2], 'e@2', [12])
    expect(entries(again, features)).toEqual(entries(vector, features))
    expect(again.embeddingEncoder).toBe('e@2')
  })
})
