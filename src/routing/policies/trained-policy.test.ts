import { describe, expect, it } from 'vitest'
import { modelId } from '../model.ts'
import { createPolicy } from './registry.ts'
import { allParameters, compareZoo, startTrained, type TrainedPolicy } from './trained-policy.ts'

const parameters = { c: 0.2 }
const snapshot = createPolicy('mess-plus', {
  parameters,
  training: null,
  snapshot: null,
  auditBudget: 0,
}).snapshot()
const models = ['a', 'b'].map(name => ({
  id: modelId(name),
  priceUsdPerMillion: null,
  typicalCostUsd: null,
}))
const trained: TrainedPolicy = {
  policy: 'mess-plus',
  parameters,
  encoder: 'words@1',
  evidence: 'full',
  models,
  snapshot,
}
const there = (...names: string[]) => ({ encoder: 'words@1', models: names.map(modelId) })

describe('compareZoo', () => {
  it('tells known, new and absent models apart', () => {
    expect(compareZoo(trained, there('b', 'c'))).toEqual({ known: ['b'], newcomers: ['c'], absent: ['a'] })
    expect(compareZoo(trained, there('b', 'a'))).toEqual({ known: ['b', 'a'], newcomers: [], absent: [] })
  })

  it('refuses surroundings without a known model, and another encoder', () => {
    expect(() => compareZoo(trained, there('c', 'd'))).toThrow(
      'it was trained on a, b, and none of these is among c, d; train it on the models',
    )
    expect(() => compareZoo(trained, { ...there('a'), encoder: 'words@2' })).toThrow(
      'it was trained on features of words@1, but features here are made by words@2; use the same encoder, or train it again',
    )
  })
})

describe('startTrained', () => {
  it('goes on from the state', () => {
    const policy = startTrained(trained, 0)
    expect(policy.name).toBe('mess-plus')
    expect(policy.snapshot()).toEqual(snapshot)
  })

  it('refuses the state of another policy, and a state that it cannot read', () => {
    expect(() => startTrained({ ...trained, policy: 'random' }, 0)).toThrow(
      'it names the policy random, but holds the state of mess-plus; train it again',
    )
    expect(() => startTrained({ ...trained, snapshot: { ...snapshot, schema: 99 } }, 0)).toThrow(
      'this version cannot read its state (policy mess-plus, schema 99); train it again',
    )
  })
})

describe('allParameters', () => {
  it('fills the defaults in and refuses what the policy does not have', () => {
    expect(allParameters('mess-plus', { c: 0.2 })).toMatchObject({ c: 0.2, v: 1, exponent: 0.25 })
    expect(allParameters('fixed:m', {})).toEqual({})
    expect(() => allParameters('mess-plus', { d: 1 })).toThrow('policy mess-plus has no parameter d')
    expect(() => allParameters('nope', {})).toThrow('unknown policy "nope"; the known ones are plimsoll,')
  })
})
