import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { BanditArm } from './bandit-arm.ts'

const one = Float64Array.of(1, 0)
const other = Float64Array.of(0, 1)

describe('BanditArm', () => {
  it('is a ridge regression', () => {
    const arm = new BanditArm(2)
    arm.learn(one, 1, 1, 1)
    arm.learn(one, 0, 2, 1)
    arm.learn(one, 1, 3, 1)
    // A + I = 4, b = 2 in the first direction; nothing known of the second.
    expect(arm.mean(one)).toBeCloseTo(0.5, 12)
    expect(arm.mean(other)).toBe(0)
    expect(arm.deviation(one, 3, 1)).toBeCloseTo(0.5, 12)
    expect(arm.deviation(other, 3, 1)).toBe(1)
  })

  it('forgets by the decisions since its last label, at most a thousand, but never the ridge', () => {
    const arm = new BanditArm(2)
    arm.learn(one, 1, 0, 0.5)
    arm.learn(one, 0, 2, 0.5)
    // A = .25 + 1, b = .25: theta = .25 / 2.25.
    expect(arm.mean(one)).toBeCloseTo(1 / 9, 12)
    for (let step = 5; step < 2e5; step += 5000) arm.learn(one, 0, step, 0.997)
    expect(arm.deviation(other, 2e5, 1)).toBeCloseTo(1, 12)
  })

  it('grows unsure of what has not been heard of for long', () => {
    const arm = new BanditArm(2)
    arm.learn(one, 1, 10, 0.99)
    const fresh = arm.deviation(one, 10, 0.99)
    expect(arm.deviation(one, 110, 0.99)).toBeCloseTo(fresh / Math.sqrt(0.99 ** 100), 12)
    // 200 times the variance at most.
    expect(arm.deviation(one, 1e6, 0.99)).toBeCloseTo(fresh * Math.sqrt(200), 9)
    arm.play(110)
    expect(arm.deviation(one, 110, 0.99)).toBeCloseTo(fresh, 12)
  })

  it('weighs training rows as told', () => {
    const arm = new BanditArm(2)
    arm.train([one, one, other, one], row => (row === 1 ? 0 : 1), 8)
    // Each row counts twice: A + I = 7 and b = 4 in the first direction.
    expect(arm.mean(one)).toBeCloseTo(4 / 7, 12)
    expect(arm.mean(other)).toBeCloseTo(2 / 3, 12)
  })

  it('survives its bytes', () => {
    const arm = new BanditArm(2)
    arm.learn(one, 1, 3, 0.9)
    arm.play(4)
    const writer = new ByteWriter()
    arm.write(writer)
    const read = BanditArm.read(new ByteReader(writer.finish()))
    expect(read.plays).toBe(1)
    expect(read.deviation(one, 9, 0.9)).toBe(arm.deviation(one, 9, 0.9))
    expect(read.mean(one)).toBe(arm.mean(one))
  })
})
