import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import { createCertificate } from './certificate.ts'
import { type ClassCertificate, createClassCertificate, type Evidence } from './class-certificate.ts'
import { splitDelta } from './split-delta.ts'
import { standInRange } from './stand-in.ts'

const delta = 0.05
const at = (atMs: number, floor = 0.8) => ({ atMs, floor, prediction: 0.9 })
const label = (satisfaction: number): Evidence => ({ kind: 'label', satisfaction })
const audit = (probability: number, value: number | null, drawn = value !== null): Evidence => ({
  kind: 'audit',
  draw: { probability, drawn, value },
  humanShare: 1,
})

/** Folds labels of one mean. */
function fill(certificate: ClassCertificate, count: number, mean: number, from = 0): void {
  const random = createRandom(`fill-${from}`)
  for (let i = 0; i < count; i++) certificate.add(at(from + i), label(random.next() < mean ? 1 : 0))
}

describe('the certificate of a class', () => {
  it('of users who label is the plain one, with an alarm beside it', () => {
    const certificate = createClassCertificate({ delta })
    const plain = createCertificate({ delta })
    for (const value of [1, 0, 1, 1]) {
      certificate.add(at(0), label(value))
      plain.add({ satisfaction: value, floor: 0.8, prediction: 0.9 })
    }
    expect(certificate.reading()).toEqual({ ...plain.reading(), alarm: null, fall: null, window: null })
  })

  it('of audits folds stand-ins with the one-sided scales', () => {
    const certificate = createClassCertificate({ delta })
    const { lowerScale, upperScale } = standInRange({ leastProbability: 0.25, humanShare: 1 })
    const wanted = createCertificate({ delta, scales: { lower: lowerScale, upper: upperScale } })
    // Nothing can be claimed of what could not be audited before audits began.
    certificate.add(at(0), audit(0, null))
    for (const value of [null, 1, null, 0]) {
      certificate.add(at(0), audit(0.25, value))
      const satisfaction = value === null ? 0.9 : 0.9 + (value - 0.9) / 0.25
      wanted.add({ satisfaction, floor: 0.8, prediction: 0.9, labelled: value !== null })
    }
    expect(certificate.reading()).toMatchObject(wanted.reading())
    expect(certificate.reading().labels).toBe(2)
  })

  it('counts a drawn label that never came, and what can no longer be audited, as the worst on either side', () => {
    for (const evidence of [audit(0.5, null, true), audit(0.1, null)]) {
      const certificate = createClassCertificate({ delta })
      for (let i = 0; i < 400; i++) certificate.add(at(i), audit(0.5, i % 10 === 0 ? 0 : 1, i % 2 === 0))
      const before = certificate.reading()
      for (let i = 0; i < 400; i++) certificate.add(at(i), evidence)
      const after = certificate.reading()
      expect(after.lower).toBeLessThan(before.lower)
      expect(after.upper).toBeGreaterThan(0.9)
      expect([after.estimate, after.labelsNeeded]).toEqual([null, null])
    }
  })

  it('raises its alarm below the floor, says when, and stays undecided until the bound agrees', () => {
    const certificate = createClassCertificate({ delta })
    let undecidedAlarm = false
    const random = createRandom('alarm')
    for (let i = 0; i < 3000; i++) {
      certificate.add(at(1000 + i, 0.9), label(random.next() < 0.8 ? 1 : 0))
      const { state, alarm } = certificate.reading()
      if (state === 'undecided' && alarm !== null) undecidedAlarm = true
    }
    const { state, alarm } = certificate.reading()
    expect(undecidedAlarm).toBe(true)
    expect(state).toBe('breached')
    expect(alarm?.atMs).toBe(1000 + (alarm?.atDecision ?? 0) - 1)
  })

  it('finds a fall after long good behaviour before its breach alarm does', () => {
    const certificate = createClassCertificate({ delta })
    fill(certificate, 5000, 0.95)
    expect(certificate.reading().fall).toBeNull()
    fill(certificate, 600, 0.6, 5000)
    const { fall, alarm } = certificate.reading()
    expect(alarm).toBeNull()
    expect(fall?.atDecision).toBeGreaterThan(5000)
    expect(fall?.atMs).toBe((fall?.atDecision ?? 0) - 1)
  })

  it('starts anew in every window with a share of delta, and keeps the verdict of the one before', () => {
    const certificate = createClassCertificate({ delta, windowMs: 5000 })
    fill(certificate, 5000, 0.95, 700)
    expect(certificate.reading()).toMatchObject({
      state: 'compliant',
      delta: delta / 2,
      window: { number: 1, fromMs: 700, toMs: 5700 },
    })
    const first = certificate.reading()
    fill(certificate, 40, 0.95, 5700)
    expect(certificate.reading()).toMatchObject({
      state: 'undecided',
      delta: delta / 6,
      labels: 40,
      window: { number: 2, fromMs: 5700, toMs: 10_700 },
    })
    expect(certificate.previous()).toEqual(first)
    // A window without requests has its share of delta as well.
    fill(certificate, 1, 0.95, 16_000)
    expect(certificate.reading()).toMatchObject({ delta: delta / 20, window: { number: 4 } })
  })

  it('takes thinner audits on with the next window, and not before', () => {
    const certificate = createClassCertificate({ delta, windowMs: 1000 })
    const fillAudits = (from: number, probability: number): void => {
      for (let i = 0; i < 900; i++) certificate.add(at(from + i), audit(probability, i % 4 === 0 ? 1 : null))
    }
    fillAudits(0, 0.5)
    const before = certificate.reading()
    for (let i = 0; i < 90; i++) certificate.add(at(900 + i), audit(0.25, null))
    expect(certificate.reading().lower).toBeLessThan(before.lower)
    fillAudits(1000, 0.25)
    const { estimate, labels } = certificate.reading()
    expect(labels).toBe(225)
    expect(estimate).toBeCloseTo(1, 12)
  })

  it('splits delta among constraints', () => {
    const certificate = createClassCertificate({ delta, constraints: 2 })
    fill(certificate, 10, 0.9)
    expect(certificate.reading().delta).toBe(delta / 2)
    const windows = Array.from({ length: 2000 }, (_, k) =>
      splitDelta(delta, { constraints: 2, window: k + 1 }),
    )
    expect(2 * windows.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(delta)
    expect(2 * windows.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(0.999 * delta)
  })

  it('continues from its state', () => {
    for (const options of [{ delta }, { delta, windowMs: 100 }]) {
      const whole = createClassCertificate(options)
      const evidence = (i: number): Evidence => audit(0.3, i % 3 === 0 ? +(i % 9 !== 0) : null)
      for (let i = 0; i < 250; i++) whole.add(at(i), evidence(i))
      const first = createClassCertificate(options)
      for (let i = 0; i < 120; i++) first.add(at(i), evidence(i))
      const second = createClassCertificate(options, JSON.parse(JSON.stringify(first.state())))
      for (let i = 120; i < 250; i++) second.add(at(i), evidence(i))
      expect(second.state()).toEqual(whole.state())
      expect(second.reading()).toEqual(whole.reading())
    }
  })

  it('refuses audits that cannot be', () => {
    expect(() => standInRange({ leastProbability: 0, humanShare: 1 })).toThrow('(0, 1]')
    expect(() => standInRange({ leastProbability: 0.1, humanShare: 2 })).toThrow('(0, 1]')
  })
})
