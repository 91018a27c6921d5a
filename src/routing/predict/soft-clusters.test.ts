import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { SoftClusters, trainSoftClusters } from './soft-clusters.ts'
import { sphericalKMeans, toUnit } from './spherical-k-means.ts'

const ROWS = 200
const DIMENSION = 4
const random = createRandom('topics')
/** Row i lies near axis i % 4, on which the first model satisfies in topic 0 alone, the second in topics 1 and 2. */
const coordinates = Float64Array.from({ length: ROWS * DIMENSION }, (_, at) => {
  const topic = Math.floor(at / DIMENSION) % 4
  return (at % DIMENSION === topic ? 3 : 0) + 0.3 * random.normal()
})
const targets = Float64Array.from({ length: ROWS * 2 }, (_, at) => {
  const topic = (at >> 1) % 4
  return Number(at % 2 === 0 ? topic === 0 : topic === 1 || topic === 2)
})
const problem = { coordinates, dimension: DIMENSION, targets, outputs: 2 }

function axis(k: number): Float64Array {
  return new Float64Array(DIMENSION).with(k, 1)
}

function predicted(clusters: SoftClusters, point: Float64Array): number[] {
  const out = new Float64Array(clusters.outputs)
  clusters.predict(point, out)
  return [...out]
}

function bytesOf(clusters: SoftClusters): Uint8Array {
  const writer = new ByteWriter()
  clusters.write(writer)
  return writer.finish()
}

describe('sphericalKMeans', () => {
  it('finds the directions of well separated groups, each of unit norm', () => {
    const values = coordinates.slice()
    for (let i = 0; i < ROWS; i++) toUnit(values, i * DIMENSION, DIMENSION)
    const centroids = sphericalKMeans({ values, dimension: DIMENSION }, 4)
    const largest = [0, 1, 2, 3].map(c => {
      const own = [...centroids.subarray(c * DIMENSION, (c + 1) * DIMENSION)]
      expect(own.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 12)
      return own.indexOf(Math.max(...own))
    })
    expect(largest.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
    expect(Math.max(...centroids)).toBeGreaterThan(0.98)
  })
})

describe('SoftClusters', () => {
  it('mixes the levels of clusters by softmax(20 cosine)', () => {
    const clusters = new SoftClusters(1, Float32Array.of(1, 0, 0, 1), Float32Array.of(1, 0))
    // Cosines .6 and .8: shares 1 / (1 + e^4) and the rest.
    expect(predicted(clusters, Float64Array.of(3, 4))[0]).toBeCloseTo(1 / (1 + Math.exp(4)), 6)
    expect(predicted(clusters, Float64Array.of(0, 0))[0]).toBe(0.5)
  })
})

describe('trainSoftClusters', () => {
  const { clusters, crossFitted } = trainSoftClusters(problem)

  it('finds topics and what each model makes of them', () => {
    expect(clusters.clusters).toBe(8)
    for (const [k, [first = 0, second = 0]] of [0, 1, 2, 3].map(
      k => [k, predicted(clusters, axis(k))] as const,
    )) {
      expect(Math.abs(first - (k === 0 ? 1 : 0))).toBeLessThan(0.1)
      expect(Math.abs(second - (k === 1 || k === 2 ? 1 : 0))).toBeLessThan(0.1)
    }
  })

  it('leaves a row out of what it says of that row', () => {
    for (const cell of [0, 9, 101]) {
      // The other rows decide how much to shrink; a label that is nearly the same leaves that as it was.
      const changed = trainSoftClusters({
        ...problem,
        targets: targets.with(cell, (targets[cell] ?? 0) + 0.01),
      })
      expect(changed.crossFitted[cell]).toBeCloseTo(crossFitted[cell] ?? 0, 12)
      expect(changed.crossFitted[cell + 8]).not.toBe(crossFitted[cell + 8])
    }
  })

  it('shrinks to the mean where topics tell nothing', () => {
    const coins = createRandom('coins')
    const tossed = targets.map(() => (coins.next() < 0.3 ? 1 : 0))
    const flat = trainSoftClusters({ ...problem, targets: tossed })
    const error = tossed.reduce((sum, label, i) => sum + (label - (flat.crossFitted[i] ?? 0)) ** 2, 0)
    const mean = tossed.reduce((sum, label) => sum + label, 0) / tossed.length
    const least = tossed.reduce((sum, label) => sum + (label - mean) ** 2, 0)
    expect(error).toBeGreaterThan(0.97 * least)
    expect(error).toBeLessThan(1.1 * least)
  })

  it('gives the same bytes every time, and the same predictions from them', () => {
    const bytes = bytesOf(clusters)
    expect(bytesOf(trainSoftClusters(problem).clusters)).toEqual(bytes)
    const read = SoftClusters.read(new ByteReader(bytes))
    expect(bytesOf(read)).toEqual(bytes)
    expect(predicted(read, axis(1))).toEqual(predicted(clusters, axis(1)))
  })
})
