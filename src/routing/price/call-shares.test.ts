import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { calibrateShares, readCallShares, thresholdFor, writeCallShares } from './call-shares.ts'

// Four prompts, weak in column 0 at cost 1, strong in column 1 at cost 5.
const rows = {
  satisfaction: Float64Array.of(0, 1, 1, 1, 0, 1, 1, 0),
  costUsd: Float64Array.of(1, 5, 1, 5, 1, 5, 1, 5),
}
const chances = Float64Array.of(0.9, 0.4, 0.7, 0.2)

describe('calibrateShares', () => {
  const shares = calibrateShares(chances, rows, 1)

  it('takes quantiles of the chances as thresholds', () => {
    expect(shares.thresholds[0]).toBeGreaterThan(1)
    expect([1, 25, 26, 50, 75, 99].map(step => shares.thresholds[step])).toEqual([
      0.9, 0.9, 0.7, 0.7, 0.4, 0.2,
    ])
    expect(shares.thresholds[100]).toBe(0)
  })

  it('counts what the strong model buys at each share', () => {
    expect([0, 25, 50, 75, 100].map(step => shares.satisfaction[step])).toEqual([0.5, 0.75, 1, 1, 0.75])
    expect([0, 25, 50, 75, 100].map(step => shares.costUsd[step])).toEqual([1, 2, 3, 4, 5])
  })

  it('calls the strong model for all prompts of one chance at once', () => {
    const tied = calibrateShares(Float64Array.of(0.5, 0.5, 0.5, 0.5), rows, 1)
    expect(tied.satisfaction[1]).toBe(0.75)
    expect(tied.costUsd[1]).toBe(5)
  })

  it('knows the strong model by its column', () => {
    const swapped = {
      satisfaction: Float64Array.of(1, 0, 1, 1, 1, 0, 0, 1),
      costUsd: Float64Array.of(5, 1, 5, 1, 5, 1, 5, 1),
    }
    expect(calibrateShares(chances, swapped, 0)).toEqual(shares)
  })
})

describe('thresholdFor', () => {
  const shares = calibrateShares(chances, rows, 1)

  it('is that of the cheapest share that meets the floor', () => {
    expect(thresholdFor(shares, 0.4)).toBeGreaterThan(1)
    expect(thresholdFor(shares, 0.7)).toBe(0.9)
    expect(thresholdFor(shares, 0.8)).toBe(0.7)
  })

  it('is that of the best share where the floor is out of reach, margin included', () => {
    // .75 + 2 * sqrt(.75 * .25 / 4) = 1.18
    expect(thresholdFor(shares, 0.75, 2)).toBe(0.7)
  })

  it('prefers the strong model where it is the cheaper one', () => {
    const cheap = { ...rows, costUsd: Float64Array.of(5, 1, 5, 1, 5, 1, 5, 1) }
    expect(thresholdFor(calibrateShares(chances, cheap, 1), 0.7)).toBe(0.2)
  })

  it('survives its bytes', () => {
    const writer = new ByteWriter()
    writeCallShares(shares, writer)
    expect(readCallShares(new ByteReader(writer.finish()))).toEqual(shares)
  })
})
