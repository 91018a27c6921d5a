import { expect, test } from 'vitest'
import type { SlaReport } from '../learner/sla-ledger.ts'
import type { ClassReading } from '../routing/certify/class-certificate.ts'
import type { ClassReport } from '../routing/policy.ts'
import { statusOf } from './class-status.ts'
import { constraintState } from './sla-view.ts'

const reading = (given: Partial<ClassReading>): ClassReading => ({
  state: 'undecided',
  estimate: 0.95,
  lower: 0.85,
  upper: 1,
  delta: 0.05,
  labels: 1000,
  labelsNeeded: 500,
  alarm: null,
  fall: null,
  window: null,
  ...given,
})
const known = (certificate: ClassReading | null, infeasible = false) => ({
  floor: 0.9,
  report: (infeasible
    ? { infeasible: { atDecision: 1, bindingConstraint: 'satisfaction', reachable: 0.8 } }
    : null) as ClassReport | null,
  ledger: { certificate } as SlaReport,
})
const alarm = { atDecision: 3, atMs: 0 }

test('nothing is said to be met but what is certified', () => {
  for (const state of ['undecided', 'breached'] as const)
    for (const raised of [null, alarm])
      for (const infeasible of [true, false])
        expect(statusOf(known(reading({ state, alarm: raised }), infeasible))).not.toBe('met')
  expect(statusOf(known(null))).toBe('learning')
  expect(statusOf(known(reading({ state: 'compliant' })))).toBe('met')
})

test('an alarm puts an undecided promise at risk and is no breach', () => {
  expect(statusOf(known(reading({})))).toBe('learning')
  expect(statusOf(known(reading({ alarm })))).toBe('at-risk')
  expect(constraintState(known(reading({ alarm })))).toBe('undecided')
  expect(statusOf(known(reading({ state: 'compliant', alarm })))).toBe('met')
})

test('an estimate under the floor is a sign after fifty labels', () => {
  expect(statusOf(known(reading({ estimate: 0.8, labels: 49 })))).toBe('learning')
  expect(statusOf(known(reading({ estimate: 0.8, labels: 50 })))).toBe('at-risk')
})

test('what cannot be reached is infeasible unless it is certified all the same', () => {
  expect(constraintState(known(reading({}), true))).toBe('infeasible')
  expect(constraintState(known(reading({ state: 'breached' }), true))).toBe('infeasible')
  expect(constraintState(known(reading({ state: 'compliant' }), true))).toBe('compliant')
})
