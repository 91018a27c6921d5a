import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { RandomForest } from './random-forest.ts'
import { type ForestProblem, trainForest } from './train-forest.ts'

const ROWS = 400
const WIDTH = 3
const random = createRandom('exclusive or')
const inputs = Float32Array.from({ length: ROWS * WIDTH }, () => random.next())
/** Satisfied where exactly one of the first two inputs is large: neither alone tells anything. */
const exclusive = Float64Array.from({ length: ROWS }, (_, i) =>
  (inputs[i * WIDTH] ?? 0) > 0.5 !== (inputs[i * WIDTH + 1] ?? 0) > 0.5 ? 1 : 0,
)
const problem: ForestProblem = {
  inputs,
  inputWidth: WIDTH,
  targets: exclusive,
  outputs: 1,
  guides: exclusive,
  guideWidth: 1,
  trees: 60,
}

function bytesOf(forest: RandomForest): Uint8Array {
  const writer = new ByteWriter()
  forest.write(writer)
  return writer.finish()
}

function predicted(forest: RandomForest, row: readonly number[]): number {
  const out = new Float64Array(forest.outputs)
  forest.predict(Float32Array.from(row), out)
  return out[0] ?? Number.NaN
}

describe('RandomForest', () => {
  it('walks its trees: below the threshold left, else right', () => {
    const forest = new RandomForest(2, {
      roots: Int32Array.of(0, 3),
      inputs: Uint16Array.of(1, 0, 0, 0),
      thresholds: Float32Array.of(0.5, 0, 0, 0),
      // The first tree asks input 1; the second is a single leaf.
      children: Int32Array.of(1, ~0, ~1, ~2),
      leaves: Float32Array.of(1, 10, 2, 20, 6, 60),
    })
    const out = new Float64Array(2)
    forest.predict(Float32Array.of(9, 0.4), out)
    expect([...out]).toEqual([3.5, 35])
    forest.predict(Float32Array.of(9, 0.5), out)
    expect([...out]).toEqual([4, 40])
    expect(forest.trees).toBe(2)
  })
})

describe('trainForest', () => {
  const { forest, crossFitted } = trainForest(problem)

  it('finds an exclusive or', () => {
    expect(predicted(forest, [0.2, 0.8, 0.5])).toBeGreaterThan(0.65)
    expect(predicted(forest, [0.8, 0.2, 0.5])).toBeGreaterThan(0.65)
    expect(predicted(forest, [0.2, 0.2, 0.5])).toBeLessThan(0.35)
    expect(predicted(forest, [0.8, 0.8, 0.5])).toBeLessThan(0.35)
  })

  it('is right about most rows out of the bag as well', () => {
    const right = exclusive.filter((label, i) => (crossFitted[i] ?? 0) > 0.5 === label > 0.5)
    expect(right.length).toBeGreaterThan(0.85 * ROWS)
    // No better than chance at coins that nothing tells.
    const coins = createRandom('coins')
    const tossed = exclusive.map(() => (coins.next() < 0.5 ? 1 : 0))
    const guesses = trainForest({ ...problem, targets: tossed, guides: tossed }).crossFitted
    const error = tossed.reduce((sum, label, i) => sum + (label - (guesses[i] ?? 0)) ** 2, 0) / ROWS
    expect(error).toBeGreaterThan(0.24)
  })

  it('never shows a tree the label of a row outside its bag', () => {
    for (const row of [0, 7, 123]) {
      const targets = exclusive.with(row, 1000)
      const changed = trainForest({ ...problem, targets, guides: targets })
      expect(changed.crossFitted[row]).toBe(crossFitted[row])
      expect(bytesOf(changed.forest)).not.toEqual(bytesOf(forest))
    }
  })

  it('averages several outputs by one set of trees', () => {
    const targets = Float64Array.from({ length: 2 * ROWS }, (_, i) => {
      const label = exclusive[i >> 1] ?? 0
      return i % 2 === 0 ? label : 3 - 2 * label
    })
    const both = trainForest({ ...problem, targets, outputs: 2 })
    for (let i = 0; i < ROWS; i++) {
      expect(both.crossFitted[2 * i]).toBeCloseTo(crossFitted[i] ?? 0, 5)
      expect(both.crossFitted[2 * i + 1]).toBeCloseTo(3 - 2 * (crossFitted[i] ?? 0), 5)
    }
  })

  it('gives the same bytes every time, and the same predictions from them', () => {
    const bytes = bytesOf(forest)
    expect(bytesOf(trainForest(problem).forest)).toEqual(bytes)
    const read = RandomForest.read(new ByteReader(bytes))
    expect(bytesOf(read)).toEqual(bytes)
    expect(predicted(read, [0.3, 0.9, 0.1])).toBe(predicted(forest, [0.3, 0.9, 0.1]))
  })

  it('predicts the mean where there are too few rows to split, or nothing to look at', () => {
    const few = { ...problem, inputs: inputs.slice(0, 15 * WIDTH) }
    const targets = exclusive.slice(0, 15)
    const single = trainForest({ ...few, targets, guides: targets, trees: 200 }).forest
    const mean = targets.reduce((sum, label) => sum + label, 0) / 15
    expect(predicted(single, [0.2, 0.8, 0])).toBe(predicted(single, [0.8, 0.8, 0]))
    expect(Math.abs(predicted(single, [0, 0, 0]) - mean)).toBeLessThan(0.05)
    const constant = trainForest({ ...problem, inputs: new Float32Array(inputs.length), trees: 20 }).forest
    expect(predicted(constant, [0, 0, 0])).toBe(predicted(constant, [1, 1, 1]))
  })
})
