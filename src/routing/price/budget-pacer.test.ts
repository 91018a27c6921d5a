import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { BudgetPacer } from './budget-pacer.ts'

describe('BudgetPacer', () => {
  it('starts at the initial penalty and follows the moving average of the bills', () => {
    const pacer = new BudgetPacer()
    expect(pacer.penalty(0)).toBe(0)
    pacer.spend(3, 0)
    // average = .95 + .05 * 3 = 1.1; penalty = .05 * .1
    expect(pacer.penalty(0)).toBeCloseTo(0.005, 12)
    pacer.spend(3, 0)
    // average = .95 * 1.1 + .15 = 1.195; penalty = .005 + .05 * .195
    expect(pacer.penalty(0)).toBeCloseTo(0.01475, 12)
  })

  it('carries the correction over to requests with another budget', () => {
    const pacer = new BudgetPacer()
    pacer.spend(3, 2)
    expect(pacer.penalty(2)).toBeCloseTo(2.005, 12)
    expect(pacer.penalty(1)).toBeCloseTo(1.005, 12)
  })

  it('stays within [0, 5] and does not wind up there', () => {
    const pacer = new BudgetPacer()
    for (let i = 0; i < 5000; i++) pacer.spend(10, 0)
    expect(pacer.penalty(0)).toBe(5)
    for (let i = 0; i < 200; i++) pacer.spend(0, 0)
    expect(pacer.penalty(0)).toBeLessThan(5)
    for (let i = 0; i < 5000; i++) pacer.spend(0, 0)
    expect(pacer.penalty(0)).toBe(0)
  })

  it('survives its bytes', () => {
    const pacer = new BudgetPacer()
    pacer.spend(7, 1)
    const writer = new ByteWriter()
    pacer.write(writer)
    const read = BudgetPacer.read(new ByteReader(writer.finish()))
    for (const each of [pacer, read]) each.spend(2, 1)
    expect(read.penalty(1)).toBe(pacer.penalty(1))
  })
})
