import { describe, expect, it } from 'vitest'
import { modelId } from '../routing/model.ts'
import { createSyntheticWorld } from './synthetic-world.ts'

const world = createSyntheticWorld({ seed: 7, rows: 2000 })
const rows = world.prompts.map((_, row) => row)
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

describe('synthetic world', () => {
  it('gives the same prompts, answers and costs for a seed, and others for another', () => {
    const again = createSyntheticWorld({ seed: 7, rows: 2000 })
    const other = createSyntheticWorld({ seed: 8, rows: 2000 })
    expect(again.prompts).toEqual(world.prompts)
    expect(other.prompts).not.toEqual(world.prompts)
    for (const { id } of world.models) {
      expect(rows.map(row => again.answer(row, id))).toEqual(rows.map(row => world.answer(row, id)))
    }
  })

  it('begins with the rows of a smaller world of the same seed', () => {
    const small = createSyntheticWorld({ seed: 7, rows: 50 })
    expect(small.prompts).toEqual(world.prompts.slice(0, 50))
    const [first] = world.models
    expect(small.answer(49, first?.id ?? modelId(''))).toEqual(world.answer(49, first?.id ?? modelId('')))
  })

  it('repeats no prompt and finds each by its text', () => {
    expect(new Set(world.prompts).size).toBe(2000)
    expect(world.prompts.map(prompt => world.rowOf(prompt))).toEqual(rows)
    expect(world.rowOf('a prompt of another world')).toBeNull()
  })

  it('satisfies as often as its chances say, for every model', () => {
    for (const { id } of world.models) {
      const expected = mean(rows.map(row => world.probability(row, id)))
      const drawn = mean(rows.map(row => world.answer(row, id).satisfaction))
      // Four standard errors of 2,000 coins.
      expect(Math.abs(drawn - expected)).toBeLessThan(4 * Math.sqrt(0.25 / 2000))
    }
  })

  it('follows the stated formula and falls with difficulty on every topic', () => {
    for (const { id } of world.models) {
      const byTopic = Map.groupBy(rows, row => world.topic(row))
      for (const group of byTopic.values()) {
        const sorted = group.toSorted((a, b) => world.difficulty(a) - world.difficulty(b))
        const chances = sorted.map(row => world.probability(row, id))
        expect(chances).toEqual(chances.toSorted((a, b) => b - a))
      }
    }
    // The dearest model has no talents: .02 + .96 sigmoid(14 (1.2 - d)).
    const expected = 0.02 + 0.96 / (1 + Math.exp(-14 * (1.2 - world.difficulty(3))))
    expect(world.probability(3, modelId('northsea/galleon-pro'))).toBeCloseTo(expected, 12)
  })

  it('asks more for what is worth more: a dearer model satisfies more often and costs more', () => {
    const means = world.models.map(({ id }) => {
      const answers = rows.map(row => world.answer(row, id))
      return { satisfaction: mean(answers.map(a => a.satisfaction)), cost: mean(answers.map(a => a.costUsd)) }
    })
    expect(means.length).toBeGreaterThanOrEqual(5)
    expect(means.map(m => m.cost)).toEqual(means.map(m => m.cost).toSorted((a, b) => a - b))
    expect(means.map(m => m.satisfaction)).toEqual(means.map(m => m.satisfaction).toSorted((a, b) => a - b))
  })

  it('charges the price list for the tokens of the answer', () => {
    const [model] = world.models
    const answer = world.answer(0, model?.id ?? modelId(''))
    const prices = model?.priceUsdPerMillion ?? { input: Number.NaN, output: Number.NaN }
    expect(answer.costUsd).toBeCloseTo(
      (answer.promptTokens * prices.input + answer.completionTokens * prices.output) / 1e6,
      15,
    )
    const costs = new Set(rows.map(row => world.answer(row, model?.id ?? modelId('')).costUsd))
    expect(costs.size).toBeGreaterThan(500)
  })

  it('shows the difficulty in the wording: hard prompts are told by their words', () => {
    const hard = rows.filter(row =>
      /\b(prove|derive|negotiate|reconcile|lock-free)\b/i.test(world.prompts[row] ?? ''),
    )
    expect(hard.length).toBeGreaterThan(50)
    expect(mean(hard.map(row => world.difficulty(row)))).toBeGreaterThan(
      mean(rows.map(row => world.difficulty(row))) + 0.25,
    )
  })

  it('refuses rows and models that are not its own, and more prompts than it has', () => {
    expect(() => world.answer(2000, world.models[0]?.id ?? modelId(''))).toThrow(/row 2000 .* has 2000/)
    expect(() => world.answer(0, modelId('nobody/none'))).toThrow(/nobody\/none .* tidewater\/dinghy-3b/)
    expect(() => createSyntheticWorld({ seed: 1, rows: 3e6 })).toThrow(/3000000 rows .* 200000/)
  })
})
