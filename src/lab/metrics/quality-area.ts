import { lowerHull } from '../../routing/evaluate/lower-hull.ts'
import type { RouterPoint } from './outcome-matrix.ts'

/**
 * What the area under a router's curve is divided by. RouterBench's code divides the area from the router's least cost on by
 * the largest cost of all routers (`largest-cost`), which favours nothing but cheap curves; its paper divides by the range
 * that the area spans (`cost-range`), so that the figure is a mean quality.
 */
export type AreaDivisor = 'largest-cost' | 'cost-range'

/**
 * Average improvement in quality (AIQ; RouterBench, arXiv 2403.12031): the non-decreasing upper convex hull of a router's
 * points (cost, mean quality) over its knob, extended level to the largest cost of all routers compared, and the area under
 * it by trapezoids, divided as chosen. A curve without width in `cost-range` is worth its quality.
 * Throws `RangeError` without points or where a point costs more than `largestCostUsd`.
 */
export function averageQuality(
  points: readonly RouterPoint[],
  largestCostUsd: number,
  divisor: AreaDivisor,
): number {
  const costUsd = points.map(point => point.costUsd)
  const satisfaction = points.map(point => point.satisfaction)
  const hull = lowerHull(satisfaction, costUsd)
  if (Math.max(...costUsd) > largestCostUsd) {
    throw new RangeError(
      `a point costs more than ${largestCostUsd}, which must be the largest cost of all routers`,
    )
  }
  const leastUsd = costUsd[hull.start] ?? 0
  let reachedUsd = leastUsd
  let quality = satisfaction[hull.start] ?? 0
  let area = 0
  for (const step of hull.steps) {
    area += step.extraUsd * (quality + step.gain / 2)
    reachedUsd += step.extraUsd
    quality += step.gain
  }
  area += (largestCostUsd - reachedUsd) * quality
  if (divisor === 'largest-cost') return area / largestCostUsd
  return largestCostUsd === leastUsd ? quality : area / (largestCostUsd - leastUsd)
}

/** AIQ of several routers over the same rows: all are extended to the largest cost of any. */
export function averageQualities(
  curves: readonly (readonly RouterPoint[])[],
  divisor: AreaDivisor,
): readonly number[] {
  const largestCostUsd = Math.max(...curves.flat().map(point => point.costUsd))
  return curves.map(points => averageQuality(points, largestCostUsd, divisor))
}
