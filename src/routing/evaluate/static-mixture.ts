import { lowerHull } from './lower-hull.ts'

/** A fixed lottery over models that reads no prompt. */
export interface StaticMixture {
  /** [models], sums to one; at most two are positive. */
  readonly weights: Float64Array
  readonly satisfaction: number
  readonly costUsd: number
  /** Price of the last satisfaction bought, USD per extra satisfied request: the dual variable; 0 where the floor costs nothing. */
  readonly priceUsd: number
}

/**
 * Cheapest lottery over models whose mean satisfaction meets a floor:
 * min sum_m w_m C_m subject to sum_m w_m S_m >= floor, w on the simplex. Exact: the optimum lies on the lower convex hull,
 * so at most two models carry weight. Inputs are means per model, satisfaction in [0, 1], cost in USD per request.
 * `null` where no model reaches the floor.
 *
 * @example
 * staticMixture(Float64Array.of(0.6, 0.9), Float64Array.of(1, 4), 0.75)?.costUsd // 2.5
 */
export function staticMixture(
  meanSatisfaction: Float64Array,
  meanCostUsd: Float64Array,
  floor: number,
): StaticMixture | null {
  const hull = lowerHull(meanSatisfaction, meanCostUsd)
  const weights = new Float64Array(meanSatisfaction.length)
  let satisfaction = meanSatisfaction[hull.start] ?? 0
  let costUsd = meanCostUsd[hull.start] ?? 0
  if (satisfaction >= floor) {
    weights[hull.start] = 1
    return { weights, satisfaction, costUsd, priceUsd: 0 }
  }
  for (const step of hull.steps) {
    const reached = meanSatisfaction[step.to] ?? 0
    if (reached < floor) {
      satisfaction = reached
      costUsd += step.extraUsd
      continue
    }
    const share = (floor - satisfaction) / step.gain
    weights[step.from] = 1 - share
    weights[step.to] = share
    return { weights, satisfaction: floor, costUsd: costUsd + share * step.extraUsd, priceUsd: step.priceUsd }
  }
  return null
}

/**
 * Cost of the cheapest static mixture at a satisfaction that was achieved. A satisfaction above the best model's counts as
 * the best model's, one below the cheapest model's as the cheapest model's: nothing beyond them can be bought or sold.
 */
export function mixtureCostAt(
  meanSatisfaction: Float64Array,
  meanCostUsd: Float64Array,
  satisfaction: number,
): number {
  const reachable = Math.min(satisfaction, Math.max(...meanSatisfaction))
  const mixture = staticMixture(meanSatisfaction, meanCostUsd, reachable)
  if (mixture === null)
    throw new RangeError(`no mixture reaches a satisfaction of ${satisfaction}; it must be a number`)
  return mixture.costUsd
}

/**
 * Satisfaction of the best static mixture of a given mean cost. A cost above the best model's counts as the best model's, one
 * below the cheapest model's as the cheapest model's.
 *
 * @example
 * mixtureSatisfactionAt(Float64Array.of(0.6, 0.9), Float64Array.of(1, 4), 2.5) // 0.75
 */
export function mixtureSatisfactionAt(
  meanSatisfaction: Float64Array,
  meanCostUsd: Float64Array,
  costUsd: number,
): number {
  const hull = lowerHull(meanSatisfaction, meanCostUsd)
  let satisfaction = meanSatisfaction[hull.start] ?? 0
  let leftUsd = costUsd - (meanCostUsd[hull.start] ?? 0)
  for (const step of hull.steps) {
    if (leftUsd < step.extraUsd) return satisfaction + step.gain * (Math.max(0, leftUsd) / step.extraUsd)
    satisfaction = meanSatisfaction[step.to] ?? 0
    leftUsd -= step.extraUsd
  }
  return satisfaction
}
