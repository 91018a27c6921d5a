import { describe, expect, it } from 'vitest'
import { modelId } from '../model.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { AveragePredictor, writeForestInputs } from './average-predictor.ts'
import { weighAverage } from './average-weights.ts'
import { CostMixture } from './cost-mixture.ts'
import { LengthLines } from './length-lines.ts'
import { RandomForest } from './random-forest.ts'
import { SoftClusters } from './soft-clusters.ts'

const forest = new RandomForest(4, {
  roots: Int32Array.of(0),
  // Asks the second input: the first coordinate, as there is one statistic.
  inputs: Uint16Array.of(1, 0, 0),
  thresholds: Float32Array.of(0.5, 0, 0),
  children: Int32Array.of(1, ~0, ~1),
  leaves: Float32Array.of(0.2, 0.4, 1, 2, 0.6, 0.8, 3, 4),
})
const clusters = new SoftClusters(2, Float32Array.of(1, 0, -1, 0), Float32Array.of(0.9, 0.5, 0.1, 0.3))
const models = [modelId('test/a'), modelId('test/b')]
const parts = {
  models,
  // Two columns; per row satisfaction, relative cost, two coordinates.
  linear: {
    rows: Float32Array.of(0.1, -0.1, 0.5, 0, 1, 0, 0, 0, 0, 0, 0, 1),
    intercepts: Float64Array.of(0.5, 0.6, 1, 1),
    dimension: 2,
  },
  forest,
  clusters,
  satisfaction: { learners: Float64Array.of(1 / 3, 1 / 3, 1 / 3), offsets: Float64Array.of(0, 0) },
  cost: new CostMixture(
    new LengthLines(Float64Array.of(0, 0), Float64Array.of(0.01, 0.02)),
    Float64Array.of(0.5, 0.25, 0.25),
    Float64Array.of(0, 0.1),
    Float64Array.of(0.001, 0.1),
  ),
}
const prompt = {
  vector: { length: 1, columns: Int32Array.of(0), values: Float64Array.of(1) },
  statistics: Float32Array.of(7),
  promptTokens: 100,
}

function predicted(predictor: AveragePredictor) {
  const [satisfaction, costUsd] = [new Float32Array(2), new Float32Array(2)]
  const coordinates = [...predictor.predict(prompt, satisfaction, costUsd)]
  return { satisfaction: [...satisfaction], costUsd: [...costUsd], coordinates }
}

describe('AveragePredictor', () => {
  it('is the mean of its parts, and mixes costs', () => {
    const { satisfaction, costUsd, coordinates } = predicted(new AveragePredictor(parts))
    expect(coordinates).toEqual([1, 0])
    // Ridge .6 and .5; the forest's right leaf .6 and .8; nearly all of the first cluster, .9 and .5.
    const far = 1 / (1 + Math.exp(40))
    expect(satisfaction[0]).toBeCloseTo((0.6 + 0.6 + 0.9 - 0.8 * far) / 3, 6)
    expect(satisfaction[1]).toBeCloseTo((0.5 + 0.8 + 0.5 - 0.2 * far) / 3, 6)
    // Ridge 1.5 and 1, forest 3 and 4, length 1 and 2.
    expect(costUsd[0]).toBeCloseTo(0.001 * (0.75 + 0.75 + 0.25), 9)
    expect(costUsd[1]).toBeCloseTo(0.1 * (0.1 + 0.5 + 1 + 0.5), 7)
  })

  it('is never certain', () => {
    const sure = { ...parts.satisfaction, offsets: Float64Array.of(5, -5) }
    const { satisfaction } = predicted(new AveragePredictor({ ...parts, satisfaction: sure }))
    expect(satisfaction.map(value => Math.round(value * 1000))).toEqual([995, 5])
  })

  it('knows means alone without learners', () => {
    const none = { learners: new Float64Array(0), offsets: Float64Array.of(0.7, 0.3) }
    const plain = new AveragePredictor({ ...parts, forest: null, clusters: null, satisfaction: none })
    expect(predicted(plain).satisfaction).toEqual([Math.fround(0.7), Math.fround(0.3)])
  })

  it('survives its bytes', () => {
    for (const one of [parts, { ...parts, forest: null, clusters: null }]) {
      const predictor = new AveragePredictor(one)
      const writer = new ByteWriter()
      predictor.write(writer)
      const read = AveragePredictor.read(new ByteReader(writer.finish()))
      expect(predicted(read)).toEqual(predicted(predictor))
      const again = new ByteWriter()
      read.write(again)
      expect(again.finish()).toEqual(writer.finish())
    }
  })
})

describe('writeForestInputs', () => {
  it('puts leading coordinates behind the statistics', () => {
    const out = new Float32Array(3)
    writeForestInputs(Float32Array.of(1, 2), Float64Array.of(3, 4), out)
    expect([...out]).toEqual([1, 2, 3])
  })
})

describe('weighAverage', () => {
  const random = createRandom('learners')
  const draw = (rows: number) => {
    const truth = Float64Array.from({ length: 2 * rows }, () => random.normal())
    return { good: truth, useless: truth.map(() => random.normal()), labels: truth.map(value => 0.5 + value) }
  }

  it('lies between equal weights and those that fit, nearer to these with more rows', () => {
    for (const [rows, trust] of [
      [300, 0.5],
      [2700, 0.9],
    ] as const) {
      const { good, useless, labels } = draw(rows)
      const { weights } = weighAverage([good, useless], labels, 2)
      // The fit alone gives the good learner all.
      expect(weights.learners[0]).toBeCloseTo(trust + (1 - trust) / 2, 1)
      expect(weights.learners[1]).toBeCloseTo((1 - trust) / 2, 1)
    }
  })

  it('has the mean of the labels, and is what its weights say', () => {
    const { good, useless, labels } = draw(200)
    const { weights, crossFitted } = weighAverage([good, useless], labels, 2)
    const [first = 0, second = 0] = weights.learners
    for (const m of [0, 1]) {
      const column = (values: Float64Array) => values.filter((_, i) => i % 2 === m)
      const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
      expect(mean(column(crossFitted))).toBeCloseTo(mean(column(labels)), 10)
      const cell = 10 + m
      const mixed = first * (good[cell] ?? 0) + second * (useless[cell] ?? 0)
      expect(crossFitted[cell]).toBeCloseTo((weights.offsets[m] ?? 0) + mixed, 12)
    }
  })

  it('is the mean of the labels without learners', () => {
    const { weights, crossFitted } = weighAverage([], Float64Array.of(1, 0, 0, 1, 1, 1, 0, 0), 2)
    expect([...weights.offsets]).toEqual([0.5, 0.5])
    expect(new Set(crossFitted)).toEqual(new Set([0.5]))
  })
})
