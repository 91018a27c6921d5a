import { expect, it } from 'vitest'
import { scriptedPolicy } from '../scripted-policy.fixture.ts'
import { tinyPrepared } from '../tiny-trace.fixture.ts'
import { modelSpec } from '../training-rows.ts'
import { decideRows } from './decide-rows.ts'

const prepared = tinyPrepared([
  { scores: [0, 1], costsUsd: [1, 4], prompt: 'a' },
  { scores: [1, 1], costsUsd: [1, 4], prompt: 'bb' },
  { scores: [0, 0], costsUsd: [1, 4], prompt: 'ccc' },
])
const models = prepared.trace.models.map((id, m) => modelSpec(id, m + 0.5))
const setup = {
  prepared,
  rows: Int32Array.of(2, 0),
  models,
  floors: [0.6, 0.9],
  seed: 7,
  onDecisions: () => {},
}

it('asks for every floor of every row, each floor a class of its own, and teaches nothing', () => {
  const policy = scriptedPolicy({ choose: context => (context.floor > 0.8 ? 'm1' : 'm0'), predicted: 0.7 })
  let told = 0
  const onDecisions = (count: number): void => {
    told += count
  }
  const { choices, predicted } = decideRows(policy, { ...setup, onDecisions })
  expect(choices.map(each => [...each])).toEqual([
    [0, 0],
    [1, 1],
  ])
  expect(policy.events).toEqual([])
  expect(
    policy.contexts.map(({ sla, floor, features }) => [sla.name, floor, features.statistics[0]]),
  ).toEqual([
    ['floor-0', 0.6, 3],
    ['floor-1', 0.9, 3],
    ['floor-0', 0.6, 1],
    ['floor-1', 0.9, 1],
  ])
  expect(policy.contexts.every(({ sla }) => sla.feedback === 'none')).toBe(true)
  expect(told).toBe(4)
  // No cost was predicted: the training mean stands in.
  expect(predicted).toEqual({
    rows: 2,
    models: 2,
    satisfaction: Float64Array.of(0.7, 0.7, 0.7, 0.7),
    costUsd: Float64Array.of(0.5, 1.5, 0.5, 1.5),
  })
})

it('has no predictions of a policy that makes none', () => {
  expect(decideRows(scriptedPolicy(), setup).predicted).toBeNull()
})

it('counts an exploring decision as the one that it departs from', () => {
  // The script serves m1; its estimates begin with m0.
  const exploring = scriptedPolicy({ choose: () => 'm1', mode: 'explore' })
  expect([...(decideRows(exploring, setup).choices[0] ?? [])]).toEqual([0, 0])
})

it('keeps floors inside (0, 1)', () => {
  const policy = scriptedPolicy()
  decideRows(policy, { ...setup, floors: [0, 1] })
  expect(policy.contexts.every(({ floor }) => floor > 0 && floor < 1)).toBe(true)
})

it('refuses a model that the trace does not have', () => {
  expect(() => decideRows(scriptedPolicy({ choose: () => 'other' }), setup)).toThrow("model 'other'")
})
