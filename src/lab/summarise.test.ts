import { describe, expect, it } from 'vitest'
import { parseDrift } from './drift.ts'
import { parseFloors } from './floor-schedule.ts'
import { type Chooser, type ReplaySetup, replay } from './replay.ts'
import { type Script, scriptedPolicy } from './scripted-policy.fixture.ts'
import { type RunFigures, summarise } from './summarise.ts'
import { type TinyRow, tinyPrepared } from './tiny-trace.fixture.ts'
import { createWorld } from './world.ts'

interface Setting {
  readonly floor: string
  readonly script?: Script
  readonly drifts?: readonly string[]
}

function figuresOf(rows: readonly TinyRow[], { floor, script = {}, drifts = [] }: Setting): RunFigures {
  const prepared = tinyPrepared(rows)
  const { trace } = prepared
  const [floors] = parseFloors(floor)
  if (floors === undefined) throw new Error('no floor')
  const world = createWorld({
    trace,
    order: [...trace.rows.keys()],
    drifts: drifts.map(text => parseDrift(text, trace.models)),
    seed: 1,
  })
  const policy = scriptedPolicy(script)
  const setup: ReplaySetup = {
    prepared,
    world,
    sla: { name: 'class', floor: 0.5, feedback: 'chosen', promise: 'on-average', delta: 0.05 },
    floors,
    channel: { kind: 'chosen' },
    audits: { budget: 0, judge: null, humanShare: 0 },
    delay: 0,
    seed: 1,
    typicalCostUsd: () => null,
  }
  const chooser: Chooser = { kind: 'policy', policy }
  return summarise({ steps: [...replay(chooser, setup)], world, floors, report: policy.report('class') })
}

const repeat = (count: number, row: (i: number) => TinyRow): TinyRow[] =>
  Array.from({ length: count }, (_, i) => row(i))

describe('summarise', () => {
  it('tells a breach alarm where labels stay under the floor, and none where they keep it', () => {
    const rows = repeat(400, i => ({ scores: [i % 2, 1], costsUsd: [1, 4] }))
    const { alarms, certificate } = figuresOf(rows, { floor: '.8', script: { choose: () => 'm0' } })
    expect(alarms).toContainEqual({ at: certificate.alarm?.atDecision, kind: 'breach' })
    expect(alarms).toContainEqual({ at: certificate.fall?.atDecision, kind: 'fall' })
    expect(certificate.alarm?.atDecision).toBeLessThan(100)
    expect(figuresOf(rows, { floor: '.8', script: { choose: () => 'm1' } }).alarms).toEqual([])
  })

  it('is worked out by hand on four requests', () => {
    const rows = repeat(4, i => ({ scores: [i % 2, 1], costsUsd: [1, 4] }))
    const figures = figuresOf(rows, {
      floor: '.6',
      script: { choose: (_, turn) => (turn === 0 ? 'm1' : 'm0'), shadows: ['m1'], mode: 'explore' },
    })
    // Served: m1 satisfied, then m0: satisfied, not, satisfied. Cost 4 + 4, then 1 + 4 each.
    expect(figures).toMatchObject({
      floor: 0.6,
      requests: 4,
      satisfaction: 0.75,
      costUsd: (8 + 3 * 5) / 4,
      shadowCostUsd: 4,
      exploration: 1,
      auditRate: 0,
      share: { m0: 0.75, m1: 0.25 },
      shortfall200: null,
      violations200: null,
      phases: [{ from: 0, to: 4, satisfaction: 0.75, costUsd: 23 / 4 }],
      infeasible: null,
      alarms: [],
    })
    expect(figures.certificate.alarm).toBeNull()
    expect(figures.overshoot).toBeCloseTo(0.15, 12)
    expect(figures.floorBins).toBeUndefined()
    expect(figures.certificate.labels).toBe(4)
    // At .75, half way from m0 (.5 @ 1) to m1 (1 @ 4).
    expect(figures.references.staticMixtureAtAchieved?.costUsd).toBeCloseTo(2.5, 12)
    expect(figures.references.phases).toBeUndefined()
  })

  it('has no negative overshoot', () => {
    const rows = repeat(3, () => ({ scores: [0, 1], costsUsd: [1, 2] }))
    expect(figuresOf(rows, { floor: '.6' })).toMatchObject({ satisfaction: 0, overshoot: 0 })
  })

  it('cuts the stream at every change and 500 requests after it', () => {
    const rows = repeat(1200, () => ({ scores: [1, 1], costsUsd: [1, 2] }))
    const figures = figuresOf(rows, { floor: '.5', drifts: ['m0@.5:cost*3', 'm1@.75:gone'] })
    expect(figures.phases.map(({ from, to, costUsd }) => [from, to, costUsd])).toEqual([
      [0, 600, 1],
      [600, 900, 3],
      [900, 1100, 3],
      [1100, 1200, 3],
    ])
    expect(figures.references.phases?.map(({ from, to }) => [from, to])).toEqual([
      [0, 600],
      [600, 900],
      [900, 1200],
    ])
    // m0 for 600 requests, m1 for 300, m0 again for 300.
    expect(figures.references.staticMixture?.costUsd).toBeCloseTo((600 + 600 + 900) / 1200, 12)
  })

  it('sorts requests by their floors', () => {
    const rows = repeat(300, i => ({ scores: [i % 2], costsUsd: [i < 150 ? 1 : 2] }))
    const figures = figuresOf(rows, { floor: 'step:.4:.8@.5' })
    expect(figures.floorBins?.map(bin => ({ ...bin, floor: Math.round(bin.floor * 10) / 10 }))).toEqual([
      { floor: 0.5, requests: 150, satisfaction: 0.5, meanFloor: expect.closeTo(0.4, 9), costUsd: 1 },
      { floor: 0.7, requests: 150, satisfaction: 0.5, meanFloor: expect.closeTo(0.8, 9), costUsd: 2 },
    ])
    expect(figures.floor).toBeCloseTo(0.6, 9)
    // Windows of 200 hold as many of either floor from 50 to 150: .5 against a mean floor that rises from .5 to .7.
    expect(figures.violations200).toBeCloseTo(100 / 101, 9)
    const uniform = figuresOf(rows, { floor: 'uniform:.4:.8' })
    expect(uniform.floorBins).toHaveLength(6)
    expect(uniform.floorBins?.reduce((sum, bin) => sum + bin.requests, 0)).toBe(300)
  })

  it('passes on what the policy reports', () => {
    const report = {
      priceUsd: 1,
      debt: 2,
      reachable: 0.7,
      infeasible: { atDecision: 9, bindingConstraint: 'satisfaction', reachable: 0.7 },
      alarms: [{ atDecision: 3, kind: 'change:m0' }],
    }
    expect(figuresOf([{ scores: [1], costsUsd: [1] }], { floor: '.9', script: { report } })).toMatchObject({
      infeasible: { at: 9, bindingConstraint: 'satisfaction', reachable: 0.7 },
      alarms: [{ at: 3, kind: 'change:m0' }],
    })
  })
})
