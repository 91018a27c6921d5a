import { describe, expect, it } from 'vitest'
import { createHashedFeaturizer } from '../features/hashed-ngrams.ts'
import { modelId } from '../model.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import type { TrainingRows } from '../policy.ts'
import { evidenceOf } from './evidence.ts'
import { PromptReader } from './prompt-reader.ts'
import { type TrainedReader, trainReader } from './train-batch.ts'

const ROWS = 240
const featurizer = createHashedFeaturizer()
const topics = ['prove the theorem about primes', 'translate the letter to French', 'sort a list in Python']
const random = createRandom('prompts')
const prompts = Array.from({ length: ROWS }, (_, i) => {
  const filler = Array.from({ length: 3 + random.integer(30) }, () => `word${random.integer(200)}`).join(' ')
  return `${topics[i % 3]}: ${filler}`
})

/** The small model satisfies on the second topic alone, the large one nearly always; both bill by length. */
function rowsOf(count: number): TrainingRows {
  const coins = createRandom('labels')
  const promptTokens = prompts.slice(0, count).map(prompt => prompt.length / 4)
  const satisfaction = new Float64Array(2 * count)
  const costUsd = new Float64Array(2 * count)
  for (let i = 0; i < count; i++) {
    satisfaction[2 * i] = coins.next() < (i % 3 === 1 ? 0.95 : 0.1) ? 1 : 0
    satisfaction[2 * i + 1] = coins.next() < 0.9 ? 1 : 0
    costUsd[2 * i] = 1e-5 * (promptTokens[i] ?? 0)
    costUsd[2 * i + 1] = 1e-3 * (promptTokens[i] ?? 0)
  }
  return {
    models: ['test/small', 'test/large'].map(name => ({
      id: modelId(name),
      priceUsdPerMillion: null,
      typicalCostUsd: null,
    })),
    features: prompts.slice(0, count).map(prompt => featurizer.featurize(prompt)),
    promptTokens,
    satisfaction,
    costUsd,
  }
}

function bytesOf({ reader }: TrainedReader): Uint8Array {
  const writer = new ByteWriter()
  reader.write(writer)
  return writer.finish()
}

describe('trainReader', () => {
  const rows = rowsOf(ROWS)
  const trained = trainReader(rows)

  it('tells apart prompts that a model can do from those that it cannot', () => {
    const [hard, easy] = [
      'prove the theorem about primes: word7',
      'translate the letter to French: word7',
    ].map(text => trained.reader.read(featurizer.featurize(text), 10).trained)
    expect((easy?.[0] ?? 0) - (hard?.[0] ?? 1)).toBeGreaterThan(0.5)
    expect(Math.abs((easy?.[1] ?? 0) - (hard?.[1] ?? 1))).toBeLessThan(0.15)
  })

  it('bills long prompts more, and the mean bill comes out', () => {
    const costs = [10, 60].map(tokens => {
      const text = `sort a list in Python: ${'word9 '.repeat(tokens / 2)}`
      return trained.reader.read(featurizer.featurize(text), tokens).trainedCostsUsd[1] ?? 0
    })
    expect((costs[1] ?? 0) / (costs[0] ?? 1)).toBeGreaterThan(2)
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0)
    expect(mean(trained.costUsd)).toBeCloseTo(mean(rows.costUsd), 6)
  })

  it('does not let a row learn from its own label', () => {
    for (const cell of [4, 33]) {
      const flipped = rows.satisfaction.with(cell, 1 - (rows.satisfaction[cell] ?? 0))
      const changed = trainReader({ ...rows, satisfaction: flipped })
      // Penalties and weights are chosen on all rows and may move a little; a fit of the row itself would move by tenths.
      expect(Math.abs((changed.satisfaction[cell] ?? 0) - (trained.satisfaction[cell] ?? 0))).toBeLessThan(
        0.03,
      )
    }
  })

  it('gives the same bytes every time, and the same readings from them', () => {
    const bytes = bytesOf(trained)
    expect(bytesOf(trainReader(rows))).toEqual(bytes)
    const read = PromptReader.read(new ByteReader(bytes))
    const features = featurizer.featurize('translate the letter to French: word3 word5')
    expect(read.read(features, 11)).toEqual(trained.reader.read(features, 11))
    const again = new ByteWriter()
    read.write(again)
    expect(again.finish()).toEqual(bytes)
  })

  it('predicts means of prompts that another featurizer has read', () => {
    const foreign = { ...featurizer.featurize('translate the letter'), encoder: 'other@1' }
    const { trained: satisfaction, trainedCostsUsd, x } = trained.reader.read(foreign, 5)
    const column = (m: number) => rows.satisfaction.filter((_, i) => i % 2 === m)
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(satisfaction[0]).toBeCloseTo(mean(column(0)), 6)
    expect(trainedCostsUsd[1]).toBeCloseTo(mean(rows.costUsd.filter((_, i) => i % 2 === 1)), 6)
    expect(Math.max(...x)).toBe(0)
  })
})

describe('few rows', () => {
  it('are graded', () => {
    expect([99, 100, 299, 300].map(evidenceOf)).toEqual(['means', 'tentative', 'tentative', 'full'])
  })

  it('teach nothing but means below 100, and are refused below 30', () => {
    const few = trainReader(rowsOf(90))
    expect(few.evidence).toBe('means')
    const [one, other] = prompts
      .slice(0, 2)
      .map(text => few.reader.read(featurizer.featurize(text), 20).trained)
    expect(one).toEqual(other)
    expect(new Set(few.satisfaction).size).toBe(2)
    expect(() => trainReader(rowsOf(29))).toThrow('29 training rows were given, at least 30')
  })
})
