import { describe, expect, it } from 'vitest'
import { modelId } from '../model.ts'
import { fixedRecords, retreatModel, Suspects } from './suspects.ts'

const SUSPECT = modelId('suspect')
const OTHER = modelId('other')

describe('Suspects', () => {
  it('spends what was saved on the suspect: at most 60 audits, never more than the budget', () => {
    const suspects = new Suspects()
    const [budget, ordinary] = [0.1, 0.05]
    let asked = 0
    let onSuspect = 0
    for (let t = 0; t < 4000; t++) {
      if (t === 2000) suspects.add(SUSPECT, 0, null)
      const model = t % 2 === 0 ? SUSPECT : OTHER
      const probability = suspects.auditProbability(model, ordinary)
      asked += probability
      if (t >= 2000 && model === SUSPECT) onSuspect += probability - ordinary
      expect(asked).toBeLessThanOrEqual(budget * (t + 1) + 1)
      suspects.decided(model, ordinary, budget)
    }
    expect(onSuspect).toBeGreaterThan(59)
    expect(onSuspect).toBeLessThan(60.001)
  })

  it('has nothing to spend where nothing was saved', () => {
    const suspects = new Suspects()
    for (let t = 0; t < 100; t++) suspects.decided(OTHER, 0.05, 0.05)
    suspects.add(SUSPECT, 0, null)
    expect(suspects.auditProbability(SUSPECT, 0.05)).toBeCloseTo(0.05, 9)
  })

  it('passes a suspect over for as long as was asked for', () => {
    const suspects = new Suspects()
    suspects.add(SUSPECT, 2, OTHER)
    expect([suspects.retreat, suspects.isPassedOver(SUSPECT), suspects.isPassedOver(OTHER)]).toEqual([
      OTHER,
      true,
      false,
    ])
    suspects.decided(OTHER, 0, 0)
    suspects.decided(OTHER, 0, 0)
    expect([suspects.retreat, suspects.isPassedOver(SUSPECT)]).toEqual([null, false])
  })
})

describe('retreatModel', () => {
  it('is the cheapest that keeps the floor, else the best', () => {
    const records = [
      { model: modelId('a'), satisfaction: 0.7, costUsd: 1 },
      { model: modelId('b'), satisfaction: 0.85, costUsd: 3 },
      { model: modelId('c'), satisfaction: 0.9, costUsd: 9 },
    ]
    expect(retreatModel(records, 0.8)).toBe('b')
    expect(retreatModel(records, 0.95)).toBe('c')
    expect(retreatModel([], 0.8)).toBeNull()
  })

  it('judges each model by the requests that may use it', () => {
    const sample = {
      requests: 2,
      models: 2,
      satisfaction: Float64Array.of(0.5, 0.9, 0.7, 0.1),
      costUsd: Float64Array.of(1, 4, 3, Number.POSITIVE_INFINITY),
    }
    expect(fixedRecords(sample, [SUSPECT, OTHER])).toEqual([
      { model: SUSPECT, satisfaction: 0.6, costUsd: 2 },
      { model: OTHER, satisfaction: 0.9, costUsd: 4 },
    ])
  })
})
