import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { clairvoyantCost } from './clairvoyant.ts'
import { staticMixture } from './static-mixture.ts'

/** The dual value price * floor + mean_i min_m (C - price * S), maximised over every price at which a choice can change. */
function dualValue(satisfaction: Float64Array, costUsd: Float64Array, models: number, floor: number): number {
  const rows = satisfaction.length / models
  const prices = new Set([0])
  const each = (visit: (i: number, j: number) => void): void => {
    for (let row = 0; row < rows; row++)
      for (let a = 0; a < models; a++)
        for (let b = 0; b < models; b++) visit(row * models + a, row * models + b)
  }
  each((i, j) => {
    const gain = (satisfaction[i] ?? 0) - (satisfaction[j] ?? 0)
    if (gain > 0) prices.add(Math.max(0, ((costUsd[i] ?? 0) - (costUsd[j] ?? 0)) / gain))
  })
  const value = (price: number): number => {
    let sum = 0
    for (let row = 0; row < rows; row++) {
      const scores = Array.from({ length: models }, (_, m) => {
        const i = row * models + m
        return (costUsd[i] ?? 0) - price * (satisfaction[i] ?? 0)
      })
      sum += Math.min(...scores)
    }
    return price * floor + sum / rows
  }
  return Math.max(...[...prices].map(value))
}

describe('clairvoyantCost', () => {
  it('buys the cheapest upgrades first, the last in part, by hand', () => {
    // Rows: cheap fails at 1, good answers at 2; cheap fails at 1, good answers at 4; cheap answers at 1.
    const satisfaction = Float64Array.of(0, 1, 0, 1, 1, 1)
    const costUsd = Float64Array.of(1, 2, 1, 4, 1, 9)
    expect(clairvoyantCost(satisfaction, costUsd, 3, 2, 2 / 3)).toEqual({
      costUsd: expect.closeTo(4 / 3, 9),
      priceUsd: 1,
    })
    expect(clairvoyantCost(satisfaction, costUsd, 3, 2, 5 / 6)).toEqual({
      costUsd: expect.closeTo(5.5 / 3, 9),
      priceUsd: 3,
    })
  })

  it('says null where no assignment reaches the floor', () => {
    expect(clairvoyantCost(Float64Array.of(0, 1, 0, 0), Float64Array.of(1, 2, 1, 2), 2, 2, 0.51)).toBeNull()
    expect(
      clairvoyantCost(Float64Array.of(0, 1, 0, 0), Float64Array.of(1, 2, 1, 2), 2, 2, 0.5)?.costUsd,
    ).toBe(1.5)
  })

  it('equals the dual optimum on random rows, and never exceeds the static mixture', () => {
    const random = createRandom('clairvoyant')
    for (let trial = 0; trial < 100; trial++) {
      const rows = 1 + random.integer(8)
      const models = 1 + random.integer(4)
      const satisfaction = Float64Array.from({ length: rows * models }, () => random.integer(5) / 4)
      const costUsd = Float64Array.from({ length: rows * models }, () => 0.1 + random.integer(9) / 10)
      const best = Array.from({ length: rows }, (_, row) =>
        Math.max(...satisfaction.subarray(row * models, (row + 1) * models)),
      )
      const floor = random.next() * (best.reduce((sum, value) => sum + value, 0) / rows)
      const found = clairvoyantCost(satisfaction, costUsd, rows, models, floor)
      expect(found?.costUsd).toBeCloseTo(dualValue(satisfaction, costUsd, models, floor), 9)
      const mean = (values: Float64Array): Float64Array =>
        Float64Array.from(
          { length: models },
          (_, m) => values.reduce((sum, v, i) => sum + (i % models === m ? v : 0), 0) / rows,
        )
      const mixture = staticMixture(mean(satisfaction), mean(costUsd), floor)
      if (mixture !== null) expect(found?.costUsd).toBeLessThanOrEqual(mixture.costUsd + 1e-9)
    }
  })

  it('refuses arrays that do not fill the rows', () => {
    expect(() => clairvoyantCost(new Float64Array(5), new Float64Array(5), 2, 3, 0.5)).toThrow('2 x 3')
  })
})
