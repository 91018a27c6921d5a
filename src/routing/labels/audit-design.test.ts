import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { auditProbability, designWithin, predictionAfterComplaint, scaleForBudget } from './audit-design.ts'
import { doublyRobustVariance } from './doubly-robust.ts'

const predictions = Array.from({ length: 400 }, (_, i) => (i + 0.5) / 400)

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Mean variance that the coins add, over calibrated predictions. */
function meanVariance(probabilityOf: (prediction: number) => number): number {
  return mean(
    predictions.map(prediction => {
      const probability = probabilityOf(prediction)
      const design = { prediction, probability }
      return prediction * doublyRobustVariance(1, design) + (1 - prediction) * doublyRobustVariance(0, design)
    }),
  )
}

describe('auditProbability', () => {
  it('is kappa sqrt(f (1 - f)), clipped', () => {
    expect(auditProbability(0.8, { scale: 0.5, least: 0.05 })).toBeCloseTo(0.2, 12)
    expect(auditProbability(0, { scale: 0.5, least: 0.05 })).toBe(0.05)
    expect(auditProbability(0.5, { scale: 4, least: 0.05 })).toBe(1)
    expect(auditProbability(0.5, { scale: 4, least: 0.05, most: 0.3 })).toBe(0.3)
  })

  it('beats one probability for all, and the wrong way round, at the same number of audits', () => {
    const scale = scaleForBudget(predictions, 0.1, 0.01)
    const designed = (f: number): number => auditProbability(f, { scale, least: 0.01 })
    const spent = mean(predictions.map(designed))
    expect(spent).toBeCloseTo(0.1, 6)
    const variance = meanVariance(designed)
    expect(variance).toBeLessThan(0.97 * meanVariance(() => spent))
    const reversed = (f: number): number => 2 * spent - Math.min(2 * spent - 0.01, designed(f))
    expect(variance).toBeLessThan(0.8 * meanVariance(reversed))
  })
})

describe('designWithin', () => {
  it('exceeds the budget on no decision, and stays above half of it', () => {
    for (const budget of [0.01, 0.05, 0.5, 1]) {
      const design = designWithin(budget)
      for (const f of [0, 0.02, 0.3, 0.5, 0.8, 1]) {
        const q = auditProbability(f, design)
        expect(q).toBeLessThanOrEqual(budget)
        expect(q).toBeGreaterThanOrEqual(budget / 2)
      }
      expect(auditProbability(0.5, design)).toBe(budget)
      expect(auditProbability(0.8, design)).toBeCloseTo(0.8 * budget, 12)
    }
  })
})

describe('scaleForBudget', () => {
  it('gives nothing where the least probability is more than the budget, and all where it cannot be spent', () => {
    expect(scaleForBudget(predictions, 0.01, 0.02)).toBe(0)
    expect(scaleForBudget([0.5], 1, 0.1)).toBeGreaterThan(2)
    expect(scaleForBudget([0.2, 0.2], 0.1, 0.01)).toBeCloseTo(0.1 / 0.4, 6)
  })
})

describe('predictionAfterComplaint', () => {
  it('is zero where nobody complains falsely, else what Bayes says', () => {
    expect(predictionAfterComplaint(0.9, 0.1)).toBe(0)
    expect(predictionAfterComplaint(0, 0, 0.3)).toBe(0)
    const random = createRandom('bayes')
    let [complaints, satisfied] = [0, 0]
    for (let i = 0; i < 50_000; i++) {
      const label = random.next() < 0.9 ? 1 : 0
      if (random.next() >= (label === 1 ? 0.02 : 0.3)) continue
      complaints++
      satisfied += label
    }
    expect(Math.abs(satisfied / complaints - predictionAfterComplaint(0.9, 0.3, 0.02))).toBeLessThan(0.03)
  })
})
