import { describe, expect, it } from 'vitest'
import { modelId } from '../model.ts'
import { createRandom } from '../numeric/random.ts'
import { ChangeTest } from './change-test.ts'
import { InfeasibilityWatch } from './infeasibility.ts'

const LIMITS = { slack: 0.05, threshold: 8 }

describe('ChangeTest', () => {
  it('sums shortfalls less the slack, by hand', () => {
    const test = new ChangeTest({ slack: 0.1, threshold: 1 })
    const model = modelId('a')
    expect(test.observe(model, 0.7, 0)).toBe(false)
    expect(test.observe(model, 0.7, 1)).toBe(false)
    // .6, then max(0, .6 - .4) = .2, then .8, then 1.4 > 1.
    expect(test.observe(model, 0.7, 0)).toBe(false)
    expect(test.observe(modelId('b'), 0.7, 0)).toBe(false)
    expect(test.observe(model, 0.7, 0)).toBe(true)
    expect(test.observe(model, 0.7, 0)).toBe(false)
  })

  it('finds a drop from .8 to .5 within a hundred labels, and is quiet while nothing changes', () => {
    const random = createRandom('labels')
    const model = modelId('a')
    let delays = 0
    for (let run = 0; run < 40; run++) {
      const test = new ChangeTest(LIMITS)
      let at = 0
      while (!test.observe(model, 0.8, random.next() < 0.5 ? 1 : 0)) at++
      delays += at
    }
    expect(delays / 40).toBeLessThan(60)
    const calm = new ChangeTest(LIMITS)
    let alarms = 0
    for (let i = 0; i < 2000; i++) if (calm.observe(model, 0.8, random.next() < 0.8 ? 1 : 0)) alarms++
    expect(alarms).toBeLessThanOrEqual(4)
  })
})

describe('InfeasibilityWatch', () => {
  function watch(satisfied: number, reachable: number, decisions: number): number | null {
    const random = createRandom(`watch-${satisfied}`)
    const each = new InfeasibilityWatch()
    for (let t = 1; t <= decisions; t++) {
      each.observe((random.next() < satisfied ? 1 : 0) - 0.9)
      if (t % 20 === 0 && each.planned(t, 0.9, reachable, 0.05)) return t
    }
    return null
  }

  it('declares a floor that is missed and that the beliefs call out of reach', () => {
    const at = watch(0.8, 0.82, 3000)
    expect(at).toBeGreaterThanOrEqual(500)
    expect(at).toBeLessThan(1400)
  })

  it('stands by a verdict while labels scatter, until beliefs hold the floor to be reachable', () => {
    const each = new InfeasibilityWatch()
    const random = createRandom('scatter')
    let at = 0
    for (let t = 1; at === 0; t++) {
      each.observe((random.next() < 0.8 ? 1 : 0) - 0.9)
      if (t % 20 === 0 && each.planned(t, 0.9, 0.82, 0.05)) at = t
    }
    for (let i = 0; i < 300; i++) each.observe(0.1)
    expect(each.upperBound(0.05)).toBeGreaterThan(0)
    expect(each.planned(at + 20, 0.9, 0.82, 0.05)).toBe(true)
    expect(each.planned(at + 40, 0.9, 0.9, 0.05)).toBe(false)
    expect(each.planned(at + 60, 0.9, 0.82, 0.05)).toBe(false)
  })

  it('declares nothing on beliefs alone, nor on labels alone', () => {
    expect(watch(0.92, 0.8, 3000)).toBeNull()
    expect(watch(0.8, 0.895, 3000)).toBeNull()
  })

  it('bounds the mean from above at all times together', () => {
    let crossed = 0
    for (let run = 0; run < 200; run++) {
      const random = createRandom(`bound-${run}`)
      const each = new InfeasibilityWatch()
      let below = false
      for (let t = 0; t < 2000; t++) {
        each.observe((random.next() < 0.9 ? 1 : 0) - 0.9)
        if (t % 10 === 9 && each.upperBound(0.05) < 0) below = true
      }
      if (below) crossed++
    }
    expect(crossed).toBeLessThanOrEqual(10)
  })
})
