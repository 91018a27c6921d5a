import { expect, onTestFinished, test } from 'vitest'
import { startSimulatedJudge } from './simulated-judge.ts'
import { createSyntheticWorld } from './synthetic-world.ts'

const world = createSyntheticWorld({ seed: 3, rows: 400 })
const [model] = world.models
if (model === undefined) throw new Error('a world without models')

async function verdicts(errors?: { readonly falsePositive: number; readonly falseNegative: number }) {
  const judge = await startSimulatedJudge({ world, ...(errors === undefined ? {} : { errors }) })
  onTestFinished(() => judge.close())
  const ask = async (row: number): Promise<number | undefined> => {
    const messages = [{ role: 'user', content: world.prompts[row] ?? 'a stranger' }]
    const body = { decision_id: `d${row}`, model: model?.id, request: { model: 'auto', messages } }
    const response = await fetch(judge.url, { method: 'POST', body: JSON.stringify(body) })
    return ((await response.json()) as { readonly value?: number }).value
  }
  const rows = Array.from({ length: world.prompts.length }, (_, row) => row)
  const values = await Promise.all(rows.map(ask))
  return { judge, values, truth: rows.map(row => judge.truth.get(`d${row}`) ?? -1), stranger: await ask(-1) }
}

test('knows the truth, and says nothing of prompts that are not of its world', async () => {
  const { judge, values, truth, stranger } = await verdicts()
  expect(values).toEqual(truth)
  expect(new Set(values)).toEqual(new Set([0, 1]))
  expect([judge.labelled, stranger]).toEqual([400, undefined])
})

test('errs at the stated rates, and the same of each decision', async () => {
  const errors = { falsePositive: 0.3, falseNegative: 0.1 }
  const { values, truth } = await verdicts(errors)
  expect((await verdicts(errors)).values).toEqual(values)
  for (const [label, rate] of [
    [0, 0.3],
    [1, 0.1],
  ] as const) {
    const judged = values.filter((_, row) => truth[row] === label)
    const wrong = judged.filter(value => value !== label).length / judged.length
    expect(Math.abs(wrong - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / judged.length))
  }
})
