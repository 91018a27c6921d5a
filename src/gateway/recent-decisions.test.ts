import { expect, test } from 'vitest'
import { decisionId } from '../routing/decision.ts'
import { modelId } from '../routing/model.ts'
import { createRecentDecisions } from './recent-decisions.ts'

test('the newest come first, the oldest make room, and an ending reaches its decision', () => {
  const recent = createRecentDecisions(3)
  const chosen = modelId('p/m')
  for (let i = 0; i < 5; i++)
    recent.begin({
      id: decisionId(`d${i}`),
      atMs: i,
      class: 'gold',
      floor: 0.8,
      chosen,
      mode: 'exploit',
      shadows: [],
    })
  const ending = { served: chosen, costUsd: 0.1, latencyMs: 2, status: 'ok' }
  recent.end(decisionId('d3'), ending)
  recent.end(decisionId('d0'), ending)
  expect(recent.list(10).map(({ id, ending }) => [id, ending])).toEqual([
    ['d4', null],
    ['d3', ending],
    ['d2', null],
  ])
  expect(recent.list(1).map(({ id }) => id)).toEqual(['d4'])
  expect(recent.get(decisionId('d3'))?.ending).toEqual(ending)
  expect(recent.get(decisionId('d1'))).toBeUndefined()
})
