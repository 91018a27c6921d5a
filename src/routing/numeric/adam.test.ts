import { describe, expect, it } from 'vitest'
import { adamState, adamStep, clipNorm } from './adam.ts'

const options = { rate: 0.1, decay: 0, decayed: 0 }

describe('adamStep', () => {
  it('makes the steps that are computed by hand', () => {
    const weights = Float32Array.of(1, 1)
    const state = adamState(2)
    // The first step is rate * sign(g), whatever the size of g.
    adamStep(weights, Float32Array.of(5, -0.01), state, options)
    expect([...weights]).toEqual([expect.closeTo(0.9, 5), expect.closeTo(1.1, 5)])
    // Second step for g = 5, then -3: m = .9*.5 - .3 = .15, mHat = .15/.19; v = .999*.025 + .009 = .033975, vHat = v/.001999.
    adamStep(weights, Float32Array.of(-3, 0), state, options)
    expect(weights[0]).toBeCloseTo(0.9 - (0.1 * (0.15 / 0.19)) / Math.sqrt(0.033975 / 0.001999), 5)
  })

  it('decays the first parameters only, apart from the gradient', () => {
    const weights = Float32Array.of(2, 2)
    adamStep(weights, new Float32Array(2), adamState(2), { rate: 0.1, decay: 0.5, decayed: 1 })
    expect([...weights]).toEqual([expect.closeTo(1.9, 6), 2])
  })

  it('finds the least of a badly scaled square', () => {
    const weights = Float32Array.of(3, -2)
    const state = adamState(2)
    for (let step = 0; step < 2000; step++) {
      const [x = 0, y = 0] = weights
      adamStep(weights, Float32Array.of(200 * (x - 1), 0.02 * (y - 0.5)), state, { ...options, rate: 0.01 })
    }
    expect([...weights]).toEqual([expect.closeTo(1, 2), expect.closeTo(0.5, 2)])
  })
})

describe('clipNorm', () => {
  it('scales a long gradient and leaves a short one', () => {
    const long = Float32Array.of(3, 4)
    expect(clipNorm(long, 1)).toBeCloseTo(5, 6)
    expect([...long]).toEqual([expect.closeTo(0.6, 6), expect.closeTo(0.8, 6)])
    const short = Float32Array.of(0.3, 0.4)
    expect(clipNorm(short, 1)).toBeCloseTo(0.5, 6)
    expect([...short]).toEqual([expect.closeTo(0.3, 6), expect.closeTo(0.4, 6)])
  })
})
