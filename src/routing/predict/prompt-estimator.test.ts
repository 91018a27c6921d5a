import { describe, expect, it } from 'vitest'
import { modelId } from '../model.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { syntheticFeatures } from '../synthetic-stream.fixture.ts'
import { AveragedPredictors, averageTrained } from './averaged-predictors.ts'
import { MeanPredictor, trainMeans } from './mean-predictor.ts'
import { PromptEstimator } from './prompt-estimator.ts'
import { PromptVector } from './prompt-vector.ts'
import { relativeCosts } from './relative-costs.ts'

const models = [modelId('test/a'), modelId('test/b')]
const random = createRandom('estimator')
const sample = Array.from({ length: 20 }, (_, i) => syntheticFeatures(random, i % 2 === 0))
const [first = syntheticFeatures(random, true)] = sample
const specOf = (price: number | null) => ({
  id: modelId('test/a'),
  priceUsdPerMillion: price === null ? null : { input: price, output: 2 * price },
  typicalCostUsd: null,
})

const estimator = new PromptEstimator({
  vector: PromptVector.fit(sample),
  costVector: null,
  satisfaction: new MeanPredictor(models, Float64Array.of(1.2, 0.4)),
  cost: new MeanPredictor(models, Float64Array.of(2, -1)),
  costScales: Float64Array.of(0.003, 0.01),
  // (1 + .3 * 2) USD a million tokens, as `priceIndex` has it; the other has no list.
  priceIndices: Float64Array.of(1.6, 0),
})

describe('PromptEstimator', () => {
  it('cuts probabilities, and scales costs, at least a tenth of a usual one', () => {
    const { satisfaction, costUsd } = estimator.estimate({ features: first, promptTokens: 1 })
    expect([...satisfaction]).toEqual([1, 0.4])
    expect([...costUsd]).toEqual([0.006, expect.closeTo(0.001, 12)])
    expect(estimator.estimate({ features: first, promptTokens: 1 })).toBe(
      estimator.estimate({ features: first, promptTokens: 1 }),
    )
  })

  it('knows its models and by how much their price lists have changed', () => {
    expect(estimator.position(modelId('test/b'))).toBe(1)
    expect(estimator.position(modelId('test/c'))).toBe(-1)
    expect(estimator.priceChange(specOf(3))).toBeCloseTo(3, 12)
    expect(estimator.priceChange(specOf(null))).toBe(1)
    expect(estimator.priceChange({ ...specOf(3), id: modelId('test/b') })).toBe(1)
  })

  it('survives its bytes', () => {
    const writer = new ByteWriter()
    estimator.write(writer)
    const read = PromptEstimator.read(new ByteReader(writer.finish()), {
      vector: PromptVector.read,
      satisfaction: MeanPredictor.read,
      cost: MeanPredictor.read,
    })
    expect(read.estimate({ features: first, promptTokens: 1 })).toEqual(
      estimator.estimate({ features: first, promptTokens: 1 }),
    )
    expect(read.models).toEqual(models)
  })
})

describe('relativeCosts', () => {
  const rows = {
    models: [specOf(null), specOf(null)],
    features: [first, first, first],
    promptTokens: [1, 1, 1],
    satisfaction: new Float64Array(6),
    costUsd: Float64Array.of(1, 0, 2, 0, 9, 0),
  }

  it('divides by the mean, cuts, and scales so that the mean bill comes out', () => {
    const { relative, scales } = relativeCosts(rows, 1.5)
    expect([...relative]).toEqual([0.25, 1, 0.5, 1, 1.5, 1])
    // Mean 4 over mean relative cost .75; what is free stays free.
    expect([...scales]).toEqual([expect.closeTo(16 / 3, 12), 0])
  })
})

describe('averages', () => {
  it('are plain means of predictions, left-out ones too', () => {
    const parts = [
      trainMeans(models, Float64Array.of(0, 1, 1, 1)),
      trainMeans(models, Float64Array.of(1, 0, 1, 1)),
    ]
    const { predictor, crossFitted } = averageTrained(parts)
    const out = new Float64Array(2)
    predictor.predict({ length: 0, columns: new Int32Array(), values: new Float64Array() }, out)
    expect([...out]).toEqual([0.75, 0.75])
    expect([...crossFitted]).toEqual([0.75, 0.75, 0.75, 0.75])
    expect(() => new AveragedPredictors([])).toThrow('at least one')
  })
})
