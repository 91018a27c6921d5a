import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import { createRandom } from '../numeric/random.ts'
import { createBreachAlarm } from './breach-alarm.ts'
import { createChangeAlarm } from './change-alarm.ts'

const options = { valuesBetweenFalseAlarms: 1000, largestValue: 1 }

describe('createChangeAlarm', () => {
  it('raises falsely at most once in its time on average, while every mean keeps its floor', () => {
    const random = createRandom('change')
    const alarm = createChangeAlarm(options)
    const steps = proofSize(300_000, 3_000_000)
    let raised = 0
    for (let t = 0; t < steps; t++) if (alarm.add(random.next() < 0.9 ? 1 : 0, 0.9)) raised++
    expect(raised).toBeLessThanOrEqual(steps / options.valuesBetweenFalseAlarms)
    // It does raise: the bound is one of an alarm that listens.
    expect(raised).toBeGreaterThan(0)
  })

  it('and the check rejects floors five points above the promise', () => {
    const random = createRandom('change')
    const alarm = createChangeAlarm(options)
    let raised = 0
    for (let t = 0; t < 300_000; t++) if (alarm.add(random.next() < 0.9 ? 1 : 0, 0.95)) raised++
    expect(raised).toBeGreaterThan(300_000 / options.valuesBetweenFalseAlarms)
  })

  it('notices a fall from .95 to .80 under .90 within 250 labels in most runs, after 5,000 good ones', () => {
    const patient: number[] = []
    const quick: number[] = []
    for (let run = 0; run < proofSize(21, 201); run++) {
      const random = createRandom(`fall-${run}`)
      const change = createChangeAlarm(options)
      const breach = createBreachAlarm({ delta: 0.05, largestValue: 1 })
      let noticed = Number.POSITIVE_INFINITY
      for (let t = 0; t < 7000; t++) {
        const value = random.next() < (t < 5000 ? 0.95 : 0.8) ? 1 : 0
        breach.add(value, 0.9)
        if (change.add(value, 0.9) && t >= 5000) noticed = Math.min(noticed, t - 5000)
      }
      quick.push(noticed)
      patient.push((breach.raisedAt ?? Number.POSITIVE_INFINITY) - 5000)
    }
    const median = (values: number[]): number =>
      values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
    expect(median(quick)).toBeLessThan(250)
    // The breach alarm weighs the good years against the fall.
    expect(median(patient)).toBeGreaterThan(4 * median(quick))
  })

  it('multiplies the wealths as worked out by hand, and begins anew after an alarm', () => {
    const alarm = createChangeAlarm({ valuesBetweenFalseAlarms: 3, largestValue: 1 })
    // Bets .5, 1.5, 2.5: one failure under .8 multiplies by 1.4, 2.2, 3.0; their mean is 2.2.
    expect(alarm.add(0, 0.8)).toBe(false)
    expect(alarm.state().logWealth.map(Math.exp)).toEqual(
      [1.4, 2.2, 3].map(wealth => expect.closeTo(wealth, 9)),
    )
    // A satisfied one by .9, .7, .5: 1.26, 1.54, 1.5.
    expect(alarm.add(1, 0.8)).toBe(false)
    expect(alarm.state().logWealth.map(Math.exp)).toEqual(
      [1.26, 1.54, 1.5].map(wealth => expect.closeTo(wealth, 9)),
    )
    // Again a failure: 1.764, 3.388, 4.5; their mean is 3.2.
    expect(alarm.add(0, 0.8)).toBe(true)
    expect(alarm.state()).toEqual({ count: 3, logWealth: [0, 0, 0], lastAt: 3 })
    expect(createChangeAlarm({ valuesBetweenFalseAlarms: 3, largestValue: 1 }, alarm.state()).lastAt).toBe(3)
  })

  it('refuses what would make a bet ruinous', () => {
    expect(() => createChangeAlarm(options).add(1.5, 0.9)).toThrow('must not exceed 1')
    expect(() => createChangeAlarm({ ...options, valuesBetweenFalseAlarms: 1 })).toThrow('must exceed 1')
  })
})
