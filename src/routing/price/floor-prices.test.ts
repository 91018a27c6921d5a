import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { hatWeights, interpolate, placeKnots } from './floor-knots.ts'
import { FloorPrices } from './floor-prices.ts'
import { lookUpPrice, tabulatePrices } from './price-table.ts'

describe('floor knots', () => {
  const knots = placeKnots(0.7, 0.9)

  it('spreads five knots over a range and one over a point', () => {
    expect(knots.floors).toEqual([0.7, expect.closeTo(0.75, 9), 0.8, expect.closeTo(0.85, 9), 0.9])
    expect(placeKnots(0.8, 0.8).floors).toEqual([0.8])
  })

  it.each([
    [0.7, [1, 0, 0, 0, 0]],
    [0.71, [0.8, 0.2, 0, 0, 0]],
    [0.825, [0, 0, 0.5, 0.5, 0]],
    [0.9, [0, 0, 0, 0, 1]],
    [0.2, [1, 0, 0, 0, 0]],
    [0.99, [0, 0, 0, 0, 1]],
  ])('weighs floor %d', (floor, weights) => {
    const found = [...hatWeights(knots, floor)]
    expect(found).toEqual(weights.map(weight => expect.closeTo(weight, 9)))
    expect(found.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
  })

  it('interpolates linearly', () => {
    expect(interpolate(knots, Float64Array.of(1, 3, 3, 3, 7), 0.725)).toBeCloseTo(2, 9)
  })
})

describe('FloorPrices', () => {
  it('keeps the whole debt when the knots move', () => {
    const prices = new FloorPrices(0.8, null)
    prices.addDebt(0.8, 3)
    expect(prices.cover(0.8, 0.8, null)).toBe(false)
    expect(prices.cover(0.7, 0.9, null)).toBe(true)
    expect([...prices.debts]).toEqual([0, 0, 3, 0, 0].map(debt => expect.closeTo(debt, 9)))
    prices.addDebt(0.72, -1)
    expect(prices.cover(0.6, 0.9, null)).toBe(true)
    expect(prices.debt).toBeCloseTo(2, 9)
    const writer = new ByteWriter()
    prices.write(writer)
    const copy = FloorPrices.read(new ByteReader(writer.finish()))
    expect(copy.debts).toEqual(prices.debts)
    expect(copy.floors).toEqual(prices.floors)
  })
})

describe('price table', () => {
  // One hundred requests: the dear model satisfies always, the cheap one the first sixty; predictions overrate by .05.
  const requests = 100
  const sample = {
    requests,
    models: 2,
    satisfaction: Float64Array.from({ length: 200 }, (_, i) =>
      i % 2 === 1 ? 1.05 : i / 2 < 60 ? 1.05 : 0.05,
    ),
    costUsd: Float64Array.from({ length: 200 }, (_, i) => (i % 2 === 1 ? 2 : 1)),
  }
  const labels = Float64Array.from({ length: 200 }, (_, i) => (i % 2 === 1 || i / 2 < 60 ? 1 : 0))
  const table = tabulatePrices(sample, labels)

  it('tells what a price buys', () => {
    expect(table.actual[0]).toBeCloseTo(0.6, 9)
    expect(table.predicted[0]).toBeCloseTo(0.65, 9)
    expect(table.actual.at(-1)).toBe(1)
  })

  it('finds the price of a floor and by how much it is overrated', () => {
    const { price, offset } = lookUpPrice(table, 0.999)
    expect(price).toBeGreaterThan(1)
    expect(price).toBeLessThan(1.1)
    expect(offset).toBeCloseTo(0.05, 9)
    expect(lookUpPrice(table, 0.5).price).toBe(table.prices[0])
    expect(lookUpPrice(table, 1.2).price).toBe(table.prices.at(-1))
  })

  it('starts a class at the table, shift taken off', () => {
    const prices = new FloorPrices(0.95, table)
    expect(prices.priceAt(0.95)).toBe(lookUpPrice(table, 0.95).price)
    expect(prices.shift).toBeCloseTo(0.05, 9)
    expect(prices.offsets[0]).toBeCloseTo(0, 9)
  })
})
