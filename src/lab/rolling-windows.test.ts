import { describe, expect, it } from 'vitest'
import { windowShortfall } from './rolling-windows.ts'

const floors = (floor: number, length: number): Float64Array => new Float64Array(length).fill(floor)

describe('windowShortfall', () => {
  it('is worked out by hand on five requests and windows of two', () => {
    // Windows: (1,0) .5, (0,0) 0, (0,1) .5, (1,1) 1 against .6: short by .1, .6, .1, 0.
    const figures = windowShortfall(Float64Array.of(1, 0, 0, 1, 1), floors(0.6, 5), 2)
    expect(figures?.violations).toBeCloseTo(3 / 4, 12)
    expect(figures?.shortfall).toBeCloseTo(0.8 / 4, 12)
  })

  it('measures a window against the mean of its own floors', () => {
    const figures = windowShortfall(Float64Array.of(1, 0, 1, 0), Float64Array.of(0.5, 0.5, 0.9, 0.9), 2)
    // Means are .5 throughout; floors .5, .7, .9.
    expect(figures?.violations).toBeCloseTo(2 / 3, 12)
    expect(figures?.shortfall).toBeCloseTo(0.6 / 3, 12)
  })

  it('does not call a floor met exactly a violation, however long the stream', () => {
    const satisfaction = Float64Array.from({ length: 5000 }, (_, i) => (i % 10 < 7 ? 1 : 0))
    expect(windowShortfall(satisfaction, floors(0.7, 5000), 200)).toEqual({ violations: 0, shortfall: 0 })
  })

  it('says nothing of a stream shorter than one window', () => {
    expect(windowShortfall(Float64Array.of(1, 0), floors(0.5, 2), 3)).toBeNull()
  })
})
