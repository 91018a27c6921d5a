import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import { createRandom } from '../numeric/random.ts'
import { type Certificate, createCertificate } from './certificate.ts'

const options = { delta: 0.05 }

/** Folds labels of one mean against one floor until a verdict or the limit; gives back the number of labels. */
function labelsToVerdict(certificate: Certificate, mean: number, floor: number, limit: number): number {
  const random = createRandom(`verdict-${mean}`)
  for (let i = 1; i <= limit; i++) {
    certificate.add({ satisfaction: random.next() < mean ? 1 : 0, floor })
    if (certificate.reading().state !== 'undecided') return i
  }
  return Number.POSITIVE_INFINITY
}

/** A stream whose running mean always lies just under its floors; `order` decides in which order labels are folded. */
function falseCertificateRate(runs: number, steps: number, order: 'decision' | 'arrival'): number {
  let wrong = 0
  for (let run = 0; run < runs; run++) {
    const random = createRandom(`under-${run}`)
    const certificate = createCertificate(options)
    const late: { satisfaction: number; floor: number }[] = []
    let certified = false
    for (let t = 0; t < steps && !certified; t++) {
      const floor = t % 2 === 0 ? 0.9 : 0.8
      const label = { satisfaction: random.next() < floor - 0.005 ? 1 : 0, floor }
      // Wrong on purpose: complaints take their time, praise comes at once.
      if (order === 'arrival' && label.satisfaction === 0) late.push(label)
      else certificate.add(label)
      if (late.length > 100) certificate.add(late.shift() ?? label)
      certified = certificate.reading().state === 'compliant'
    }
    if (certified) wrong += 1
  }
  return wrong / runs
}

describe('createCertificate', () => {
  it('is undecided before the first label, between nothing and everything', () => {
    expect(createCertificate(options).reading()).toEqual({
      state: 'undecided',
      estimate: null,
      lower: 0,
      upper: 1,
      delta: 0.05,
      labels: 0,
      labelsNeeded: null,
    })
  })

  it('certifies a mean of .88 against a floor of .85 within 5,000 labels', () => {
    const certificate = createCertificate(options)
    const labels = labelsToVerdict(certificate, 0.88, 0.85, 5000)
    expect(certificate.reading().state).toBe('compliant')
    // Fewer than 500 labels cannot tell .88 from .85: the bound would not be honest.
    expect(labels).toBeGreaterThan(500)
  })

  it('calls a mean of .8 against a floor of .9 breached within 1,000 labels', () => {
    const certificate = createCertificate(options)
    expect(labelsToVerdict(certificate, 0.8, 0.9, 1000)).toBeLessThan(1000)
    const reading = certificate.reading()
    expect(reading.state).toBe('breached')
    expect(reading.upper).toBeLessThan(0.9)
    expect(reading.labelsNeeded).toBe(0)
  })

  it('seldom certifies what stays under its floors, but does so when labels are folded as they arrive', () => {
    expect(falseCertificateRate(proofSize(150, 1000), 1500, 'decision')).toBeLessThanOrEqual(0.05)
    expect(falseCertificateRate(proofSize(150, 1000), 1500, 'arrival')).toBeGreaterThan(0.5)
  })

  it('states bounds around the estimate in units of satisfaction under floors that differ', () => {
    const certificate = createCertificate(options)
    for (let i = 0; i < 4000; i++) {
      certificate.add({ satisfaction: i % 4 === 0 ? 0 : 1, floor: i % 2 === 0 ? 0.6 : 0.7, prediction: 0.75 })
    }
    const { state, estimate, lower, upper } = certificate.reading()
    expect(estimate).toBeCloseTo(0.75, 10)
    expect(lower).toBeGreaterThan(0.65)
    expect(upper - 0.75).toBeCloseTo(0.75 - lower, 10)
    expect(state).toBe('compliant')
  })

  it('needs more labels where few are audited, and counts audits alone as labels', () => {
    const plain = createCertificate(options)
    const audited = createCertificate({ ...options, scales: { lower: 10, upper: 5 } })
    for (let i = 0; i < 2000; i++) {
      const satisfaction = i % 10 === 0 ? 0 : 1
      plain.add({ satisfaction, floor: 0.85, prediction: 0.9 })
      const labelled = i % 7 === 0
      const standIn = 0.9 + (labelled ? (satisfaction - 0.9) / 0.1 : 0)
      audited.add({ satisfaction: standIn, floor: 0.85, prediction: 0.9, labelled })
    }
    expect(audited.reading().labels).toBe(286)
    expect(audited.reading().lower).toBeLessThan(plain.reading().lower)
  })

  it('continues from its state', () => {
    const first = createCertificate(options)
    for (let i = 0; i < 30; i++) first.add({ satisfaction: i % 3 === 0 ? 0 : 1, floor: 0.6 })
    const second = createCertificate(options, JSON.parse(JSON.stringify(first.state())))
    for (const certificate of [first, second]) certificate.add({ satisfaction: 1, floor: 0.7 })
    expect(second.reading()).toEqual(first.reading())
  })

  it('refuses a scale of zero', () => {
    expect(() => createCertificate({ delta: 0.05, scales: { lower: 0, upper: 1 } })).toThrow('scales')
  })
})
