import { describe, expect, it } from 'vitest'
import { betaEntropy, betaLogDensity } from '../numeric/beta-distribution.ts'
import { createRandom } from '../numeric/random.ts'
import { resolveParameters } from './parameters.ts'
import {
  addSurrogateLoss,
  chancesOf,
  labelLoss,
  type ProteusBatch,
  type ProteusRows,
  policyLoss,
  proteusReward,
} from './proteus-loss.ts'
import { createPass, ProteusNetwork, partsOf, shapesOf } from './proteus-network.ts'
import { proteusParameters } from './proteus-parameters.ts'
import { proteusScores } from './proteus-score.ts'

const random = createRandom('loss')
const shape = { inputs: 2, width: 4, models: 3 }
const acting = 3
const rows: ProteusRows = {
  x: new Float32Array(10),
  inputs: 2,
  satisfaction: Float64Array.from({ length: 15 }, () => (random.next() < 0.5 ? 0 : 1)),
  costs: Float64Array.of(0.05, 0.4, 1),
}
const pass = createPass(shape, acting)
pass.actions.forEach((_, i) => {
  pass.actions[i] = random.normal()
})
pass.logits.forEach((_, i) => {
  pass.logits[i] = random.normal()
})
const batch: ProteusBatch = {
  rows: Int32Array.of(0, 2, 4),
  acting,
  labelled: 1,
  floor: 0.7,
  lambda: 1.5,
  mu: Float64Array.of(0.3, 0.6, 0.8),
  chosen: Int32Array.of(0, 1, 2),
  achieved: 0.5,
  rewards: Float64Array.of(0.2, -0.4, 1),
  advantages: Float64Array.of(0.7, -1.1, 0.4),
  deviation: 0.9,
  // The first row's ratio is far above 1 + clip at a gain, the second one's far below 1 - clip at a loss: both are clipped.
  logDensity: Float64Array.of(-9, 9, 0).map((value, i) => {
    const { a, b } = shapesOf(pass.actions, i)
    return i < 2 ? value : betaLogDensity(0.8, a, b).value - 0.05
  }),
}
const settings = resolveParameters('proteus', proteusParameters, { entropy: 0.3, critic: 1 })

/** Slope of a loss by one number of an array, from both sides. */
function slope(values: Float32Array, i: number, loss: () => number): number {
  const step = 1e-2
  const held = values[i] ?? 0
  const at = (value: number): number => {
    values[i] = value
    return loss()
  }
  const found = (at(held + step) - at(held - step)) / (2 * step)
  values[i] = held
  return found
}

describe('policyLoss', () => {
  /** The loss itself: -min(ratio A, clip(ratio) A) - entropy + (V - r)^2 / 2, mean over the rows. */
  const loss = (reinforce: boolean): number => {
    let sum = 0
    for (let i = 0; i < acting; i++) {
      const { a, b } = shapesOf(pass.actions, i)
      const log = betaLogDensity(batch.mu[i] ?? 0, a, b).value
      const advantage = batch.advantages[i] ?? 0
      const ratio = Math.exp(log - (batch.logDensity[i] ?? 0))
      const clipped = Math.min(1.2, Math.max(0.8, ratio))
      const gain = reinforce ? log * advantage : Math.min(ratio * advantage, clipped * advantage)
      const value = pass.actions[3 * i + 2] ?? 0
      sum += -gain - 0.3 * betaEntropy(a, b).value + 0.5 * (value - (batch.rewards[i] ?? 0)) ** 2
    }
    return sum / acting
  }

  it.each([false, true])('has the derivatives of finite differences; REINFORCE: %s', reinforce => {
    const by = policyLoss(batch, pass, { ...settings, reinforce: reinforce ? 1 : 0 })
    by.forEach((derivative, i) => {
      expect(derivative).toBeCloseTo(
        slope(pass.actions, i, () => loss(reinforce)),
        3,
      )
    })
  })

  it('leaves the critic alone where there is none', () => {
    const by = policyLoss(batch, pass, { ...settings, critic: 0 })
    expect([by[2], by[5], by[8]]).toEqual([0, 0, 0])
  })
})

describe('labelLoss', () => {
  it('is the cross-entropy of the rows that teach, with its derivatives', () => {
    const { byLogits, crossEntropy } = labelLoss(batch, pass, rows)
    const naive = (): number => {
      let sum = 0
      for (const [i, row] of [2, 4].entries()) {
        chancesOf(pass, i + 1, 3).forEach((chance, m) => {
          const label = rows.satisfaction[row * 3 + m] ?? 0
          sum -= (label * Math.log(chance) + (1 - label) * Math.log(1 - chance)) / 6
        })
      }
      return sum
    }
    expect(crossEntropy).toBeCloseTo(naive(), 6)
    byLogits.forEach((derivative, k) => {
      expect(derivative).toBeCloseTo(slope(pass.logits, 3 + k, naive), 4)
    })
  })
})

describe('addSurrogateLoss', () => {
  const network = ProteusNetwork.initial(shape, createRandom('start'))
  network.parts.boosts.set([0.2, -0.3, 0.1])
  const scoring = (fixed: number) => ({
    boosts: network.boosts,
    gamma: fixed > 0 ? fixed : network.gamma,
    costs: rows.costs,
  })
  /** Minus the mean reward under softmax(score / .05), over its deviation. */
  const loss = (): number => {
    let sum = 0
    for (let i = 0; i < acting; i++) {
      const scores = proteusScores(chancesOf(pass, i, 3), batch.mu[i] ?? 0, scoring(0), new Float64Array(3))
      const powers = scores.map(score => Math.exp(score / 0.05))
      const total = powers.reduce((all, power) => all + power, 0)
      powers.forEach((power, model) => {
        sum -= (power / total) * proteusReward(rows, { row: batch.rows[i] ?? 0, model }, batch, 1)
      })
    }
    return sum / (acting * batch.deviation)
  }
  const gradientOf = (gamma: number) => {
    const gradient = partsOf(shape, new Float32Array(network.weights.length))
    const played = { batch, pass, rows }
    addSurrogateLoss(network.parts, gradient, played, {
      scoring: scoring(gamma),
      settings: { ...settings, gamma },
    })
    return gradient
  }

  it('has the derivatives of finite differences by boosts and gamma', () => {
    const { boosts, gamma } = gradientOf(0)
    boosts.forEach((derivative, m) => {
      expect(derivative).toBeCloseTo(slope(network.parts.boosts, m, loss), 2)
    })
    expect(gamma[0]).toBeCloseTo(slope(network.parts.gamma, 0, loss), 3)
  })

  it('leaves a fixed gamma alone', () => {
    expect(gradientOf(3).gamma[0]).toBe(0)
  })
})

it('the reward is that of the paper, over 1 + lambda', () => {
  const satisfied = { ...rows, satisfaction: Float64Array.of(0, 1, 0) }
  // 1 - 2 * .4 + 1.5 * (1 - .7), and 0 - 2 * .05 + 1.5 * (0 - .7).
  expect(proteusReward(satisfied, { row: 0, model: 1 }, batch, 2)).toBeCloseTo(0.65 / 2.5, 12)
  expect(proteusReward(satisfied, { row: 0, model: 0 }, batch, 2)).toBeCloseTo(-1.15 / 2.5, 12)
})
