import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { PlanSample } from './price-plan.ts'

const GRID = 160
/** Prices run from this share of the dearest mean cost per point to this many times it. */
const LOWEST = 1e-4
const HIGHEST = 40
const LARGEST_OFFSET = 0.1

/** What each price would have bought on the training rows, in truth and by prediction. */
export interface PriceTable {
  /** USD per extra satisfied request, ascending. */
  readonly prices: Float64Array
  /** Mean true satisfaction at each price. */
  readonly actual: Float64Array
  /** Mean cross-fitted prediction of the same choices. */
  readonly predicted: Float64Array
}

/** Tabulates fully labelled rows: `labels` in the layout of the sample, whose satisfaction is cross-fitted. */
export function tabulatePrices(sample: PlanSample, labels: Float64Array): PriceTable {
  const dearest = dearestMeanCost(sample)
  const prices = new Float64Array(GRID)
  const actual = new Float64Array(GRID)
  const predicted = new Float64Array(GRID)
  for (let g = 0; g < GRID; g++) {
    const price = dearest * LOWEST * (HIGHEST / LOWEST) ** (g / (GRID - 1))
    const bought = boughtAt(sample, labels, price)
    prices[g] = price
    actual[g] = bought.actual
    predicted[g] = bought.predicted
  }
  return { prices, actual, predicted }
}

function boughtAt(
  sample: PlanSample,
  labels: Float64Array,
  price: number,
): { readonly actual: number; readonly predicted: number } {
  let actual = 0
  let predicted = 0
  for (let i = 0; i < sample.requests; i++) {
    let best = Number.POSITIVE_INFINITY
    let chosen = 0
    for (let m = i * sample.models; m < (i + 1) * sample.models; m++) {
      const score = (sample.costUsd[m] ?? 0) - price * (sample.satisfaction[m] ?? 0)
      if (score < best) {
        best = score
        chosen = m
      }
    }
    actual += labels[chosen] ?? 0
    predicted += sample.satisfaction[chosen] ?? 0
  }
  return { actual: actual / sample.requests, predicted: predicted / sample.requests }
}

/** Mean cost of the dearest model of a sample, USD. */
export function dearestMeanCost(sample: PlanSample): number {
  let dearest = 0
  for (let m = 0; m < sample.models; m++) {
    let sum = 0
    let eligible = 0
    for (let i = 0; i < sample.requests; i++) {
      const cost = sample.costUsd[i * sample.models + m] ?? 0
      if (cost === Number.POSITIVE_INFINITY) continue
      sum += cost
      eligible++
    }
    if (eligible > 0) dearest = Math.max(dearest, sum / eligible)
  }
  return dearest
}

/** A starting price for a floor, and by how much predictions exceed labels at it. */
export interface TablePrice {
  readonly price: number
  /** In [-.1, .1]. */
  readonly offset: number
}

/** Smallest tabulated price whose true mean reaches the floor, guarded as in `guardedPrice`. */
export function lookUpPrice(table: PriceTable, floor: number): TablePrice {
  const full = firstReaching(table, floor)
  const lesser = firstReaching(table, floor - 0.01)
  const guarded = Math.min(table.prices[full] ?? 0, 3 * (table.prices[lesser] ?? 0))
  let at = full
  while (at > 0 && (table.prices[at] ?? 0) > guarded) at--
  const offset = (table.predicted[at] ?? 0) - (table.actual[at] ?? 0)
  return { price: guarded, offset: Math.max(-LARGEST_OFFSET, Math.min(LARGEST_OFFSET, offset)) }
}

function firstReaching(table: PriceTable, target: number): number {
  const found = table.actual.findIndex(actual => actual >= target)
  return found < 0 ? table.prices.length - 1 : found
}

/** Writes a table. */
export function writePriceTable(table: PriceTable, writer: ByteWriter): void {
  writer.array(table.prices)
  writer.array(table.actual)
  writer.array(table.predicted)
}

/** Reads what `writePriceTable` wrote. */
export function readPriceTable(reader: ByteReader): PriceTable {
  return { prices: reader.float64(), actual: reader.float64(), predicted: reader.float64() }
}
