import { describe, expect, it } from 'vitest'
import { modelId } from '../model.ts'
import { createRandom, type Random } from '../numeric/random.ts'
import { type ComplaintRate, type ComplaintRates, createComplaintRates } from './complaint-rates.ts'

const [quiet, loud, rare] = [modelId('a/quiet'), modelId('a/loud'), modelId('a/rare')]

interface Auditing {
  readonly decisions: number
  readonly rate: number
  readonly qComplaint: number
  readonly qSilence: number
}

/** Audits answers of one model, three in ten unsatisfied; `logged` writes the probability down. */
function audit(
  rates: ComplaintRates,
  model: typeof quiet,
  { decisions, rate, qComplaint, qSilence }: Auditing,
  { random, logged = (q: number) => q }: { random: Random; logged?: (q: number) => number },
): void {
  for (let i = 0; i < decisions; i++) {
    const value = random.next() < 0.7 ? 1 : 0
    const complained = value === 0 && random.next() < rate
    const q = complained ? qComplaint : qSilence
    if (random.next() < q) rates.add({ model, value, complained, probability: logged(q) })
  }
}

function estimated(rate: ComplaintRate): { rate: number; lower: number; upper: number } {
  if (rate.state === 'unknown') throw new Error(`unknown after ${rate.failures} failures`)
  return rate
}

const everyComplaint = { decisions: 20_000, rate: 0.1, qComplaint: 1, qSilence: 0.05 }

