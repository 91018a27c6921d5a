import { describe, expect, it } from 'vitest'
import { lagrangianScores } from '../choose.ts'
import { costWeight, proteusScores } from './proteus-score.ts'

const scoring = { boosts: Float64Array.of(0.1, 0, -0.2), gamma: 3, costs: Float64Array.of(0.05, 0.4, 1) }
const chances = [0.5, 0.7, 0.9]

describe('proteusScores', () => {
  it('is equation 2', () => {
    const scores = proteusScores(chances, 0.5, scoring, new Float64Array(3))
    // (1 - .5)^3 = .125
    expect([...scores]).toEqual([
      expect.closeTo(0.5 + 0.05 - 0.125 * 0.05, 12),
      expect.closeTo(0.7 - 0.125 * 0.4, 12),
      expect.closeTo(0.9 - 0.1 - 0.125, 12),
    ])
  })

  it('orders models as a price of satisfaction does', () => {
    for (const mu of [0, 0.2, 0.7, 0.95]) {
      const own = proteusScores(chances, mu, scoring, new Float64Array(3))
      const boosted = Float64Array.from(chances, (chance, i) => chance + mu * (scoring.boosts[i] ?? 0))
      const priced = lagrangianScores(scoring.costs, boosted, 1 / costWeight(mu, scoring.gamma))
      const order = (values: Float64Array, sign: number): number[] =>
        [0, 1, 2].sort((i, j) => sign * ((values[i] ?? 0) - (values[j] ?? 0)))
      expect(order(own, -1)).toEqual(order(priced, 1))
    }
  })
})
