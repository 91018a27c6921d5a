import { describe, expect, it } from 'vitest'
import { createConfidenceSequence } from '../certify/confidence-sequence.ts'
import { createRandom } from '../numeric/random.ts'
import { certifiedMargin, type MarginQuestion, priceLadder } from './certified-margin.ts'
import { OwnCertificate, surplusRequired, valuesUntilCertified, varianceOfValue } from './own-certificate.ts'

const TERMS = { delta: 0.05, scale: 1 }

describe('OwnCertificate', () => {
  it('is certified exactly when the confidence sequence over the same labels has its lower bound at the floor', () => {
    const random = createRandom('own')
    const own = new OwnCertificate()
    const sequence = createConfidenceSequence({ delta: 0.05, lowerScale: 1, upperScale: 1 })
    let [sum, agreed] = [0, 0]
    for (let t = 0; t < 3000; t++) {
      const value = random.next() < 0.85 ? 1 : 0
      sequence.add(value - 0.8, (t === 0 ? 0.5 : sum / t) - 0.8)
      sum += value
      own.label(value, 0.8)
      const { count, surplus, variance } = own.progress
      const certified = surplus >= surplusRequired(count, variance / count, TERMS)
      if (certified === sequence.bounds().lower >= 0) agreed++
    }
    expect(agreed).toBe(3000)
    expect(sequence.bounds().lower).toBeGreaterThan(0)
  })

  it('holds the doubly robust sum where audits correct predictions, by hand', () => {
    const own = new OwnCertificate()
    own.standIn(0.9, 0.8)
    own.standIn(0.7, 0.8)
    own.audited(0, 0.7, 0.25)
    // .1 - .1 + (0 - .7) / .25
    expect(own.progress.surplus).toBeCloseTo(-2.8, 12)
    expect(own.progress.variance).toBeCloseTo(7.84, 12)
    expect(own.progress.count).toBe(2)
  })
})

describe('valuesUntilCertified', () => {
  it('names the first number of values that is enough', () => {
    const progress = { count: 400, surplus: 5, variance: 60 }
    const spread = varianceOfValue(progress, 0.8, 1)
    const needed = valuesUntilCertified(progress, 0.03, spread, TERMS) ?? 0
    const short = (more: number): boolean => 5 + 0.03 * more < surplusRequired(400 + more, spread, TERMS)
    expect(needed).toBeGreaterThan(100)
    expect(short(needed)).toBe(false)
    expect(short(needed - 1)).toBe(true)
  })

  it('is nothing while certified, and unknown without a margin', () => {
    expect(valuesUntilCertified({ count: 1000, surplus: 100, variance: 150 }, 0, 0.15, TERMS)).toBe(0)
    expect(valuesUntilCertified({ count: 1000, surplus: 10, variance: 150 }, 0, 0.15, TERMS)).toBeNull()
  })
})

describe('certifiedMargin', () => {
  // Two models, .8 at one cent and .9 at three, predicted alike for every request but for a tilt that orders them.
  const sample = {
    requests: 100,
    models: 2,
    satisfaction: Float64Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 0.8 : 0.8 + i / 1000)),
    costUsd: Float64Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 0.01 : 0.03)),
  }
  const ladder = priceLadder(sample, { lowest: 0.1, highest: 10 })
  const question: MarginQuestion = {
    floor: 0.8,
    target: 0.8,
    ladder,
    progress: { count: 0, surplus: 0, variance: 0 },
    terms: TERMS,
    horizon: 300,
    valuesLeft: Number.POSITIVE_INFINITY,
  }

  it('costs least until the certificate, among all rungs', () => {
    const margin = certifiedMargin(question)
    const total = (rung: (typeof ladder)[number]): number => {
      const values = valuesUntilCertified(question.progress, rung.satisfaction - 0.8, 0.16, TERMS)
      return values === null ? Number.POSITIVE_INFINITY : values * (rung.costUsd - 0.9 * 0.01)
    }
    const chosen = ladder.find(rung => Math.abs(rung.satisfaction - 0.8 - margin) < 1e-12)
    expect(margin).toBeGreaterThan(0.02)
    if (chosen === undefined) throw new Error('the margin is no rung')
    for (const rung of ladder) expect(total(rung)).toBeGreaterThanOrEqual(total(chosen) - 1e-9)
  })

  it('relaxes to what keeps a certificate, and to nothing where the surplus lasts', () => {
    const held = surplusRequired(5000, 0.16, TERMS)
    const relaxed = certifiedMargin({
      ...question,
      horizon: 1500,
      progress: { count: 5000, surplus: held, variance: 800 },
    })
    expect(relaxed).toBeGreaterThan(0)
    expect(relaxed).toBeLessThan(certifiedMargin(question) / 2)
    const lasting = { count: 5000, surplus: 3 * held, variance: 800 }
    expect(certifiedMargin({ ...question, progress: lasting })).toBe(0)
  })

  it('pays nothing for a certificate that the rest of a window cannot bring', () => {
    expect(certifiedMargin({ ...question, valuesLeft: 200 })).toBe(0)
    expect(certifiedMargin({ ...question, valuesLeft: 20_000 })).toBe(certifiedMargin(question))
  })

  it('aims no higher than any price reaches', () => {
    expect(certifiedMargin({ ...question, target: 0.95 })).toBe(0)
    expect(certifiedMargin({ ...question, target: 0.87 })).toBeLessThan(0.031)
  })
})
