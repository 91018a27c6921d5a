import { describe, expect, it } from 'vitest'
import { modelId } from '../model.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { SparseMatrix } from '../numeric/linear-algebra.ts'
import { createRandom } from '../numeric/random.ts'
import { BatchLogistic, type LogisticProblem, trainBatchLogistic } from './batch-logistic.ts'
import type { SparseVector } from './prompt-vector.ts'

const models = [modelId('test/a'), modelId('test/b')]

function matrix(rows: readonly (readonly (readonly [column: number, value: number])[])[]): SparseMatrix {
  const entries = rows.flat()
  const starts = Int32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).flat().length)])
  return {
    rows: rows.length,
    columns: Math.max(...entries.map(([column]) => column)) + 1,
    starts,
    indices: Int32Array.from(entries, ([column]) => column),
    values: Float64Array.from(entries, ([, value]) => value),
  }
}

function vector(entries: readonly (readonly [number, number])[]): SparseVector {
  return {
    length: entries.length,
    columns: Int32Array.from(entries, ([column]) => column),
    values: Float64Array.from(entries, ([, value]) => value),
  }
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

describe('trainBatchLogistic', () => {
  it('reaches the optimum of a problem solved by hand', () => {
    // Half the rows have x = 1 and y = 1, the others x = -1 and y = 0: the intercept is zero by symmetry and
    // w = C * n * (1 - sigma(w)), found here by bisection.
    const n = 20
    const c = 0.5
    const rows = Array.from({ length: n }, (_, i) => [[0, i % 2 === 0 ? 1 : -1]] as const)
    const targets = Float64Array.from({ length: 2 * n }, (_, e) => (Math.floor(e / 2) % 2 === 0 ? 1 : 0))
    const { predictor } = trainBatchLogistic({ models, prompts: matrix(rows), targets, c })
    let [low, high] = [0, c * n]
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2
      if (c * n * (1 - sigmoid(middle)) > middle) low = middle
      else high = middle
    }
    const out = new Float64Array(2)
    predictor.predict(vector([[0, 1]]), out)
    expect(out[0]).toBeCloseTo(sigmoid(low), 3)
    expect(out[1]).toBeCloseTo(sigmoid(low), 3)
  })

  it('predicts the mean where prompts say nothing', () => {
    const rows = Array.from({ length: 50 }, () => [[0, 0]] as const)
    const targets = Float64Array.from({ length: 100 }, (_, e) => (Math.floor(e / 2) % 4 === 0 ? 1 : 0.25))
    const { predictor, crossFitted } = trainBatchLogistic({ models, prompts: matrix(rows), targets, c: 1 })
    const out = new Float64Array(2)
    predictor.predict(vector([]), out)
    // 13 of 50 rows are one, the rest a quarter.
    const mean = (13 + 37 / 4) / 50
    for (const value of out) expect(value).toBeCloseTo(mean, 3)
    for (const value of crossFitted) expect(Math.abs(value - mean)).toBeLessThan(0.03)
  })

  const random = createRandom('logistic-test')
  const noise: LogisticProblem = {
    models,
    prompts: matrix(
      Array.from({ length: 200 }, (_, i) => [[i, 1] as const, [200 + random.integer(5), 1] as const]),
    ),
    targets: Float64Array.from({ length: 400 }, () => (random.next() < 0.5 ? 1 : 0)),
    c: 10,
  }

  it('leaves each row out of its own prediction', () => {
    const { predictor, crossFitted } = trainBatchLogistic(noise)
    const brier = (predicted: (row: number, m: number) => number): number => {
      let sum = 0
      for (let e = 0; e < 400; e++)
        sum += (predicted(Math.floor(e / 2), e % 2) - (noise.targets[e] ?? 0)) ** 2 / 400
      return sum
    }
    const fitted = (row: number, m: number): number => {
      const out = new Float64Array(2)
      const { starts, indices, values } = noise.prompts
      const at = [starts[row] ?? 0, (starts[row] ?? 0) + 1]
      predictor.predict(vector(at.map(e => [indices[e] ?? 0, values[e] ?? 0])), out)
      return out[m] ?? 0
    }
    // Labels are coin flips: what has seen them looks clever, what has not cannot beat a quarter by more than chance.
    expect(brier(fitted)).toBeLessThan(0.1)
    expect(brier((row, m) => crossFitted[2 * row + m] ?? 0)).toBeGreaterThan(0.24)
  })

  it('is deterministic and survives its bytes', () => {
    const [first, second] = [trainBatchLogistic(noise), trainBatchLogistic(noise)]
    const bytes = [first, second].map(({ predictor }) => {
      const writer = new ByteWriter()
      predictor.write(writer)
      return writer.finish()
    })
    expect(bytes[1]).toEqual(bytes[0])
    expect(second.crossFitted).toEqual(first.crossFitted)
    const read = BatchLogistic.read(new ByteReader(bytes[0] ?? new Uint8Array()))
    const [a, b] = [new Float64Array(2), new Float64Array(2)]
    read.predict(vector([[3, 1]]), a)
    first.predictor.predict(vector([[3, 1]]), b)
    expect(a).toEqual(b)
    expect(read.models).toEqual(models)
  })
})
