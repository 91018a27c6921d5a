import { describe, expect, it } from 'vitest'
import { createOpenDecisions } from './open-decisions.ts'

const decision = (id: string) => ({ id, atMs: 5, floor: 0.8, prediction: null, audit: null })

describe('open decisions', () => {
  it('give labels out in decision order, however they came', () => {
    const open = createOpenDecisions(null)
    for (const id of ['a', 'b', 'c', 'd']) open.add(decision(id))
    expect(open.resolve('c', 1)).toBe('labelled')
    expect(open.takeResolved()).toEqual([])
    expect(open.resolve('a', 0)).toBe('labelled')
    expect(open.takeResolved()).toEqual([{ ...decision('a'), label: 0 }])
    expect(open.resolve('b', null)).toBe('labelled')
    expect(open.takeResolved()).toEqual([
      { ...decision('b'), label: null },
      { ...decision('c'), label: 1 },
    ])
    expect(open.passed).toBe(3)
  })

  it('take the first word on a decision and none after it was passed', () => {
    const open = createOpenDecisions(null)
    open.add(decision('a'))
    open.add(decision('b'))
    expect(open.resolve('b', 1)).toBe('labelled')
    expect(open.resolve('b', 0)).toBe('again')
    expect(open.resolve('a', null)).toBe('labelled')
    expect(open.takeResolved().map(({ label }) => label)).toEqual([null, 1])
    expect(open.resolve('a', 1)).toBe('passed')
    expect(open.resolve('unknown', 1)).toBe('passed')
  })

  it('continue from their state', () => {
    const open = createOpenDecisions(null)
    for (const id of ['a', 'b', 'c']) open.add({ ...decision(id), prediction: 0.5 })
    open.resolve('a', 1)
    open.takeResolved()
    open.resolve('c', 0)
    const state = JSON.parse(JSON.stringify(open.state()))
    const again = createOpenDecisions(state)
    again.resolve('b', 1)
    expect(again.takeResolved()).toEqual([
      { ...decision('b'), prediction: 0.5, label: 1 },
      { ...decision('c'), prediction: 0.5, label: 0 },
    ])
    expect(again.passed).toBe(3)
  })

  it('pass the oldest unlabelled when too many are open', () => {
    const open = createOpenDecisions(null)
    for (let i = 0; i <= 50_000; i++) open.add(decision(`d${i}`))
    expect(open.takeResolved()).toEqual([{ ...decision('d0'), label: null }])
    expect(open.takeResolved()).toEqual([])
  })
})
