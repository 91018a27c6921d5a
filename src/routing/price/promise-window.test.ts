import { describe, expect, it } from 'vitest'
import { PromiseWindow } from './promise-window.ts'

const LENGTH = 1000

function filled(from: number, to: number, everyMs: number): PromiseWindow {
  const window = new PromiseWindow()
  for (let atMs = from; atMs < to; atMs += everyMs) window.enter(atMs, LENGTH)
  return window
}

describe('PromiseWindow', () => {
  it('opens a window with its first request and none for a late event', () => {
    const window = new PromiseWindow()
    expect([500, 900, 1500, 1400, 1900, 3499].map(atMs => window.enter(atMs, LENGTH))).toEqual([
      true,
      false,
      true,
      false,
      false,
      true,
    ])
    expect(window.ordinal).toBe(3)
    expect(window.requests).toBe(1)
    expect([window.holds(2500, LENGTH), window.holds(2499, LENGTH)]).toEqual([true, false])
  })

  it('forecasts the window from the rate so far, and begins with the first request', () => {
    // 75 requests by 740 of 1000.
    expect(filled(0, 750, 10).forecast(LENGTH)).toBeCloseTo(75 * (1000 / 740), 9)
    expect(filled(500, 1250, 10).forecast(LENGTH)).toBeCloseTo(75 * (1000 / 740), 9)
    // The second window: 26 requests from 1500 to 1750, the first of them at its very start.
    expect(filled(500, 1751, 10).forecast(LENGTH)).toBeCloseTo(26 * (1000 / 250), 9)
  })

  it('asks for nothing in the first half, and for what is owed in the second', () => {
    expect(filled(0, 400, 10).aim(0.8, 1, LENGTH)).toBeNull()
    const later = filled(0, 751, 10)
    const left = later.forecast(LENGTH) - 76
    expect(later.aim(0.8, 1, LENGTH)?.target).toBeCloseTo(0.8 + 1 / left, 12)
    // No more than five points, and a surplus is not spent unless the contract says so.
    expect(later.aim(0.8, 10, LENGTH)?.target).toBeCloseTo(0.85, 12)
    expect(later.aim(0.8, -1, LENGTH)?.target).toBe(0.8)
    expect(later.aim(0.8, -0.5, LENGTH, true)?.target).toBeCloseTo(0.8 - 0.5 / left, 12)
  })

  it('does not chase a debt with the last requests of a window', () => {
    const last = filled(0, 999, 2)
    expect(last.forecast(LENGTH) - last.requests).toBeLessThan(2)
    expect(last.aim(0.8, 0.2, LENGTH)?.target).toBe(0.8)
  })
})
