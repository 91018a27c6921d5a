import { lowerHull } from '../evaluate/lower-hull.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { PlanSample } from './price-plan.ts'
import { dearestMeanCost } from './price-table.ts'

/** Prices between the lowest and the highest, evenly spaced in their logarithm. */
const GRID = 79
const LOWEST = 10 ** -3.5
const HIGHEST = 1e3
/** Stand in for zero and infinity: far enough out to decide by one side alone, and to break its ties by the other. */
const NEXT_TO_NOTHING = 1e-9
const AT_ANY_PRICE = 1e6

/** The prices that are worth paying on a sample, with what they buy: ascending in price, satisfaction and cost, convex. */
export interface PriceHull {
  /** Requests of the sample. */
  readonly requests: number
  /** USD per extra satisfied request. */
  readonly prices: Float64Array
  /** Mean satisfaction at each price. */
  readonly satisfaction: Float64Array
  /** Mean cost at each price, USD per request. */
  readonly costUsd: Float64Array
}

/** Two neighbouring prices and how often to take the higher one: what meets a floor exactly, on average. */
export interface PriceLottery {
  readonly lowUsd: number
  readonly highUsd: number
  /** In [0, 1]. */
  readonly highShare: number
}

/** What choices are counted at: arrays in the layout of the sample. */
export interface Bought {
  readonly satisfaction: Float64Array
  readonly costUsd: Float64Array
}

/**
 * Runs argmin_m c_m - price * p_m over a sample at 79 prices, evenly spaced in their logarithm around the spread of the
 * models' mean costs, and at both extremes; keeps those on the lower convex hull of (satisfaction, cost) as `bought` counts
 * them. Predictions that have seen their own row would promise what they cannot keep: give cross-fitted ones.
 */
export function priceHull(sample: PlanSample, bought: Bought): PriceHull {
  const scale = costSpread(sample, bought.costUsd)
  const grid = Array.from({ length: GRID }, (_, g) => scale * LOWEST * (HIGHEST / LOWEST) ** (g / (GRID - 1)))
  const prices = [scale * NEXT_TO_NOTHING, ...grid, scale * AT_ANY_PRICE]
  const points = prices.map(price => ({ price, ...meanBought(sample, bought, price) }))
  const { start, steps } = lowerHull(
    points.map(point => point.satisfaction),
    points.map(point => point.costUsd),
  )
  const kept = [start, ...steps.map(step => step.to)].flatMap(index => points[index] ?? [])
  return {
    requests: sample.requests,
    prices: Float64Array.from(kept, point => point.price),
    satisfaction: Float64Array.from(kept, point => point.satisfaction),
    costUsd: Float64Array.from(kept, point => point.costUsd),
  }
}

/** Dearest minus cheapest mean cost; the dearest where all cost the same, one USD where all are free. */
function costSpread(sample: PlanSample, costUsd: Float64Array): number {
  const dearest = dearestMeanCost({ ...sample, costUsd })
  const negated = costUsd.map(cost => (cost === Number.POSITIVE_INFINITY ? cost : dearest - cost))
  const spread = dearestMeanCost({ ...sample, costUsd: negated })
  if (spread > 1e-9 * dearest) return spread
  return dearest > 0 ? dearest : 1
}

/** Mean satisfaction and cost, as `bought` counts them, when every request goes to argmin_m c_m - price * p_m. */
export function meanBought(
  sample: PlanSample,
  bought: Bought,
  price: number,
): { readonly satisfaction: number; readonly costUsd: number } {
  const { requests, models, satisfaction, costUsd } = sample
  let [satisfied, spentUsd] = [0, 0]
  for (let i = 0; i < requests; i++) {
    let best = Number.POSITIVE_INFINITY
    let chosen = -1
    for (let m = i * models; m < (i + 1) * models; m++) {
      const score = (costUsd[m] ?? 0) - price * (satisfaction[m] ?? 0)
      if (score < best) {
        best = score
        chosen = m
      }
    }
    satisfied += bought.satisfaction[chosen] ?? 0
    spentUsd += bought.costUsd[chosen] ?? 0
  }
  return { satisfaction: satisfied / Math.max(1, requests), costUsd: spentUsd / Math.max(1, requests) }
}

/**
 * The cheapest lottery over two neighbouring prices that meets floor + z * sqrt(floor * (1 - floor) / n) on the sample of n
 * requests; the highest price alone where none does. `marginZ` >= 0 is in standard errors of the floor.
 */
export function priceLottery(hull: PriceHull, floor: number, marginZ = 0): PriceLottery {
  const target = floor + marginZ * Math.sqrt((floor * (1 - floor)) / Math.max(1, hull.requests))
  const last = hull.prices.length - 1
  const above = hull.satisfaction.findIndex(satisfaction => satisfaction >= target)
  const reaching = above < 0 ? last : above
  const highUsd = hull.prices[reaching] ?? 0
  if (above <= 0) return { lowUsd: highUsd, highUsd, highShare: 1 }
  const below = hull.satisfaction[reaching - 1] ?? 0
  const gain = (hull.satisfaction[reaching] ?? 0) - below
  return { lowUsd: hull.prices[reaching - 1] ?? 0, highUsd, highShare: (target - below) / gain }
}

/** Writes a hull. */
export function writePriceHull(hull: PriceHull, writer: ByteWriter): void {
  writer.count(hull.requests)
  writer.array(hull.prices)
  writer.array(hull.satisfaction)
  writer.array(hull.costUsd)
}

/** Reads what `writePriceHull` wrote. */
export function readPriceHull(reader: ByteReader): PriceHull {
  return {
    requests: reader.count(),
    prices: reader.float64(),
    satisfaction: reader.float64(),
    costUsd: reader.float64(),
  }
}
