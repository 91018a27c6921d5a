import { describe, expect, it } from 'vitest'
import { parseDrift } from './drift.ts'
import { tinyTrace } from './tiny-trace.fixture.ts'
import { createWorld, type World } from './world.ts'

/** Ten rows; m0 is cheap, m1 dear, m2 between; all satisfy. */
const trace = tinyTrace(Array.from({ length: 10 }, () => ({ scores: [1, 1, 1], costsUsd: [1, 9, 3] })))

const worldWith = (...drifts: string[]): World =>
  createWorld({
    trace,
    order: [...trace.rows.keys()].reverse(),
    drifts: drifts.map(text => parseDrift(text, trace.models)),
    seed: 1,
  })

describe('createWorld', () => {
  it('repeats the trace in stream order while nothing drifts', () => {
    const world = worldWith()
    expect(world.rowAt(0)).toBe(9)
    expect(world.availableAt(3)).toEqual([0, 1, 2])
    expect(world.costUsd(3, 1)).toBe(9)
    expect(world.changes).toEqual([])
  })

  it('multiplies costs from the change on', () => {
    const world = worldWith('m0@.5:cost*10', 'm0@.8:cost*2')
    expect([0, 4, 5, 7, 8].map(position => world.costUsd(position, 0))).toEqual([1, 1, 10, 10, 20])
    expect(world.costUsd(9, 1)).toBe(9)
    expect(world.changes).toEqual([5, 8])
  })

  it('takes models away and brings new ones', () => {
    const world = worldWith('m0@.3:gone', 'm2@.6:new')
    expect([0, 2, 3, 5, 6].map(position => world.availableAt(position))).toEqual([
      [0, 1],
      [0, 1],
      [1],
      [1],
      [1, 2],
    ])
  })

  it('brings a model back that went, and takes a new one away again', () => {
    const world = worldWith('m0@.6:new', 'm0@.3:gone', 'm1@.3:new', 'm1@.6:gone')
    expect([0, 2, 3, 5, 6, 9].map(position => world.availableAt(position))).toEqual([
      [0, 2],
      [0, 2],
      [1, 2],
      [1, 2],
      [0, 2],
      [0, 2],
    ])
  })

  it('means by a second @cheapest-used a model that is still there', () => {
    const world = worldWith('@cheapest-used@.3:gone', '@cheapest-used@.6:gone')
    world.enter(3, [50, 25, 25])
    expect(world.availableAt(3)).toEqual([1, 2])
    world.enter(6, [50, 25, 25])
    expect(world.availableAt(6)).toEqual([1])
  })

  it('refuses to leave no model', () => {
    const world = worldWith('m0@.5:gone', 'm1@.5:gone', 'm2@.5:gone')
    expect(() => world.availableAt(5)).toThrow('no model is left at request 5')
  })

  it('means the dearest model of the stream by @dearest', () => {
    expect(worldWith('@dearest@.5:gone').availableAt(5)).toEqual([0, 2])
  })

  it('means by @cheapest-used the cheapest that answered at least 5% before the change', () => {
    const world = worldWith('@cheapest-used@.5:gone')
    world.enter(4, [1, 50, 49])
    expect(world.availableAt(4)).toEqual([0, 1, 2])
    world.enter(5, [1, 50, 49])
    expect(world.availableAt(5)).toEqual([0, 1])
    world.enter(6, [100, 0, 0])
    expect(world.availableAt(6)).toEqual([0, 1])
  })

  it('spoils a share 1 - k of the satisfied answers, the same ones whoever asks', () => {
    const long = tinyTrace(Array.from({ length: 4000 }, () => ({ scores: [1, 0], costsUsd: [1, 1] })))
    const make = (seed: number): World =>
      createWorld({
        trace: long,
        order: [...long.rows.keys()],
        drifts: [parseDrift('m0@.5:quality*.7', long.models), parseDrift('m1@.5:quality*.5', long.models)],
        seed,
      })
    const [first, again, other] = [make(1), make(1), make(2)]
    const labels = (world: World): number[] =>
      Array.from({ length: 2000 }, (_, i) => world.satisfaction(2000 + i, 0))
    expect(Array.from({ length: 2000 }, (_, i) => first.satisfaction(i, 0)).every(label => label === 1)).toBe(
      true,
    )
    // Standard error of a share of .7 over 2,000 rows: .0102.
    expect(Math.abs(labels(first).reduce((sum, label) => sum + label, 0) / 2000 - 0.7)).toBeLessThan(0.04)
    expect(labels(again)).toEqual(labels(first))
    expect(labels(other)).not.toEqual(labels(first))
    expect(first.satisfaction(3000, 1)).toBe(0)
  })
})

describe('parseDrift', () => {
  it('reads model names that hold the separators themselves', () => {
    const models = tinyTrace([{ scores: [1], costsUsd: [1] }]).models
    const odd = [...models, 'lab/a@b:c' as (typeof models)[number]]
    expect(parseDrift('lab/a@b:c@.5:gone', odd)).toEqual({
      target: { kind: 'model', model: 'lab/a@b:c' },
      at: 0.5,
      change: { kind: 'gone' },
    })
  })

  it.each([
    ['m0', 'expected MODEL@f'],
    ['m0@.5', 'expected MODEL@f'],
    ['m9@.5:gone', "no model 'm9' in the trace; it has m0, m1, m2"],
    ['m0@0:gone', 'strictly between 0 and 1'],
    ['m0@1.5:gone', 'a number from 0 to 1'],
    ['m0@.5:gone*2', 'expected MODEL@f'],
    ['m0@.5:better', 'expected MODEL@f'],
    ['m0@.5:quality', 'quality needs a factor'],
    ['m0@.5:quality*1.5', 'a number from 0 to 1'],
    ['m0@.5:cost*-1', 'at least 0'],
    ['@cheapest-used@.5:new', 'not new'],
  ])('refuses %s', (text, expected) => {
    expect(() => parseDrift(text, trace.models)).toThrow(expected)
  })
})
