import { describe, expect, it } from 'vitest'
import { averageGapRecovered, gapRecovered, strongShareFor } from './strong-calls.ts'

const pair = { weak: 0.6, strong: 0.8 }
const points = [
  { strongShare: 0.5, satisfaction: 0.76 },
  { strongShare: 0.25, satisfaction: 0.65 },
]

describe('RouteLLM metrics', () => {
  it('PGR is the share of the gap that is closed', () => {
    expect(gapRecovered(0.65, pair)).toBeCloseTo(0.25, 12)
    expect(() => gapRecovered(0.7, { weak: 0.8, strong: 0.8 })).toThrow('must be higher')
  })

  it('APGR is the area under PGR from share 0 to 1, by hand', () => {
    // PGR 0, .25, .8, 1 at shares 0, .25, .5, 1: .25 * .125 + .25 * .525 + .5 * .9.
    expect(averageGapRecovered(points, pair)).toBeCloseTo(0.03125 + 0.13125 + 0.45, 12)
    expect(averageGapRecovered([], pair)).toBeCloseTo(0.5, 12)
  })

  it('CPT interpolates the share that closes a part of the gap', () => {
    expect(strongShareFor(0.2, points, pair)).toBeCloseTo(0.2, 12)
    expect(strongShareFor(0.5, points, pair)).toBeCloseTo(0.25 + (0.25 / 0.55) * 0.25, 12)
    expect(strongShareFor(0.8, points, pair)).toBeCloseTo(0.5, 12)
    expect(strongShareFor(0, points, pair)).toBe(0)
    expect(strongShareFor(1.1, points, pair)).toBeNull()
  })

  it('CPT takes the smallest share where the curve falls back', () => {
    const up = [
      { strongShare: 0.4, satisfaction: 0.8 },
      { strongShare: 0.6, satisfaction: 0.7 },
    ]
    expect(strongShareFor(0.5, up, pair)).toBeCloseTo(0.2, 12)
  })
})
