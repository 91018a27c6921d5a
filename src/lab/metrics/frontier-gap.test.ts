import { describe, expect, it } from 'vitest'
import { frontierGap } from './frontier-gap.ts'

/** Two models, .5 at 1 USD and .9 at 5 USD: the mixture earns .1 per USD. */
const test = { satisfaction: Float64Array.of(0.5, 0.9), costUsd: Float64Array.of(1, 5) }
const point = (satisfaction: number, costUsd: number) => ({ satisfaction, costUsd })

describe('frontierGap', () => {
  it('is zero along the mixture itself', () => {
    expect(frontierGap([point(0.5, 1), point(0.9, 5)], test)).toBeCloseTo(0, 10)
  })

  it('is the mean height above the mixture, by hand', () => {
    // .8 for 2 USD, where the mixture has .6: a triangle of height .2 over the satisfactions from .5 to .9, mean .1.
    const curve = [point(0.5, 1), point(0.8, 2), point(0.9, 5)]
    expect(frontierGap(curve, test)).toBeCloseTo(10, 10)
  })

  it('does not depend on how many prices lead to the same point, nor on points that a mixture of others beats', () => {
    const curve = [point(0.5, 1), point(0.8, 2), point(0.9, 5)]
    const corners = Array.from({ length: 30 }, () => point(0.9, 5))
    expect(frontierGap([...curve, ...corners], test)).toBe(frontierGap(curve, test))
    expect(frontierGap([point(0.5, 1), point(0.6, 1.9), point(0.8, 2), point(0.9, 5)], test)).toBe(
      frontierGap(curve, test),
    )
  })

  it('is that of the one point where the cheapest is the best', () => {
    expect(frontierGap([point(0.7, 2), point(0.6, 3)], test)).toBeCloseTo(10, 10)
    expect(() => frontierGap([], test)).toThrow(RangeError)
  })

  it('agrees with a fine numerical integral over a random frontier', () => {
    const curve = [point(0.52, 1.1), point(0.61, 1.3), point(0.7, 1.9), point(0.83, 3.3), point(0.88, 4.6)]
    let sum = 0
    const fine = 100_000
    for (let i = 0; i < fine; i++) {
      const satisfaction = 0.52 + ((i + 0.5) / fine) * 0.36
      const to = curve.findIndex(each => each.satisfaction >= satisfaction)
      const [a = point(0, 0), b = point(0, 0)] = curve.slice(to - 1, to + 1)
      const costUsd =
        a.costUsd +
        ((b.costUsd - a.costUsd) * (satisfaction - a.satisfaction)) / (b.satisfaction - a.satisfaction)
      sum += satisfaction - (0.5 + 0.1 * (costUsd - 1))
    }
    expect(frontierGap(curve, test)).toBeCloseTo((100 * sum) / fine, 2)
  })
})
