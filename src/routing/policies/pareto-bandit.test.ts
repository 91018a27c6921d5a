import { describe, expect, it } from 'vitest'
import { policyContract } from '../policy.contract.ts'
import type { Policy } from '../policy.ts'
import { paretoBandit } from './pareto-bandit.ts'
import { budgetAt, initialPenalty, logCosts, startParetoBandit } from './pareto-bandit-state.ts'
import { coldStart, contextOf, decideAndLearn, large, middle, runStream, small } from './small-zoo.fixture.ts'
import { decidePair, pairRows } from './two-kinds.fixture.ts'

const withBudget = (budgetUsd: number): Policy =>
  paretoBandit.create({ ...coldStart, parameters: { budgetUsd } }, null)

policyContract('pareto-bandit from a cold start with a budget', overrides =>
  paretoBandit.create({ ...coldStart, parameters: { budgetUsd: 1e-4 }, ...overrides }, null),
)

const world = new Map([
  [small, { satisfaction: 0.3, costUsd: 0.001 }],
  [middle, { satisfaction: 0.6, costUsd: 0.004 }],
  [large, { satisfaction: 0.95, costUsd: 0.016 }],
])

describe('pareto-bandit', () => {
  it('refuses to start without a budget and without rows to take one from', () => {
    expect(() => paretoBandit.create(coldStart, null)).toThrow(/needs a budget .*budgetUsd.*--warm-start/)
  })

  it('tries every new model twenty times before it chooses', () => {
    const policy = withBudget(0.01)
    const trials = Array.from({ length: 60 }, (_, i) => decideAndLearn(policy, contextOf(), i).decision)
    expect(trials.every(({ mode }) => mode === 'explore')).toBe(true)
    for (const id of [small, middle, large])
      expect(trials.filter(({ chosen }) => chosen === id)).toHaveLength(20)
    expect(decideAndLearn(policy, contextOf(), 60).decision.mode).toBe('exploit')
    const silent = withBudget(0.01)
    // Where no label can come there is nothing to try for.
    expect(decideAndLearn(silent, contextOf({ feedback: 'none' }), 0).decision.mode).toBe('exploit')
  })

  it.each([0.005, 0.01])('holds the mean cost at a budget of %d USD', budgetUsd => {
    const { costUsd } = runStream(withBudget(budgetUsd), world, 4000)
    expect(costUsd).toBeGreaterThan(0.85 * budgetUsd)
    expect(costUsd).toBeLessThan(1.15 * budgetUsd)
  })

  it('serves the best model where the budget is no bound', () => {
    expect(runStream(withBudget(1), world, 1500).satisfaction).toBeGreaterThan(0.9)
  })

  it('spends on hard prompts what the static mixture of the floor would cost, after training', () => {
    const policy = paretoBandit.create({ ...coldStart, training: pairRows() }, null)
    const figures = [0.7, 0.8].map(floor => decidePair(policy, floor))
    // The mixture of .65 at .001 and .925 at .016 costs .0037 at .7 and .0092 at .8.
    expect(figures[0]?.costUsd).toBeLessThan(0.0045)
    expect(figures[1]?.costUsd).toBeGreaterThan(figures[0]?.costUsd ?? 1)
    expect(figures[1]?.satisfaction).toBeGreaterThan(0.8)
  })
})

describe('the plan of budgets', () => {
  const learned = startParetoBandit({ ...coldStart, training: pairRows() })

  it('takes the bill of the static mixture, of the best model where no mixture reaches the floor', () => {
    const [weak = 0, strong = 0] = learned.plan?.satisfaction ?? []
    const [cheap = 0, dear = 0] = learned.plan?.costUsd ?? []
    expect(budgetAt(learned, weak)).toBeCloseTo(cheap, 12)
    expect(budgetAt(learned, (weak + strong) / 2)).toBeCloseTo((cheap + dear) / 2, 12)
    expect(budgetAt(learned, 0.999)).toBeCloseTo(dear, 12)
  })

  it('starts with the smallest penalty that stays within a budget', () => {
    const { billsUsd = new Float64Array() } = learned.plan ?? {}
    expect(initialPenalty(learned, 1)).toBe(0)
    expect(initialPenalty(learned, 0)).toBe(5)
    const budgetUsd = ((billsUsd[0] ?? 0) + (billsUsd[50] ?? 0)) / 2
    const step = Math.round(initialPenalty(learned, budgetUsd) * 10)
    expect(billsUsd[step]).toBeLessThanOrEqual(budgetUsd)
    expect(billsUsd[step - 1]).toBeGreaterThan(budgetUsd)
  })
})

describe('logCosts', () => {
  it('runs from the cheapest to the dearest on a logarithmic scale', () => {
    expect([...logCosts([0.001, 0.01, 0.1])]).toEqual([0, expect.closeTo(0.5, 12), 1])
  })

  it('takes the unknown for dear, the free for cheap, and equal costs for nothing', () => {
    expect([...logCosts([0.001, null, 0.1, 0])]).toEqual([0, 1, 1, 0])
    expect([...logCosts([0.1, 0.1])]).toEqual([0, 0])
    expect([...logCosts([null, null])]).toEqual([0, 0])
  })
})