describe('createComplaintRates', () => {
  it('is unknown before five failures were audited, whatever the class says', () => {
    const rates = createComplaintRates()
    expect(rates.rate(quiet)).toEqual({ state: 'unknown', failures: 0 })
    for (let i = 0; i < 40; i++)
      rates.add({ model: loud, value: 0, complained: i % 2 === 0, probability: 0.5 })
    for (let i = 0; i < 4; i++) rates.add({ model: quiet, value: 0, complained: false, probability: 0.5 })
    for (let i = 0; i < 30; i++) rates.add({ model: rare, value: 1, complained: false, probability: 0.5 })
    expect(rates.rate(quiet).state).toBe('unknown')
    // Satisfied answers teach nothing of complaints.
    expect(rates.rate(rare)).toEqual({ state: 'unknown', failures: 0 })
    expect(rates.rate(loud).state).toBe('estimated')
  })

  it('weighs by 1/q, as a naive recomputation does', () => {
    const rates = createComplaintRates({ priorFailures: 0 })
    const rows = [
      [true, 1],
      [true, 0.5],
      [false, 0.05],
      [false, 0.05],
      [false, 0.1],
      [false, 0.1],
      [false, 0.05],
      [false, 0.05],
      [true, 1],
      [false, 0.05],
    ] as const
    for (const [complained, probability] of rows) {
      rates.add({ model: quiet, value: 0, complained, probability })
    }
    const weight = (of: readonly (readonly [boolean, number])[]): number =>
      of.reduce((sum, [, q]) => sum + 1 / q, 0)
    const naive = weight(rows.filter(([complained]) => complained)) / weight(rows)
    expect(estimated(rates.rate(quiet)).rate).toBeCloseTo(naive, 12)
  })

  it('finds .10 where every complaint and 5% of the silence are audited; unweighted it reads .68', () => {
    const weighted = createComplaintRates()
    const unweighted = createComplaintRates()
    audit(weighted, quiet, everyComplaint, { random: createRandom('weights') })
    audit(unweighted, quiet, everyComplaint, { random: createRandom('weights'), logged: () => 1 })
    expect(Math.abs(estimated(weighted.rate(quiet)).rate - 0.1)).toBeLessThan(0.02)
    // rho / (rho + .05 (1 - rho)) = .1 / .145 = .69
    expect(Math.abs(estimated(unweighted.rate(quiet)).rate - 0.68)).toBeLessThan(0.04)
    expect(estimated(unweighted.rate(quiet)).lower).toBeGreaterThan(0.5)
  })

  it('keeps the rates of models apart, within their own bounds', () => {
    const rates = createComplaintRates({ priorFailures: 1e6 })
    const random = createRandom('apart')
    const all = { decisions: 3000, qComplaint: 1, qSilence: 1 }
    audit(rates, quiet, { ...all, rate: 0.05 }, { random })
    audit(rates, loud, { ...all, rate: 0.5 }, { random })
    const [a, b] = [estimated(rates.rate(quiet)), estimated(rates.rate(loud))]
    expect(a.upper).toBeLessThan(0.09)
    expect(b.lower).toBeGreaterThan(0.43)
    // However strong the pull towards the class, its rate (.28) is not taken for either model's.
    expect(a.rate).toBe(a.upper)
    expect(b.rate).toBe(b.lower)
  })

  it('shrinks a model with few failures to its class', () => {
    const mean = (priorFailures: number): number => {
      let sum = 0
      for (let run = 0; run < 200; run++) {
        const rates = createComplaintRates({ priorFailures })
        const random = createRandom(`shrink-${run}`)
        audit(rates, loud, { decisions: 1000, rate: 0.3, qComplaint: 1, qSilence: 1 }, { random })
        audit(rates, rare, { decisions: 40, rate: 0.3, qComplaint: 1, qSilence: 1 }, { random })
        const rate = rates.rate(rare)
        if (rate.state === 'estimated') sum += (rate.rate - 0.3) ** 2
      }
      return sum / 200
    }
    expect(mean(10)).toBeLessThan(0.5 * mean(0))
  })

  it('covers the true rate in at least 93 of 100 runs; bounds without weights do not', () => {
    const covered = (design: Auditing, logged: (q: number) => number): number => {
      let [hits, known] = [0, 0]
      for (let run = 0; run < 300; run++) {
        const rates = createComplaintRates()
        audit(rates, quiet, design, { random: createRandom(`cover-${run}`), logged })
        const rate = rates.rate(quiet)
        if (rate.state === 'unknown') continue
        known++
        if (rate.lower <= design.rate && design.rate <= rate.upper) hits++
      }
      expect(known).toBeGreaterThan(200)
      return hits / known
    }
    const honest = (q: number): number => q
    for (const rate of [0.05, 0.1, 0.5]) {
      expect(
        covered({ decisions: 1000, rate, qComplaint: 1, qSilence: 0.05 }, honest),
      ).toBeGreaterThanOrEqual(0.93)
      expect(
        covered({ decisions: 1000, rate, qComplaint: 0.1, qSilence: 0.1 }, honest),
      ).toBeGreaterThanOrEqual(0.93)
    }
    const blind = { decisions: 1000, rate: 0.1, qComplaint: 1, qSilence: 0.05 }
    expect(covered(blind, () => 1)).toBeLessThan(0.1)
  })

  it('finds the rate where complaints are certain and come after the audits; adding them on top finds more', () => {
    const found = (withdrawn: boolean): number => {
      const rates = createComplaintRates()
      const random = createRandom('late')
      for (let i = 0; i < 40_000; i++) {
        if (random.next() < 0.7) continue
        const audited = { model: quiet, value: 0, complained: false, probability: 0.05 }
        const drawn = random.next() < 0.05
        if (drawn) rates.add(audited)
        if (random.next() >= 0.1) continue
        if (drawn && withdrawn) rates.withdraw(audited)
        const weights = drawn && !withdrawn ? [0.05, 1] : [1]
        for (const probability of weights)
          rates.add({ model: quiet, value: 0, complained: true, probability })
      }
      return estimated(rates.rate(quiet)).rate
    }
    expect(Math.abs(found(true) - 0.1)).toBeLessThan(0.02)
    expect(found(false)).toBeGreaterThan(0.14)
  })

  it('goes on from its state', () => {
    const rates = createComplaintRates()
    audit(rates, quiet, { ...everyComplaint, decisions: 2000 }, { random: createRandom('state') })
    const restored = createComplaintRates({}, JSON.parse(JSON.stringify(rates.state())))
    expect(restored.state()).toEqual(rates.state())
    expect(restored.rate(quiet)).toEqual(rates.rate(quiet))
  })
})
