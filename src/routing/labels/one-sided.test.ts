import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import {
  logisticGradient,
  pseudoLabel,
  pseudoLabelVariance,
  satisfactionGivenSilence,
  unbiasedRisk,
} from './one-sided.ts'

const draws = 80_000
const rate = 0.2

/** Averages a figure over users of answers that satisfy with probability `p`. */
function overUsers(seed: string, p: number, figure: (complained: boolean, label: number) => number) {
  const random = createRandom(seed)
  let [sum, squares] = [0, 0]
  for (let i = 0; i < draws; i++) {
    const label = random.next() < p ? 1 : 0
    const value = figure(label === 0 && random.next() < rate, label)
    sum += value
    squares += value * value
  }
  const mean = sum / draws
  const variance = squares / draws - mean * mean
  return { mean, variance, error: Math.sqrt(variance / draws) }
}

describe('pseudoLabel', () => {
  it('is 1 after silence and 1 - 1/rho after a complaint', () => {
    expect(pseudoLabel(false, 0.1)).toBe(1)
    expect(pseudoLabel(true, 0.1)).toBeCloseTo(-9, 12)
    expect(pseudoLabel(true, 1)).toBe(0)
  })

  it('has the mean p and the stated variance; silence read as content, or a wrong rate, does not', () => {
    for (const p of [0.55, 0.9]) {
      const { mean, variance, error } = overUsers(`mean-${p}`, p, said => pseudoLabel(said, rate))
      expect(Math.abs(mean - p)).toBeLessThan(4 * error)
      expect(Math.abs(variance / pseudoLabelVariance(p, rate) - 1)).toBeLessThan(0.05)
      const content = overUsers(`content-${p}`, p, said => (said ? 0 : 1))
      expect(Math.abs(content.mean - p)).toBeGreaterThan(20 * content.error)
      const wrong = overUsers(`wrong-${p}`, p, said => pseudoLabel(said, 0.3))
      expect(Math.abs(wrong.mean - p)).toBeGreaterThan(4 * wrong.error)
    }
  })

  it('refuses a rate at which complaints say nothing', () => {
    for (const wrong of [0, -1, 1.5, Number.NaN]) {
      expect(() => pseudoLabel(true, wrong)).toThrow('complaint rate')
      expect(() => logisticGradient(0, false, wrong)).toThrow('complaint rate')
    }
  })
})

describe('unbiasedRisk', () => {
  const logLoss = (f: number, label: number): number => -Math.log(label === 1 ? f : 1 - f)

  it('has the mean of the risk with true labels, but not when it is cut at zero', () => {
    const [p, f] = [0.6, 0.7]
    const truth = p * logLoss(f, 1) + (1 - p) * logLoss(f, 0)
    const risk = (said: boolean): number => unbiasedRisk(logLoss(f, 1), logLoss(f, 0), said, rate)
    const fair = overUsers('risk', p, risk)
    expect(Math.abs(fair.mean - truth)).toBeLessThan(4 * fair.error)
    const low = (said: boolean): number => unbiasedRisk(logLoss(0.2, 1), logLoss(0.2, 0), said, rate)
    const lowTruth = p * logLoss(0.2, 1) + (1 - p) * logLoss(0.2, 0)
    const cut = overUsers('cut', p, said => Math.max(0, low(said)))
    expect(Math.abs(cut.mean - lowTruth)).toBeGreaterThan(10 * cut.error)
  })

  it('has the gradient sigma(z) - (1 - Y/rho) for the logistic loss, by finite differences', () => {
    const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))
    for (const z of [-2, 0.3, 4]) {
      for (const said of [true, false]) {
        const risk = (at: number): number =>
          unbiasedRisk(logLoss(sigmoid(at), 1), logLoss(sigmoid(at), 0), said, rate)
        const slope = (risk(z + 1e-5) - risk(z - 1e-5)) / 2e-5
        expect(logisticGradient(z, said, rate)).toBeCloseTo(slope, 5)
      }
    }
  })

  it('is fitted at the truth; gradients that are cut to [-1, 1] are not', () => {
    const fitted = (cut: boolean): number => {
      const random = createRandom('descent')
      let [z, sum] = [0, 0]
      for (let i = 0; i < draws; i++) {
        const said = random.next() >= 0.8 && random.next() < rate
        const gradient = logisticGradient(z, said, rate)
        z -= (cut ? Math.max(-1, Math.min(1, gradient)) : gradient) * 0.02
        if (i >= draws / 2) sum += 1 / (1 + Math.exp(-z))
      }
      return (2 * sum) / draws
    }
    expect(Math.abs(fitted(false) - 0.8)).toBeLessThan(0.02)
    expect(fitted(true)).toBeGreaterThan(0.9)
  })
})

describe('satisfactionGivenSilence', () => {
  it('is what Bayes says', () => {
    expect(satisfactionGivenSilence(0.8, 0.5)).toBeCloseTo(0.8 / 0.9, 12)
    expect(satisfactionGivenSilence(0.8, 0)).toBe(0.8)
    expect(satisfactionGivenSilence(0, 1)).toBe(0)
    let [silent, satisfied] = [0, 0]
    overUsers('silence', 0.8, (said, label) => {
      if (!said) {
        silent++
        satisfied += label
      }
      return 0
    })
    expect(Math.abs(satisfied / silent - satisfactionGivenSilence(0.8, rate))).toBeLessThan(0.01)
  })
})
