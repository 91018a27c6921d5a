import { describe, expect, it } from 'vitest'
import { createRandom } from '../../routing/numeric/random.ts'
import {
  bootstrapByPrompt,
  differenceOverSeeds,
  meanAndSpread,
  pairedDifference,
} from './paired-bootstrap.ts'

const alone = (rows: number) => ({ promptOf: Int32Array.from({ length: rows }, (_, i) => i), prompts: rows })

describe('pairedDifference', () => {
  it('has the standard error of the differences, and the same result for the same seed', () => {
    const random = createRandom('values')
    const a = Float64Array.from({ length: 400 }, () => random.normal() * 10)
    const b = a.map(value => value - 0.5 + random.normal())
    const found = pairedDifference(alone(400), a, b, { random: createRandom(1) })
    const exact = meanAndSpread([...a.map((value, i) => value - (b[i] ?? 0))])
    expect(found.estimate).toBeCloseTo(exact.mean, 12)
    // Paired, the spread of the values themselves (ten times larger) does not enter.
    expect(found.standardError).toBeGreaterThan(0.8 * ((exact.sd ?? 0) / 20))
    expect(found.standardError).toBeLessThan(1.2 * ((exact.sd ?? 0) / 20))
    expect(found.lower).toBeLessThan(found.estimate)
    expect(found.upper).toBeGreaterThan(found.estimate)
    expect(pairedDifference(alone(400), a, b, { random: createRandom(1) })).toEqual(found)
    expect(pairedDifference(alone(400), a, b, { random: createRandom(2) })).not.toEqual(found)
  })

  it('draws prompts, not rows: copies of a row add no certainty', () => {
    const random = createRandom('copies')
    const values = Float64Array.from({ length: 100 }, () => random.normal())
    const zeros = new Float64Array(100)
    const once = pairedDifference(alone(100), values, zeros, { random: createRandom(3) })
    const copies = Float64Array.from({ length: 900 }, (_, i) => values[Math.floor(i / 9)] ?? 0)
    const groups = { promptOf: Int32Array.from({ length: 900 }, (_, i) => Math.floor(i / 9)), prompts: 100 }
    const nine = pairedDifference(groups, copies, new Float64Array(900), { random: createRandom(3) })
    expect(nine.standardError).toBeCloseTo(once.standardError, 9)
    const wrong = pairedDifference(alone(900), copies, new Float64Array(900), { random: createRandom(3) })
    expect(wrong.standardError).toBeLessThan(0.5 * once.standardError)
  })

  it('covers the truth about as often as it says', () => {
    const random = createRandom('coverage')
    let covered = 0
    for (let run = 0; run < 200; run++) {
      const a = Float64Array.from({ length: 60 }, () => (random.next() < 0.4 ? 1 : 0))
      const found = pairedDifference(alone(60), a, new Float64Array(60), {
        random,
        resamples: 200,
        confidence: 0.9,
      })
      if (found.lower <= 0.4 && 0.4 <= found.upper) covered++
    }
    expect(covered).toBeGreaterThan(165)
    expect(covered).toBeLessThan(197)
  })

  it('refuses values that do not fit the rows', () => {
    const options = { random: createRandom(1) }
    expect(() => pairedDifference(alone(2), new Float64Array(2), new Float64Array(3), options)).toThrow(
      '2 and 3 values',
    )
    expect(() =>
      pairedDifference(alone(2), new Float64Array(2), new Float64Array(2), { ...options, resamples: 5 }),
    ).toThrow('5 resamples')
  })
})

describe('bootstrapByPrompt', () => {
  it('agrees with the paired difference, which is one of its figures', () => {
    const groups = { promptOf: Int32Array.of(0, 1, 0, 2, 1, 3), prompts: 4 }
    const a = Float64Array.of(1, 0, 1, 0.5, 1, 0)
    const b = Float64Array.of(0, 0, 1, 1, 0, 0.25)
    const meanDifference = (rows: Int32Array): number =>
      rows.reduce((sum, row) => sum + (a[row] ?? 0) - (b[row] ?? 0), 0) / rows.length
    const general = bootstrapByPrompt(groups, meanDifference, { random: createRandom(7) })
    const paired = pairedDifference(groups, a, b, { random: createRandom(7) })
    expect(general.estimate).toBeCloseTo(1.25 / 6, 12)
    for (const key of ['estimate', 'lower', 'upper', 'standardError'] as const) {
      expect(paired[key]).toBeCloseTo(general[key], 12)
    }
  })

  it('leaves figures that do not exist out of the interval', () => {
    const statistic = (rows: Int32Array): number => (rows.includes(0) ? rows.length : Number.NaN)
    const found = bootstrapByPrompt(alone(3), statistic, { random: createRandom(1), resamples: 100 })
    expect(found).toEqual({ estimate: 3, lower: 3, upper: 3, standardError: 0 })
  })
})

describe('differenceOverSeeds', () => {
  it('pairs the seeds, by hand', () => {
    // Differences 1, 2, 3: mean 2, deviation 1, error 1 / sqrt 3.
    expect(differenceOverSeeds([11, 22, 33], [10, 20, 30])).toEqual({
      mean: 2,
      standardError: expect.closeTo(1 / Math.sqrt(3), 12),
    })
    expect(differenceOverSeeds([1], [0])).toEqual({ mean: 1, standardError: null })
    expect(() => differenceOverSeeds([1], [])).toThrow('1 and 0 seeds')
  })
})
