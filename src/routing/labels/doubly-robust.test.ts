import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { type DrawnLabel, doublyRobust, doublyRobustVariance, humanCorrected } from './doubly-robust.ts'

/** Mean and standard error of draws of one estimator. */
function moments(draws: number, draw: () => number): { mean: number; error: number; variance: number } {
  let [sum, squares] = [0, 0]
  for (let i = 0; i < draws; i++) {
    const value = draw()
    sum += value
    squares += value * value
  }
  const mean = sum / draws
  const variance = squares / draws - mean * mean
  return { mean, variance, error: Math.sqrt(variance / draws) }
}

const draws = 60_000
/** Satisfaction .7, complaint rate .4 among failures, so that audits depend on what was said. */
function audited(seed: string, probabilityOf: (complained: boolean, label: number) => number) {
  const random = createRandom(seed)
  return () => {
    const label = random.next() < 0.7 ? 1 : 0
    const complained = label === 0 && random.next() < 0.4
    const probability = probabilityOf(complained, label)
    const drawn: DrawnLabel | null = random.next() < probability ? { value: label, probability } : null
    return { label, complained, drawn }
  }
}

describe('doublyRobust', () => {
  it('is f without an audit, and f + (S - f)/q with one', () => {
    expect(doublyRobust(0.8, null)).toBe(0.8)
    expect(doublyRobust(0.8, { value: 0, probability: 0.1 })).toBeCloseTo(-7.2, 12)
    expect(doublyRobust(0.8, { value: 1, probability: 0.1 })).toBeCloseTo(2.8, 12)
    expect(doublyRobust(0.3, { value: 1, probability: 1 })).toBe(1)
  })

  it('refuses a probability that nobody can have drawn with', () => {
    for (const probability of [0, -0.1, 1.01, Number.NaN]) {
      expect(() => doublyRobust(0.5, { value: 1, probability })).toThrow(/must|in \(0, 1\]/)
    }
  })

  it('is unbiased whatever the prediction, with audits that depend on the complaint', () => {
    for (const prediction of [0.05, 0.7, 0.95]) {
      const next = audited(`unbiased-${prediction}`, complained => (complained ? 0.5 : 0.1))
      const { mean, error } = moments(draws, () => doublyRobust(prediction, next().drawn))
      expect(Math.abs(mean - 0.7)).toBeLessThan(4 * error)
    }
  })

  it('would be found biased: no weight, a mis-logged probability, audits drawn by the label itself', () => {
    const bias = (estimate: () => number): number => {
      const { mean, error } = moments(draws, estimate)
      return Math.abs(mean - 0.7) / error
    }
    const honest = audited('wrong', () => 0.1)
    expect(bias(() => honest().drawn?.value ?? 0.95)).toBeGreaterThan(20)
    const misLogged = audited('mis-logged', () => 0.1)
    const logged = (drawn: DrawnLabel | null) => (drawn === null ? null : { ...drawn, probability: 0.2 })
    expect(bias(() => doublyRobust(0.95, logged(misLogged().drawn)))).toBeGreaterThan(10)
    const byLabel = audited('by label', (_complained, label) => (label === 0 ? 0.3 : 0.1))
    const constant = (drawn: DrawnLabel | null) => (drawn === null ? null : { ...drawn, probability: 0.16 })
    expect(bias(() => doublyRobust(0.7, constant(byLabel().drawn)))).toBeGreaterThan(10)
  })

  it('varies as the formula says', () => {
    const random = createRandom('variance')
    for (const [satisfaction, prediction, q] of [
      [1, 0.8, 0.1],
      [0, 0.8, 0.3],
    ] as const) {
      const { variance } = moments(draws, () =>
        doublyRobust(prediction, random.next() < q ? { value: satisfaction, probability: q } : null),
      )
      const expected = doublyRobustVariance(satisfaction, { prediction, probability: q })
      expect(expected).toBeCloseTo(((1 - q) / q) * (satisfaction - prediction) ** 2, 12)
      expect(Math.abs(variance / expected - 1)).toBeLessThan(0.05)
    }
  })
})

describe('humanCorrected', () => {
  const judgeErrs = { whenSatisfied: 0.05, whenNot: 0.3 }
  const judged = (label: number, chance: number): number => {
    const errs = chance < (label === 1 ? judgeErrs.whenSatisfied : judgeErrs.whenNot)
    return errs ? 1 - label : label
  }

  it('is f + (A/q) [J - f + (H/q2) (S - J)]', () => {
    const value = humanCorrected(1, { value: 0, probability: 0.25 })
    expect(value).toBe(1 + (0 - 1) / 0.25)
    expect(doublyRobust(0.8, { value, probability: 0.1 })).toBeCloseTo(
      0.8 + (1 - 0.8 + (0 - 1) / 0.25) / 0.1,
      12,
    )
    expect(humanCorrected(1, null)).toBe(1)
  })

  it('is unbiased for the human label; the judge alone is not', () => {
    const random = createRandom('human')
    const draw = (corrected: boolean): number => {
      const label = random.next() < 0.7 ? 1 : 0
      if (random.next() >= 0.2) return 0.6
      const said = judged(label, random.next())
      const human = random.next() < 0.25 ? { value: label, probability: 0.25 } : null
      return doublyRobust(0.6, { value: corrected ? humanCorrected(said, human) : said, probability: 0.2 })
    }
    const honest = moments(draws, () => draw(true))
    expect(Math.abs(honest.mean - 0.7)).toBeLessThan(4 * honest.error)
    // The judge overrates: .7 * .95 + .3 * .3 = .755.
    const naive = moments(draws, () => draw(false))
    expect(Math.abs(naive.mean - 0.7)).toBeGreaterThan(4 * naive.error)
  })

  it('varies as the formula says', () => {
    const random = createRandom('judge variance')
    const design = {
      prediction: 0.8,
      probability: 0.2,
      judge: { disagreement: 0.3, humanProbability: 0.25 },
    }
    const { mean, variance } = moments(4 * draws, () => {
      if (random.next() >= 0.2) return 0.8
      const said = judged(0, random.next())
      const human = random.next() < 0.25 ? { value: 0, probability: 0.25 } : null
      return doublyRobust(0.8, { value: humanCorrected(said, human), probability: 0.2 })
    })
    expect(Math.abs(mean)).toBeLessThan(0.05)
    expect(Math.abs(variance / doublyRobustVariance(0, design) - 1)).toBeLessThan(0.05)
  })
})
