import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Shares of calls to the strong one of two models, in steps of one percent, with what they buy on labelled rows. */
export interface CallShares {
  /** Rows that were labelled. */
  readonly requests: number
  /** [101], the win chance from which on the strong model is called, so that the share of its calls is 0, .01, … 1. */
  readonly thresholds: Float64Array
  /** [101], mean true satisfaction at each threshold. */
  readonly satisfaction: Float64Array
  /** [101], mean true cost at each threshold, USD per request. */
  readonly costUsd: Float64Array
}

const STEPS = 100

/** Labels and costs of both models, row-major [rows x 2]. */
export interface PairRows {
  readonly satisfaction: Float64Array
  readonly costUsd: Float64Array
}

/**
 * For each share the (1 - share)-quantile of the win chances (RouteLLM, arXiv 2406.18665, calibration of the threshold),
 * and what calling the strong model from there on would have bought. `strong` is its column, 0 or 1.
 */
export function calibrateShares(chances: Float64Array, rows: PairRows, strong: 0 | 1): CallShares {
  const n = chances.length
  const order = Array.from(chances.keys()).sort((a, b) => (chances[b] ?? 0) - (chances[a] ?? 0) || a - b)
  const weak = 1 - strong
  let satisfied = 0
  let spentUsd = 0
  for (let i = 0; i < n; i++) {
    satisfied += rows.satisfaction[2 * i + weak] ?? 0
    spentUsd += rows.costUsd[2 * i + weak] ?? 0
  }
  const shares = {
    requests: n,
    thresholds: new Float64Array(STEPS + 1),
    satisfaction: new Float64Array(STEPS + 1),
    costUsd: new Float64Array(STEPS + 1),
  }
  let called = 0
  for (let step = 0; step <= STEPS; step++) {
    // No chance reaches two: the strong model is never called.
    const threshold = step === 0 ? 2 : (chances[order[Math.ceil((step * n) / STEPS) - 1] ?? 0] ?? 0)
    for (; called < n && (chances[order[called] ?? 0] ?? 0) >= threshold; called++) {
      const row = 2 * (order[called] ?? 0)
      satisfied += (rows.satisfaction[row + strong] ?? 0) - (rows.satisfaction[row + weak] ?? 0)
      spentUsd += (rows.costUsd[row + strong] ?? 0) - (rows.costUsd[row + weak] ?? 0)
    }
    // Prompts unlike all of these may have any chance: at the full share they go to the strong model as well.
    shares.thresholds[step] = step === STEPS ? 0 : threshold
    shares.satisfaction[step] = satisfied / n
    shares.costUsd[step] = spentUsd / n
  }
  return shares
}

/**
 * The threshold of the cheapest share that meets floor + z * sqrt(floor * (1 - floor) / n) on the labelled rows; of the most
 * satisfying one where none does.
 */
export function thresholdFor(shares: CallShares, floor: number, marginZ = 0): number {
  const target = floor + marginZ * Math.sqrt((floor * (1 - floor)) / Math.max(1, shares.requests))
  let best = 0
  for (let step = 1; step <= STEPS; step++) {
    const [met, metBefore] = [step, best].map(at => (shares.satisfaction[at] ?? 0) >= target)
    const cheaper = (shares.costUsd[step] ?? 0) < (shares.costUsd[best] ?? 0)
    const better = (shares.satisfaction[step] ?? 0) > (shares.satisfaction[best] ?? 0)
    if (met === metBefore ? (met ? cheaper : better) : met) best = step
  }
  return shares.thresholds[best] ?? 0
}

/** Writes call shares. */
export function writeCallShares(shares: CallShares, writer: ByteWriter): void {
  writer.count(shares.requests)
  writer.array(shares.thresholds)
  writer.array(shares.satisfaction)
  writer.array(shares.costUsd)
}

/** Reads what `writeCallShares` wrote. */
export function readCallShares(reader: ByteReader): CallShares {
  return {
    requests: reader.count(),
    thresholds: reader.float64(),
    satisfaction: reader.float64(),
    costUsd: reader.float64(),
  }
}
