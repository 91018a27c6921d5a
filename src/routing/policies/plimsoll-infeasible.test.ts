import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import type { ClassReport, Policy, PolicySetup } from '../policy.ts'
import { meanOf, models, type RunConditions, runWorld, worldTraining } from './known-world.fixture.ts'
import { plimsoll } from './plimsoll.ts'

const trained = plimsoll
  .create(
    { parameters: {}, training: worldTraining('infeasible', 400), snapshot: null, auditBudget: 0 },
    null,
  )
  .snapshot()

function create(overrides: Partial<PolicySetup> = {}): Policy {
  return plimsoll.create(
    { parameters: {}, training: null, snapshot: null, auditBudget: 0, ...overrides },
    null,
  )
}

/** Runs a stream and keeps what the policy reported after every 25th decision. */
function run(policy: Policy, conditions: RunConditions) {
  const reports: { readonly at: number; readonly report: ClassReport }[] = []
  const watched: Policy = {
    ...policy,
    decide: (context, random) => policy.decide(context, random),
    auditProbability: record => policy.auditProbability(record),
    report: name => policy.report(name),
    snapshot: () => policy.snapshot(),
    learn: event => {
      policy.learn(event)
      const at = event.record.learnedUpTo
      const report = policy.report('gold')
      if (event.kind === 'decision' && at % 25 === 0 && report !== null) reports.push({ at, report })
    },
  }
  return { served: runWorld(watched, conditions), reports }
}

describe('a floor that can be met', () => {
  it('is never called infeasible, cold or trained, however close to the best that models can do', () => {
    // The dearest model alone has .937.
    for (const floor of [0.72, 0.8, 0.88, 0.91])
      for (const snapshot of [null, trained])
        for (let seed = 0; seed < proofSize(1, 10); seed++) {
          const conditions = {
            seed: `feasible-${seed}`,
            requests: proofSize(1500, 6000),
            classFloor: () => floor,
          }
          const { reports } = run(create({ snapshot }), conditions)
          expect(reports.filter(({ report }) => report.infeasible !== null)).toEqual([])
        }
  })
})

describe('a floor that cannot be met', () => {
  const OUT_OF_REACH = 0.985
  const LOWERED = 1800
  const classFloor = (position: number): number => (position < LOWERED ? OUT_OF_REACH : 0.8)

  it('freezes the price, and is withdrawn with its debt once the floor is lowered', () => {
    for (const snapshot of [null, trained]) {
      const { served, reports } = run(create({ snapshot }), { seed: 'lowered', requests: 3600, classFloor })
      const declared = reports.filter(({ at, report }) => at < LOWERED && report.infeasible !== null)
      expect(declared.length).toBeGreaterThan(5)
      expect(declared.every(({ report }) => report.infeasible?.bindingConstraint === 'satisfaction')).toBe(
        true,
      )
      const prices = declared.map(({ report }) => report.priceUsd ?? 0)
      expect(Math.max(...prices)).toBeLessThan(1.5 * Math.min(...prices))
      const debts = declared.map(({ report }) => report.debt)
      expect(debts.at(-1)).toBeGreaterThan(debts[0] ?? 0)
      const after = reports.filter(({ at }) => at > LOWERED + 100)
      expect(after.every(({ report }) => report.infeasible === null)).toBe(true)
      const late = served.slice(LOWERED + 300)
      expect(Math.abs(meanOf(late, each => each.satisfied) - 0.8)).toBeLessThan(0.03)
    }
  })

  it('is repaid where the contract says so', () => {
    const conditions = { seed: 'arrears', requests: 2600, classFloor }
    const repaid = run(create({ snapshot: trained, parameters: { repayArrears: 1 } }), conditions).served
    expect(meanOf(repaid.slice(LOWERED + 300), each => each.satisfied)).toBeGreaterThan(0.84)
  })

  it('is withdrawn when a better model arrives', () => {
    const eligible = (position: number) => (position < LOWERED ? models.slice(0, 2) : models)
    const { served, reports } = run(create(), { seed: 'arrives', requests: 3600, eligible })
    expect(reports.some(({ at, report }) => at < LOWERED && report.infeasible !== null)).toBe(true)
    expect(reports.at(-1)?.report.infeasible).toBeNull()
    const late = served.slice(LOWERED + 600)
    expect(Math.abs(meanOf(late, each => each.satisfied) - 0.8)).toBeLessThan(0.035)
  })
})
