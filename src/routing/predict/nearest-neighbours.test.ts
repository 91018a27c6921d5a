import { describe, expect, it } from 'vitest'
import { modelId } from '../model.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { TruncatedSvd } from '../numeric/linear-algebra.ts'
import { createRandom } from '../numeric/random.ts'
import { NearestNeighbours, trainNearestNeighbours } from './nearest-neighbours.ts'
import { bestNeighbourCount, meanAreaUnderRoc, meanExplainedVariance } from './neighbour-count.ts'
import { NeighbourIndex } from './neighbour-index.ts'
import type { SparseVector } from './prompt-vector.ts'

/** A decomposition whose columns are the directions: a prompt's vector is its point. */
function identitySvd(points: readonly (readonly number[])[]): TruncatedSvd {
  const rank = points[0]?.length ?? 0
  return {
    rank,
    left: Float64Array.from(points.flat()),
    singular: new Float64Array(rank).fill(1),
    right: Float64Array.from({ length: rank * rank }, (_, e) => (e % (rank + 1) === 0 ? 1 : 0)),
  }
}

function prompt(...values: readonly number[]): SparseVector {
  return { length: values.length, columns: Int32Array.from(values.keys()), values: Float64Array.from(values) }
}

const points = [
  [1, 0],
  [10, 1],
  [0, 2],
  [-1, 0],
]

describe('NeighbourIndex', () => {
  const index = NeighbourIndex.fit(identitySvd(points))

  it('ranks rows by cosine, whatever their length', () => {
    expect([...index.nearest(prompt(5, 0), 4)]).toEqual([0, 1, 2, 3])
    expect([...index.nearest(prompt(0, 0.1), 2)]).toEqual([2, 1])
    expect([...index.nearest(prompt(1, 0), 99)]).toHaveLength(4)
  })

  it('keeps the order of the rows among equals', () => {
    const same = NeighbourIndex.fit(identitySvd([...points, [2, 0], [3, 0]]))
    expect([...same.nearest(prompt(1, 0), 2)]).toEqual([0, 4])
    // A prompt without a known token is as near to all.
    expect([...same.nearest(prompt(0, 0), 3)]).toEqual([0, 1, 2])
  })

  it('finds the nearest others of each row', () => {
    const { neighbours, stride } = index.nearestOthers(2)
    expect(stride).toBe(2)
    expect([...neighbours]).toEqual([1, 2, 0, 2, 1, 0, 2, 1])
  })

  it('agrees with a full sort on random points', () => {
    const random = createRandom('neighbours')
    const cloud = Array.from({ length: 60 }, () => Array.from({ length: 7 }, () => random.normal()))
    const cosine = (a: readonly number[], b: readonly number[]): number => {
      const dot = (p: readonly number[], q: readonly number[]) =>
        p.reduce((sum, value, k) => sum + value * (q[k] ?? 0), 0)
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
    }
    const fitted = NeighbourIndex.fit(identitySvd(cloud))
    const { neighbours, stride } = fitted.nearestOthers(9)
    cloud.forEach((point, i) => {
      const sorted = cloud
        .map((other, j) => ({ j, similarity: cosine(point, other) }))
        .filter(({ j }) => j !== i)
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, 9)
      expect([...neighbours.subarray(i * stride, (i + 1) * stride)]).toEqual(sorted.map(({ j }) => j))
      expect([...fitted.nearest(prompt(...point), 10)]).toEqual([i, ...sorted.map(({ j }) => j)])
    })
  })
})

describe('trainNearestNeighbours', () => {
  const models = [modelId('test/a'), modelId('test/b')]
  const index = NeighbourIndex.fit(identitySvd(points))
  const targets = Float64Array.of(1, 0, 0, 0, 1, 1, 0, 0.5)
  const problem = { models, index, others: index.nearestOthers(3), targets }

  it('averages the labels of the nearest rows', () => {
    const { predictor, crossFitted } = trainNearestNeighbours(problem, 2)
    const out = new Float64Array(2)
    predictor.predict(prompt(1, 0), out)
    expect([...out]).toEqual([0.5, 0])
    // Rows 1 and 2 are nearest to row 0, rows 0 and 2 to row 1, and so on.
    expect([...crossFitted]).toEqual([0.5, 0.5, 1, 0.5, 0.5, 0, 0.5, 0.5])
  })

  it('survives its bytes', () => {
    const { predictor } = trainNearestNeighbours(problem, 3)
    const writer = new ByteWriter()
    predictor.write(writer)
    const read = NearestNeighbours.read(new ByteReader(writer.finish()))
    const [a, b] = [new Float64Array(2), new Float64Array(2)]
    read.predict(prompt(1, 1), a)
    predictor.predict(prompt(1, 1), b)
    expect(a).toEqual(b)
    expect(read.models).toEqual(models)
  })
})

describe('bestNeighbourCount', () => {
  it('takes few neighbours where the world is fine-grained and many where it is noise', () => {
    const random = createRandom('count')
    const rows = Array.from({ length: 256 }, (_, i) => (Math.PI * i) / 256)
    const index = NeighbourIndex.fit(identitySvd(rows.map(angle => [Math.cos(angle), Math.sin(angle)])))
    const others = index.nearestOthers(200)
    const count = (target: (i: number) => number): number =>
      bestNeighbourCount(
        { models: [modelId('test/a')], index, others, targets: Float64Array.from(rows, (_, i) => target(i)) },
        meanExplainedVariance,
      )
    expect(count(i => Math.floor(i / 8) % 2)).toBeLessThanOrEqual(4)
    expect(count(i => (i < 128 ? 1 : 0) + random.normal())).toBeGreaterThanOrEqual(16)
  })
})

describe('meanAreaUnderRoc', () => {
  it('is the share of pairs in the right order, ties half', () => {
    // Pairs (satisfied, unsatisfied): (.9, .5) right, (.9, .1) right, (.5, .5) tied, (.5, .1) right.
    expect(meanAreaUnderRoc(Float64Array.of(1, 0, 1, 0), Float64Array.of(0.9, 0.5, 0.5, 0.1), 1)).toBe(
      3.5 / 4,
    )
  })

  it('leaves out models without both kinds of labels', () => {
    const targets = Float64Array.of(1, 1, 0, 1)
    expect(meanAreaUnderRoc(targets, Float64Array.of(0.2, 0.9, 0.8, 0.1), 2)).toBe(0)
    expect(meanAreaUnderRoc(Float64Array.of(1, 1), Float64Array.of(0.2, 0.9), 1)).toBe(0.5)
  })
})

describe('meanExplainedVariance', () => {
  it('is one less residual over total variance, mean over models that vary', () => {
    // Model 0: residuals 0 and 1 over a total of 2; model 1 does not vary.
    expect(meanExplainedVariance(Float64Array.of(1, 5, 3, 5), Float64Array.of(1, 0, 2, 0), 2)).toBe(0.5)
  })
})
