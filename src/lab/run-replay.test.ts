import { describe, expect, it } from 'vitest'
import { modelId } from '../routing/model.ts'
import { createPolicy } from '../routing/policies/registry.ts'
import { allParameters, type TrainedPolicy } from '../routing/policies/trained-policy.ts'
import type { ReplayStep } from './replay.ts'
import { shuffledOrder } from './row-order.ts'
import { type RunSpec, runReplay, startReplay, warmRows } from './run-replay.ts'
import { tinyPrepared } from './tiny-trace.fixture.ts'

const prepared = tinyPrepared(
  Array.from({ length: 40 }, (_, i) => ({ scores: [i % 2, 1], costsUsd: [1 + i / 40, 4] })),
)

const base: RunSpec = {
  prepared,
  policy: 'random',
  parameters: {},
  floors: { kind: 'constant', floor: 0.7 },
  seed: 1,
  channel: { kind: 'chosen' },
  audits: { budget: 0, judge: null, humanShare: 0 },
  delay: 0,
  warmStart: { kind: 'none' },
  proven: null,
  drifts: [],
  limit: null,
  delta: 0.05,
}

function stepsOf(changes: Partial<RunSpec>): readonly ReplayStep[] {
  return [...startReplay({ ...base, ...changes }).steps]
}

describe('shuffledOrder', () => {
  it('holds every row once, in an order of the seed', () => {
    const order = shuffledOrder(100, 3)
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(shuffledOrder(100, 3)).toEqual(order)
    expect(shuffledOrder(100, 4)).not.toEqual(order)
  })
})

describe('runReplay', () => {
  it('gives the same figures for the same seed and others for another', () => {
    expect(runReplay(base)).toEqual(runReplay(base))
    expect(runReplay(base)).not.toEqual(runReplay({ ...base, seed: 2 }))
  })

  it('decides the rows after the warm ones, each once', () => {
    const cold = stepsOf({})
    const warm = stepsOf({ warmStart: { kind: 'share', share: 0.25 } })
    expect(warm.map(step => step.row)).toEqual(cold.slice(10).map(step => step.row))
    expect(new Set(cold.map(step => step.row)).size).toBe(40)
  })

  it('knows typical costs and the dearest model from warm rows alone', () => {
    const cold = stepsOf({})[0]?.record.context
    expect(cold?.models.map(model => model.typicalCostUsd)).toEqual([null, null])
    expect(cold?.sla.proven).toBe('m1')
    const warm = stepsOf({ warmStart: { kind: 'share', share: 0.5 } })[0]?.record.context
    const rows = shuffledOrder(40, 1).slice(0, 20)
    const meanCostUsd = rows.reduce((sum, row) => sum + 1 + row / 40, 0) / 20
    expect(warm?.models[0]?.typicalCostUsd).toBeCloseTo(meanCostUsd, 12)
    expect(warm?.sla.proven).toBe('m1')
    expect(stepsOf({ proven: modelId('m0') })[0]?.record.context.sla.proven).toBe('m0')
  })

  it('goes on from a training on the same warm rows as if it had trained on them itself', () => {
    const spec: RunSpec = { ...base, policy: 'static-mixture', warmStart: { kind: 'share', share: 0.5 } }
    const training = warmRows(spec)
    expect(training?.features).toHaveLength(20)
    const trained: TrainedPolicy = {
      policy: spec.policy,
      parameters: allParameters(spec.policy, {}),
      encoder: prepared.encoder,
      evidence: 'means',
      models: training?.models ?? [],
      snapshot: createPolicy(spec.policy, {
        parameters: {},
        training,
        snapshot: null,
        auditBudget: 0,
      }).snapshot(),
    }
    const own = [...startReplay(spec).steps]
    expect(stepsOf({ ...spec, warmStart: { kind: 'share', share: 0.5, trained } })).toEqual(own)
    expect(own.map(step => step.row)).not.toEqual(stepsOf({ policy: spec.policy }).map(step => step.row))
  })

  it('trains on another trace with its models in the order of this one', () => {
    const other = tinyPrepared([{ scores: [1, 0], costsUsd: [7, 9] }])
    const swapped = { ...other, trace: { ...other.trace, models: [...other.trace.models].reverse() } }
    const steps = stepsOf({ warmStart: { kind: 'trace', prepared: swapped } })
    expect(steps).toHaveLength(40)
    expect(steps[0]?.record.context.models.map(model => model.typicalCostUsd)).toEqual([9, 7])
  })

  it('keeps a model that appears later out of the training rows', () => {
    const drifts = [
      { target: { kind: 'model', model: modelId('m1') }, at: 0.5, change: { kind: 'new' } },
    ] as const
    const steps = stepsOf({ drifts, warmStart: { kind: 'share', share: 0.5 } })
    expect(steps.map(step => step.record.context.models.length)).toEqual([
      ...Array(10).fill(1),
      ...Array(10).fill(2),
    ])
    expect(steps[19]?.record.context.models[1]?.typicalCostUsd).toBeNull()
  })

  it('uses as many rows as asked for, and refuses more than there are', () => {
    expect(stepsOf({ limit: 7 })).toHaveLength(7)
    expect(() => runReplay({ ...base, limit: 41 })).toThrow(
      "trace 'tiny' has 40 rows, fewer than the 41 asked for",
    )
    expect(() => runReplay({ ...base, warmStart: { kind: 'share', share: 0.999 } })).toThrow(
      'no row is left to decide',
    )
  })

  it('says in a sentence what is wrong with a policy', () => {
    expect(() => runReplay({ ...base, policy: 'nope' })).toThrow('unknown policy "nope"')
    for (const policy of ['random', 'oracle']) {
      expect(() => runReplay({ ...base, policy, parameters: { x: 1 } })).toThrow('no parameter x')
    }
  })

  it('refuses a certificate that nobody can give, and says what it would take', () => {
    const certified = { ...base, promise: 'certified' } as const
    expect(() => runReplay(certified)).toThrow('random holds it on average at best')
    const blind = { ...certified, policy: 'plimsoll', channel: { kind: 'none' } } as const
    expect(() => runReplay(blind)).toThrow(
      /users say nothing and nothing is audited.* takes about \d+ audits/,
    )
    const figures = runReplay({ ...certified, policy: 'plimsoll' })
    expect(figures.promise?.kind).toBe('certified')
  })

  it('beats every policy with the oracle, which sees the labels', () => {
    const oracle = runReplay({ ...base, policy: 'oracle' })
    expect(oracle.satisfaction).toBe(1)
    // Odd rows satisfy with m0, the others need m1.
    expect(oracle.share).toEqual({ m0: 0.5, m1: 0.5 })
  })
})
