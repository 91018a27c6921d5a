import { describe, expect, it } from 'vitest'
import { proofSize } from '../../../test/proof-size.ts'
import { createRandom } from '../numeric/random.ts'
import { createBreachAlarm } from './breach-alarm.ts'

const options = { delta: 0.05, largestValue: 1 }

/** Number of labels until the alarm, infinity without one. */
function alarmAt(seed: string, mean: (t: number) => number, floor: number, steps: number): number {
  const random = createRandom(seed)
  const alarm = createBreachAlarm(options)
  for (let t = 0; t < steps; t++) {
    alarm.add(random.next() < mean(t) ? 1 : 0, floor)
    if (alarm.raisedAt !== null) return alarm.raisedAt
  }
  return Number.POSITIVE_INFINITY
}

function alarms(runs: number, mean: (t: number) => number, floor: number, steps: number): number[] {
  const found = Array.from({ length: runs }, (_, run) => alarmAt(`alarm-${run}`, mean, floor, steps))
  return found.sort((a, b) => a - b)
}

describe('createBreachAlarm', () => {
  it('raises no more false alarms than delta allows while every mean keeps its floor', () => {
    const steady = alarms(proofSize(300, 1000), () => 0.9, 0.9, 3000)
    const wavy = alarms(proofSize(300, 1000), t => (t % 400 < 200 ? 0.9 : 0.97), 0.9, 3000)
    expect(steady.filter(Number.isFinite).length / 300).toBeLessThanOrEqual(0.05)
    expect(wavy.filter(Number.isFinite).length / 300).toBeLessThanOrEqual(0.05)
  })

  it('notices a mean of .87 under a floor of .90 within 1,500 labels in most runs', () => {
    const found = alarms(proofSize(101, 1001), () => 0.87, 0.9, 6000)
    expect(found[50]).toBeLessThan(1500)
    expect(found[50]).toBeGreaterThan(100)
  })

  it('multiplies the wealth as worked out by hand', () => {
    const alarm = createBreachAlarm(options)
    // No shortfall has been seen: the first bet is zero.
    alarm.add(0, 0.8)
    expect(alarm.state().logWealth).toBe(0)
    // Mean (0 + .8) / 2 = .4, variance (0 - 0 + .25) / 2 = .125, shortfall .4: bet .4 / .285 = 1.4035, below .5 / .2 = 2.5.
    alarm.add(0, 0.8)
    expect(alarm.state().logWealth).toBeCloseTo(Math.log(1 + 1.403509 * 0.8), 5)
  })

  it('stays raised', () => {
    const alarm = createBreachAlarm(options)
    for (let i = 0; i < 20; i++) alarm.add(0, 0.9)
    const raisedAt = alarm.raisedAt
    expect(raisedAt).not.toBeNull()
    for (let i = 0; i < 500; i++) alarm.add(1, 0.9)
    expect(alarm.raisedAt).toBe(raisedAt)
    expect(createBreachAlarm(options, alarm.state()).raisedAt).toBe(raisedAt)
  })

  it('refuses values that would make a bet ruinous', () => {
    expect(() => createBreachAlarm(options).add(1.5, 0.9)).toThrow('must not exceed 1')
    expect(() => createBreachAlarm({ delta: 0, largestValue: 1 })).toThrow('delta is 0')
  })
})
