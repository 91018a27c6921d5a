import { describe, expect, it } from 'vitest'
import { evenScale, logScale } from './scale.ts'

describe('evenScale', () => {
  it('places the ends and has ticks at round values inside', () => {
    const { place, ticks } = evenScale({ low: 0.57, high: 0.93, from: 200, to: 20 }, 4)
    expect([place(0.57), place(0.93), place(0.75)]).toEqual([200, 20, expect.closeTo(110, 9)])
    expect(ticks.map(tick => Number(tick.toFixed(9)))).toEqual([0.6, 0.7, 0.8, 0.9])
  })

  it('bears an axis without width', () => {
    const { place } = evenScale({ low: 0.5, high: 0.5, from: 0, to: 100 }, 4)
    expect(place(0.5)).toBe(0)
  })
})

describe('logScale', () => {
  it('puts equal ratios at equal distances', () => {
    const { place, ticks } = logScale({ low: 0.1, high: 10, from: 0, to: 200 }, 7)
    expect([place(0.1), place(1), place(10)].map(value => Math.round(value * 1e6) / 1e6)).toEqual([
      0, 100, 200,
    ])
    expect(ticks.map(tick => Number(tick.toPrecision(3)))).toEqual([0.1, 0.2, 0.5, 1, 2, 5, 10])
  })

  it('thins its ticks where there is no room, and keeps a cost of nothing on the page', () => {
    const { place, ticks } = logScale({ low: 0.001, high: 1000, from: 0, to: 300 }, 8)
    expect(ticks.map(tick => Math.round(Math.log10(tick)))).toEqual([-3, -2, -1, 0, 1, 2, 3])
    expect(place(0)).toBeGreaterThan(-50)
  })
})
