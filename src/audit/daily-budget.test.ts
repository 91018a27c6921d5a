import { expect, test } from 'vitest'
import { createDailyBudget } from './daily-budget.ts'

const DAY_MS = 86_400_000

test('dollars that are reserved or spent are gone until the next day', () => {
  let nowMs = 5 * DAY_MS
  const budget = createDailyBudget({ usdPerDay: 1, statedUsd: 0.25, spentUsd: 0.25, now: () => nowMs })
  const reserved = [budget.reserve(), budget.reserve(), budget.reserve()]
  expect(reserved).toEqual([0.25, 0.25, 0.25])
  expect(budget.affords()).toBe(false)
  budget.release(0.25)
  expect(budget.affords()).toBe(true)
  expect(budget.settle(0.25, null)).toBe(0.25)
  expect(budget.settle(0.25, 0.5)).toBe(0.5)
  expect([budget.spentUsd, budget.affords()]).toEqual([1, false])
  nowMs += DAY_MS
  expect([budget.spentUsd, budget.affords()]).toEqual([0, true])
})

test('the next audit is expected to cost what the audits so far did', () => {
  const budget = createDailyBudget({ usdPerDay: 10, statedUsd: 0, spentUsd: 0, now: () => 0 })
  budget.settle(budget.reserve(), 1)
  budget.settle(budget.reserve(), 3)
  expect(budget.expectedUsd).toBe(2)
  budget.settle(budget.reserve(), 5)
  // 9 spent, 3 expected: 12 would not fit.
  expect(budget.affords()).toBe(false)
})

test('a budget of exactly ten audits buys ten, whatever rounding does', () => {
  const budget = createDailyBudget({ usdPerDay: 1, statedUsd: 0.1, spentUsd: 0, now: () => 0 })
  let audits = 0
  for (; budget.affords() && audits < 20; audits++) budget.settle(budget.reserve(), null)
  expect(audits).toBe(10)
})

test('without a limit everything is afforded', () => {
  const budget = createDailyBudget({ usdPerDay: null, statedUsd: 5, spentUsd: 1e6, now: () => 0 })
  expect(budget.affords()).toBe(true)
})
