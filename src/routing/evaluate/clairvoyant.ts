import { type HullStep, lowerHull } from './lower-hull.ts'

/** What the best possible router would have paid, knowing every label in advance. */
export interface ClairvoyantCost {
  /** Mean cost per request in USD. */
  readonly costUsd: number
  /** Price of the last satisfaction bought, USD per extra satisfied request. */
  readonly priceUsd: number
}

/**
 * Least mean cost of any assignment of rows to models, lotteries allowed, whose mean satisfaction meets the floor:
 * C*(floor) = max over prices >= 0 of price * floor + mean_i min_m (C_im - price * S_im).
 * Solved exactly from the primal side: every row starts at its cheapest model, then the upgrades of all rows are bought in
 * ascending order of price until the floor is met, the last one in part. With predictions in place of labels it is the best
 * that a predictor allows. Arrays are row-major [rows x models]; O(rows * models^2 + N log N) in the number N of upgrades.
 * `null` where even the best model of each row does not reach the floor.
 */
export function clairvoyantCost(
  satisfaction: Float64Array,
  costUsd: Float64Array,
  rows: number,
  models: number,
  floor: number,
): ClairvoyantCost | null {
  if (rows * models !== satisfaction.length || satisfaction.length !== costUsd.length || rows < 1) {
    throw new RangeError(
      `clairvoyantCost expects ${rows} x ${models} values, at least one row; given ${satisfaction.length} and ${costUsd.length}`,
    )
  }
  const upgrades: HullStep[] = []
  let missing = floor * rows
  let totalUsd = 0
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * models
    const hull = lowerHull(satisfaction.subarray(end - models, end), costUsd.subarray(end - models, end))
    missing -= satisfaction[end - models + hull.start] ?? 0
    totalUsd += costUsd[end - models + hull.start] ?? 0
    upgrades.push(...hull.steps)
  }
  upgrades.sort((a, b) => a.priceUsd - b.priceUsd)
  let priceUsd = 0
  // Sums of many labels carry rounding: a floor missed by less than this share of a label counts as met.
  const tolerance = 1e-9 * rows
  for (const upgrade of upgrades) {
    if (missing <= tolerance) break
    const share = Math.min(1, missing / upgrade.gain)
    missing -= share * upgrade.gain
    totalUsd += share * upgrade.extraUsd
    priceUsd = upgrade.priceUsd
  }
  return missing > tolerance ? null : { costUsd: totalUsd / rows, priceUsd }
}
