import { describe, expect, it } from 'vitest'
import { paretoDistance, paretoFrontier } from './pareto-distance.ts'

const point = (costUsd: number, satisfaction: number) => ({ costUsd, satisfaction })
const frontier = [point(0, 0.5), point(10, 0.9)]

describe('ParetoDist', () => {
  it('keeps only points that no other beats', () => {
    const dominated = [point(10, 0.8), point(11, 0.9), point(0, 0.4)]
    expect(paretoFrontier([...dominated, ...frontier])).toEqual(frontier)
  })

  it('is the mean distance in ranges of all points, by hand', () => {
    // Ranges 10 USD and .4: (10, .7) lies half a range below (10, .9), (4, .5) .4 of a range beside (0, .5).
    expect(paretoDistance([point(10, 0.7), point(4, 0.5)], frontier)).toBeCloseTo((0.5 + 0.4) / 2, 12)
    expect(paretoDistance(frontier, frontier)).toBe(0)
  })

  it('is zero for a router that forms the frontier itself', () => {
    expect(paretoDistance([point(0, 0.9)], frontier)).toBe(0)
    expect(() => paretoDistance([], frontier)).toThrow('at least one point')
  })
})
