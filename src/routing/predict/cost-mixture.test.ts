import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { CostMixture, trainCostMixture } from './cost-mixture.ts'
import { LengthLines, trainLengthLines } from './length-lines.ts'
import { nonNegativeWeights } from './non-negative-weights.ts'

const random = createRandom('costs')
const noise = (length: number) => Float64Array.from({ length }, () => random.normal())

describe('nonNegativeWeights', () => {
  it('recovers a mixture, whatever the level of each position', () => {
    const [a, b, c] = [noise(400), noise(400), noise(400)]
    const y = a.map((value, i) => 0.5 * value + 0.3 * (c[i] ?? 0) + (i % 2 === 0 ? 7 : -2))
    const [first = 0, second = 1, third = 0] = nonNegativeWeights([a, b, c], y, 2)
    expect(first).toBeCloseTo(0.5, 2)
    expect(second).toBeLessThan(0.01)
    expect(third).toBeCloseTo(0.3, 2)
  })

  it('gives nothing to a column that points the wrong way, and never exaggerates', () => {
    const a = noise(200)
    expect(
      nonNegativeWeights(
        [a],
        a.map(value => -value),
        1,
      ),
    ).toEqual([0])
    expect(
      nonNegativeWeights(
        [a],
        a.map(value => 3 * value),
        1,
      ),
    ).toEqual([1])
    expect(nonNegativeWeights([new Float64Array(200), a], a, 1)[0]).toBe(0)
  })
})

describe('trainLengthLines', () => {
  it('fits a line per model and leaves each row out exactly', () => {
    const lengths = [10, 20, 30, 60]
    const targets = Float64Array.of(0.5, 2, 0.9, 2, 1.6, 2, 2.2, 2)
    const { lines, crossFitted } = trainLengthLines(lengths, targets)
    for (const left of lengths.keys()) {
      const others = trainLengthLines(
        lengths.toSpliced(left, 1),
        targets.filter((_, i) => i >> 1 !== left),
      )
      const out = new Float64Array(2)
      others.lines.predict(lengths[left] ?? 0, out)
      expect(crossFitted[2 * left]).toBeCloseTo(out[0] ?? 0, 10)
      expect(crossFitted[2 * left + 1]).toBeCloseTo(2, 10)
    }
    const out = new Float64Array(2)
    lines.predict(0, out)
    // Least squares by hand: means 30 and 1.3, slope 47 / 1400.
    expect(out[0]).toBeCloseTo(1.3 - (30 * 47) / 1400, 12)
    new LengthLines(Float64Array.of(-1), Float64Array.of(0)).predict(5, out)
    expect(out[0]).toBe(0.2)
  })
})

describe('trainCostMixture', () => {
  const rows = 300
  const lengths = Array.from({ length: rows }, () => 50 + random.integer(400))
  const truth = noise(rows)
  // Model 0 costs by length, model 1 by something that the forest knows better than the ridge.
  const relative = Float64Array.from({ length: 2 * rows }, (_, i) =>
    i % 2 === 0 ? (lengths[i >> 1] ?? 0) / 250 : Math.max(0.1, 1 + 0.4 * (truth[i >> 1] ?? 0)),
  )
  const forest = relative.map((value, i) => (i % 2 === 0 ? 1 : value + 0.1 * random.normal()))
  const ridge = relative.map((value, i) => (i % 2 === 0 ? 1 : value + 2 * random.normal()))
  const problem = { promptTokens: lengths, relative, meansUsd: Float64Array.of(0.002, 0.5), ridge, forest }
  const { mixture, crossFitted } = trainCostMixture(problem)

  it('trusts who was right, and the mean bill comes out', () => {
    const [byRidge = 1, byForest = 0, byLine = 0] = mixture.weights
    expect(byRidge).toBeLessThan(0.1)
    expect(byForest).toBeGreaterThan(0.3)
    expect(byLine).toBeGreaterThan(0.3)
    for (const [m, mean] of problem.meansUsd.entries()) {
      const bill = crossFitted.filter((_, i) => i % 2 === m).reduce((sum, cost) => sum + cost, 0)
      expect(bill / rows).toBeCloseTo(mean, 12)
    }
  })

  it('predicts the mean where learners agree on it, and survives its bytes', () => {
    const writer = new ByteWriter()
    mixture.write(writer)
    const read = CostMixture.read(new ByteReader(writer.finish()))
    const learned = { ridge: Float64Array.of(1, 1), forest: Float64Array.of(1, 1) }
    const mean = lengths.reduce((sum, length) => sum + length, 0) / rows
    const [out, again] = [new Float64Array(2), new Float64Array(2)]
    mixture.predict(learned, mean, out)
    read.predict(learned, mean, again)
    expect(again).toEqual(out)
    expect(out[1] ?? 0).toBeGreaterThan(0.4)
    expect(out[1] ?? 0).toBeLessThan(0.6)
    mixture.predict(learned, 2 * mean, again)
    expect(again[0]).toBeGreaterThan(out[0] ?? 0)
  })
})
