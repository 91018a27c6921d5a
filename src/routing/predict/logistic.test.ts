import { describe, expect, it } from 'vitest'
import type { Features } from '../features/features.ts'
import { modelId } from '../model.ts'
import { createRandom, type Random } from '../numeric/random.ts'
import { createLogisticPredictor, type LogisticPredictor } from './logistic.ts'

const options = { learningRate: 0.3, weightDecay: 0 }
const [cheap, dear] = [modelId('test/cheap'), modelId('test/dear')]

function featuresOf(buckets: readonly number[], statistics: readonly number[] = []): Features {
  return {
    encoder: 'hashed-ngrams@1',
    buckets: Uint16Array.from(buckets),
    counts: Uint16Array.from(buckets, () => 1),
    statistics: Float32Array.from(statistics),
  }
}

function predictionOf(predictor: LogisticPredictor, features: Features, model = cheap): number {
  const out = new Float64Array(1)
  predictor.predict(features, [model], out)
  return out[0] ?? Number.NaN
}

/** Easy prompts hold words 0-99 and satisfy nine times of ten, hard ones hold words 100-199 and do so twice of ten. */
function example(random: Random, easy: boolean) {
  const first = (easy ? 0 : 100) + random.integer(50)
  const features = featuresOf([first, first + 1 + random.integer(49)], [easy ? 1 : 2, random.next()])
  return { features, target: random.next() < (easy ? 0.9 : 0.2) ? 1 : 0 }
}

describe('createLogisticPredictor', () => {
  it('says one half before it has learned', () => {
    expect(predictionOf(createLogisticPredictor(options), featuresOf([1, 2]))).toBe(0.5)
  })

  it('takes one step as worked out by hand', () => {
    const predictor = createLogisticPredictor({ learningRate: 1, weightDecay: 0 })
    predictor.learn(featuresOf([7]), cheap, 1, 1)
    // Gradient -1/2 on the constant and on the one word: each weight becomes .5 / sqrt(1.25) = .4472; logit .8944.
    expect(predictionOf(predictor, featuresOf([7]))).toBeCloseTo(1 / (1 + Math.exp(-0.894427)), 6)
    expect(predictionOf(predictor, featuresOf([8]))).toBeCloseTo(1 / (1 + Math.exp(-0.4472136)), 6)
    expect(predictionOf(predictor, featuresOf([7]), dear)).toBe(0.5)
  })

  it('tells easy prompts from hard ones it has not seen, with a bounded calibration error', () => {
    const random = createRandom('logistic')
    const predictor = createLogisticPredictor(options)
    for (let i = 0; i < 1500; i++) {
      const { features, target } = example(random, i % 2 === 0)
      predictor.learn(features, cheap, target, 1)
    }
    const mean = (easy: boolean): number => {
      const predictions = Array.from({ length: 300 }, () =>
        predictionOf(predictor, example(random, easy).features),
      )
      return predictions.reduce((sum, p) => sum + p, 0) / predictions.length
    }
    expect(Math.abs(mean(true) - 0.9)).toBeLessThan(0.06)
    expect(Math.abs(mean(false) - 0.2)).toBeLessThan(0.06)
  })

  it('weighs labels: weight two moves further than weight one', () => {
    const light = createLogisticPredictor(options)
    const heavy = createLogisticPredictor(options)
    light.learn(featuresOf([3]), cheap, 0, 1)
    heavy.learn(featuresOf([3]), cheap, 0, 2)
    expect(predictionOf(heavy, featuresOf([3]))).toBeLessThan(predictionOf(light, featuresOf([3])))
  })

  it('changes nothing by predicting, and continues from its state exactly', () => {
    const random = createRandom('state')
    const first = createLogisticPredictor(options)
    for (let i = 0; i < 40; i++) {
      const { features, target } = example(random, i % 2 === 0)
      first.learn(features, i % 3 === 0 ? dear : cheap, target, 1)
    }
    const before = structuredClone(first.state())
    predictionOf(first, featuresOf([1], [0.3, 0.4]))
    expect(first.state()).toEqual(before)
    const second = createLogisticPredictor(options, before)
    for (const predictor of [first, second]) predictor.learn(featuresOf([5], [1, 2]), cheap, 1, 1)
    expect(second.state()).toEqual(first.state())
  })

  it('never applies what it learned from one encoder to another', () => {
    const predictor = createLogisticPredictor(options)
    for (let i = 0; i < 20; i++) predictor.learn(featuresOf([3]), cheap, 0, 1)
    const foreign = { ...featuresOf([3]), encoder: 'another@1' }
    // Only the mean carries over to a prompt that cannot be read.
    const mean = predictionOf(predictor, featuresOf([]))
    expect(predictionOf(predictor, foreign)).toBe(mean)
    predictor.learn(foreign, cheap, 1, 1)
    expect(predictionOf(predictor, foreign)).toBeGreaterThan(0.5)
  })

  it('refuses a state without weights', () => {
    const state = { encoder: 'hashed-ngrams@1', models: ['test/cheap'], moments: [0], floats: [] }
    expect(() => createLogisticPredictor(options, state)).toThrow('test/cheap')
  })
})
