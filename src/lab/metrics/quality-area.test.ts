import { describe, expect, it } from 'vitest'
import { averageQualities, averageQuality } from './quality-area.ts'

const point = (costUsd: number, satisfaction: number) => ({ costUsd, satisfaction })
// (1, .4) to (3, .8) along the hull; (2, .5) lies under it, (4, .7) is worse and dearer.
const points = [point(4, 0.7), point(2, 0.5), point(1, 0.4), point(3, 0.8)]

describe('AIQ', () => {
  it('is the area under the non-decreasing hull, extended level, by hand', () => {
    // 2 wide at .6 on average, then 2 wide at .8: 2.8.
    expect(averageQuality(points, 5, 'largest-cost')).toBeCloseTo(2.8 / 5, 12)
    expect(averageQuality(points, 5, 'cost-range')).toBeCloseTo(2.8 / 4, 12)
  })

  it('extends every router to the largest cost of all', () => {
    const [a, b] = averageQualities([points, [point(8, 1)]], 'cost-range')
    // 1.2 + 5 wide at .8 over 7; a single dear point is worth its quality.
    expect(a).toBeCloseTo(5.2 / 7, 12)
    expect(b).toBe(1)
  })

  it('refuses a point beyond the largest cost, and none', () => {
    expect(() => averageQuality(points, 3.5, 'cost-range')).toThrow('largest cost')
    expect(() => averageQuality([], 1, 'cost-range')).toThrow('at least one')
  })
})
