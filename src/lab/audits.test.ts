import { describe, expect, it } from 'vitest'
import type { DecisionRecord } from '../routing/decision.ts'
import { createRandom } from '../routing/numeric/random.ts'
import { type Audit, type AuditSpec, createAuditor } from './audits.ts'

const record = {} as DecisionRecord

const auditMany = (spec: AuditSpec, asked: (i: number) => number, label: number, count = 5000): Audit[] => {
  const auditor = createAuditor(spec)
  return Array.from({ length: count }, (_, i) =>
    auditor.audit({ record, feedback: undefined, label, ask: () => asked(i) }, createRandom(`audit-${i}`)),
  )
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const values = (audits: readonly Audit[]): number[] => audits.flatMap(audit => audit.value ?? [])

describe('createAuditor', () => {
  it('never asks a policy that has no budget', () => {
    const auditor = createAuditor({ budget: 0, judge: null, humanShare: 0 })
    const ask = (): number => {
      throw new Error('asked')
    }
    expect(auditor.audit({ record, feedback: undefined, label: 1, ask }, createRandom(1))).toEqual({
      probability: 0,
      value: null,
    })
  })

  it('grants the whole budget at every decision, and logs the coin', () => {
    const audits = auditMany({ budget: 0.2, judge: null, humanShare: 0 }, () => 0.2, 1)
    for (const audit of audits) expect(audit.probability).toBeCloseTo(0.2, 6)
    expect(Math.abs(values(audits).length / 5000 - 0.2)).toBeLessThan(0.025)
    expect(new Set(values(audits))).toEqual(new Set([1]))
  })

  it('keeps the granted probabilities within the budget, however much is asked for', () => {
    let granted = 0
    auditMany({ budget: 0.1, judge: null, humanShare: 0 }, i => (i % 3 === 0 ? 1 : 0.05), 1, 300).forEach(
      (audit, i) => {
        granted += audit.probability
        expect(granted).toBeLessThanOrEqual(0.1 * (i + 1) + 1e-6)
      },
    )
    expect(granted).toBeGreaterThan(29)
  })

  it('errs as a judge does, and stays unbiased for the truth where humans see a share', () => {
    const judge = { falsePositive: 0.3, falseNegative: 0.1 }
    const judged = (label: number, humanShare: number): number[] =>
      values(auditMany({ budget: 1, judge, humanShare }, () => 1, label))
    expect(Math.abs(mean(judged(0, 0)) - 0.3)).toBeLessThan(0.03)
    expect(Math.abs(mean(judged(1, 0)) - 0.9)).toBeLessThan(0.03)
    // J + (H/.5)(S - J): variance of the unsatisfied label at most .3 (1 - .5) / .5 + .21, standard error .01 over 5,000.
    expect(Math.abs(mean(judged(0, 0.5)))).toBeLessThan(0.04)
    expect(Math.abs(mean(judged(1, 0.5)) - 1)).toBeLessThan(0.04)
    expect(new Set(judged(0, 0.5))).toEqual(new Set([0, 1, -1]))
  })
})
