import { expect, it } from 'vitest'
import { tinyPrepared } from '../tiny-trace.fixture.ts'
import { modelMap } from './model-map.ts'

it('means per task, the largest task first, the cheapest model first', () => {
  const tasks = ['a', 'b', 'b', 'b']
  const map = modelMap(
    tinyPrepared(tasks.map((task, i) => ({ scores: [1, i % 2], costsUsd: [4, 1], hidden: { task } }))),
  )
  expect(map).toEqual({
    by: 'task',
    models: ['m1', 'm0'],
    costUsd: [1, 4],
    rows: [
      { name: 'b', rows: 3, satisfaction: [2 / 3, 1] },
      { name: 'a', rows: 1, satisfaction: [0, 1] },
    ],
  })
})

it('puts small tasks together', () => {
  const rows = Array.from({ length: 20 }, (_, i) => ({
    scores: [1],
    costsUsd: [1],
    hidden: { task: `task ${i < 3 ? 0 : i}` },
  }))
  const map = modelMap(tinyPrepared(rows))
  expect(map.rows).toHaveLength(14)
  expect(map.rows[0]).toMatchObject({ name: 'task 0', rows: 3 })
  expect(map.rows.at(-1)).toMatchObject({ name: '5 smaller tasks', rows: 5 })
})

it('takes lengths of prompts where there is a single task', () => {
  // Four characters are a token.
  const rows = Array.from({ length: 10 }, (_, i) => ({
    scores: [i < 4 ? 1 : 0],
    costsUsd: [1],
    prompt: 'x'.repeat(4 * (i + 1)),
  }))
  const map = modelMap(tinyPrepared(rows))
  expect(map.by).toBe('prompt length')
  expect(map.rows.map(row => [row.name, row.rows, row.satisfaction[0]])).toEqual([
    ['1 to 2 tokens', 2, 1],
    ['3 to 4 tokens', 2, 1],
    ['5 to 6 tokens', 2, 0],
    ['7 to 8 tokens', 2, 0],
    ['9 to 10 tokens', 2, 0],
  ])
})
