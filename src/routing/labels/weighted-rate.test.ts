import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import {
  noObservations,
  type WeightedObservation,
  type WeightedSums,
  weightedRate,
  withObservation,
  without,
} from './weighted-rate.ts'

const sumsOf = (observations: readonly WeightedObservation[]): WeightedSums =>
  observations.reduce(withObservation, noObservations)
const Z = 1.96

describe('weightedRate', () => {
  it('is the interval of Agresti and Coull for plain ones and zeros', () => {
    const values = [...Array(7).fill(1), ...Array(13).fill(0)]
    const rate = weightedRate(sumsOf(values.map(value => ({ weight: 1, value }))), Z)
    const n = 20 + Z * Z
    const p = (7 + (Z * Z) / 2) / n
    const half = Z * Math.sqrt((p * (1 - p)) / n)
    expect(rate?.estimate).toBeCloseTo(0.35, 12)
    expect(rate?.lower).toBeCloseTo(p - half, 12)
    expect(rate?.upper).toBeCloseTo(p + half, 12)
  })

  it('does not change when every weight is multiplied', () => {
    const observations = [1, 0, 0, 1, 1, 0.5].map((value, i) => ({ weight: 1 + (i % 3), value }))
    const scaled = observations.map(({ weight, value }) => ({ weight: 20 * weight, value }))
    const [a, b] = [weightedRate(sumsOf(observations), Z), weightedRate(sumsOf(scaled), Z)]
    expect(a?.estimate).toBeCloseTo(b?.estimate ?? 0, 12)
    expect(a?.lower).toBeCloseTo(b?.lower ?? 0, 12)
    expect(a?.upper).toBeCloseTo(b?.upper ?? 0, 12)
  })

  it('never is sure of a rate that nobody contradicted', () => {
    const rate = weightedRate(sumsOf([{ weight: 1, value: 1 }]), Z)
    expect([rate?.estimate, rate?.upper]).toEqual([1, 1])
    expect(rate?.lower).toBeLessThan(0.25)
  })

  it('says nothing without observations', () => {
    expect(weightedRate(noObservations, Z)).toBeNull()
    const one = sumsOf([{ weight: 3, value: 1 }])
    expect(weightedRate(without(one, one), Z)).toBeNull()
  })

  it('takes out what was put in', () => {
    const a = [1, 0, 1].map(value => ({ weight: 2, value }))
    const b = [0, 0.25].map(value => ({ weight: 4, value }))
    expect(without(sumsOf([...a, ...b]), sumsOf(b))).toEqual(sumsOf(a))
  })

  // Audits with q = .05 for one half and .2 for the other: without weights the rate would read .26 instead of .2.
  it('covers the truth as often as it says, with unequal audits, and unweighted counts do not', () => {
    const random = createRandom('coverage')
    const runs = 400
    const missed = { weighted: 0, plain: 0 }
    for (let run = 0; run < runs; run++) {
      const seen: WeightedObservation[] = []
      for (let i = 0; i < 4000; i++) {
        const suspicious = i % 2 === 0
        const q = suspicious ? 0.2 : 0.05
        const value = Number(random.next() < (suspicious ? 0.28 : 0.12))
        if (random.next() < q) seen.push({ weight: 1 / q, value })
      }
      const covers = (observations: readonly WeightedObservation[]): boolean => {
        const rate = weightedRate(sumsOf(observations), Z)
        return rate !== null && rate.lower <= 0.2 && rate.upper >= 0.2
      }
      if (!covers(seen)) missed.weighted++
      if (!covers(seen.map(({ value }) => ({ weight: 1, value })))) missed.plain++
    }
    // Three standard errors of 400 runs at 5%.
    expect(missed.weighted / runs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs))
    expect(missed.plain / runs).toBeGreaterThan(0.3)
  })

  it('stays unbiased for the human label where a human corrects a share of a judge that errs', () => {
    const random = createRandom('corrected')
    const runs = 400
    const q2 = 0.25
    let missed = 0
    for (let run = 0; run < runs; run++) {
      const seen: WeightedObservation[] = []
      for (let i = 0; i < 400; i++) {
        const truth = Number(random.next() < 0.2)
        const judged = random.next() < 0.15 ? 1 - truth : truth
        const corrected = random.next() < q2 ? judged + (truth - judged) / q2 : judged
        seen.push({ weight: 20, value: corrected })
      }
      const rate = weightedRate(sumsOf(seen), Z)
      if (rate === null || rate.lower > 0.2 || rate.upper < 0.2) missed++
    }
    expect(missed / runs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs))
  })
})
