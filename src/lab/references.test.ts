import { describe, expect, it } from 'vitest'
import { parseDrift } from './drift.ts'
import { phaseReferences, streamReferences } from './references.ts'
import { type TinyRow, tinyTrace } from './tiny-trace.fixture.ts'
import { createWorld, type World } from './world.ts'

/** m0: .5 @ 1, m1: .75 @ 3, m2: 1 @ 10; m0 satisfies rows 0 and 1, m1 rows 1 to 3. */
const rows: readonly TinyRow[] = [
  { scores: [1, 0, 1], costsUsd: [1, 3, 10] },
  { scores: [1, 1, 1], costsUsd: [1, 3, 10] },
  { scores: [0, 1, 1], costsUsd: [1, 3, 10] },
  { scores: [0, 1, 1], costsUsd: [1, 3, 10] },
]

function worldOf(tiny: readonly TinyRow[], ...drifts: string[]): World {
  const trace = tinyTrace(tiny)
  return createWorld({
    trace,
    order: [...trace.rows.keys()],
    drifts: drifts.map(text => parseDrift(text, trace.models)),
    seed: 1,
  })
}

describe('phaseReferences', () => {
  it('is worked out by hand on four rows and three models', () => {
    const references = phaseReferences(worldOf(rows), { from: 0, to: 4, floor: 0.6, achieved: 0.875 })
    expect(references.bestFixed).toEqual({ model: 'm2', satisfaction: 1, costUsd: 10 })
    expect(references.cheapestFeasibleFixed).toEqual({ model: 'm1', satisfaction: 0.75, costUsd: 3 })
    // .6 lies 2/5 of the way from m0 to m1: 1 + .4 * 2.
    expect(references.staticMixture?.costUsd).toBeCloseTo(1.8, 12)
    // .875 lies half way from m1 to m2.
    expect(references.staticMixtureAtAchieved?.costUsd).toBeCloseTo(6.5, 12)
    // Everything by m0 satisfies two rows; .4 of a third costs 2 more each: (4 + .8) / 4.
    expect(references.clairvoyant?.costUsd).toBeCloseTo(1.2, 12)
  })

  it('has no reference at a floor that nothing meets, but always one at what was achieved', () => {
    const poor = rows.map(row => ({ ...row, scores: row.scores.map((score, m) => (m === 2 ? 0 : score)) }))
    const references = phaseReferences(worldOf(poor), { from: 0, to: 4, floor: 0.9, achieved: 0.8 })
    expect(references.cheapestFeasibleFixed).toBeNull()
    expect(references.staticMixture).toBeNull()
    // More than any single model achieves counts as the best single model's.
    expect(references.staticMixtureAtAchieved).toEqual({ costUsd: 3 })
    // Each row by the right one of the two: rows 0 and 1 by m0, .6 + 1 more by m1: (4 + 1.6 * 2) / 4.
    expect(references.clairvoyant?.costUsd).toBeCloseTo(1.8, 12)
  })
})

describe('streamReferences', () => {
  it('joins phases by their requests, each with the best that held in it', () => {
    const world = worldOf([...rows, ...rows], 'm2@.5:gone', 'm1@.5:cost*2')
    const phases = [
      phaseReferences(world, { from: 0, to: 4, floor: 0.6, achieved: 0.6 }),
      phaseReferences(world, { from: 4, to: 8, floor: 0.6, achieved: 0.6 }),
    ]
    const whole = streamReferences(phases)
    expect(whole.bestFixed).toEqual({ model: 'm2 then m1', satisfaction: 0.875, costUsd: 8 })
    expect(whole.cheapestFeasibleFixed).toEqual({ model: 'm1', satisfaction: 0.75, costUsd: 4.5 })
    // 1.8 before; after it m1 costs 6: 1 + .4 * 5 = 3.
    expect(whole.staticMixture?.costUsd).toBeCloseTo(2.4, 12)
  })

  it('has none where one phase has none', () => {
    const world = worldOf([...rows, ...rows], 'm2@.5:gone', 'm1@.5:gone')
    const whole = streamReferences([
      phaseReferences(world, { from: 0, to: 4, floor: 0.6, achieved: 0.6 }),
      phaseReferences(world, { from: 4, to: 8, floor: 0.6, achieved: 0.5 }),
    ])
    expect(whole.staticMixture).toBeNull()
    expect(whole.cheapestFeasibleFixed).toBeNull()
    expect(whole.staticMixtureAtAchieved?.costUsd).toBeCloseTo((1.8 + 1) / 2, 12)
  })
})
