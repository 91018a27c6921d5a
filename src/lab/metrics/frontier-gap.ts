import { lowerHull } from '../../routing/evaluate/lower-hull.ts'
import type { ModelMeans, RouterPoint } from './outcome-matrix.ts'
import { pointsOverMixture } from './savings.ts'

/** Steps of satisfaction in which a frontier is measured; each counts by its middle. */
const STEPS = 100

/**
 * `gap`: how far, in points, a predictor's frontier lies above the best static mixture of the same cost on the test rows: mean
 * over equal steps of satisfaction along the frontier. The frontier is the lower convex hull, in cost, of the points of all
 * prices: every price and every mixture of two of them, from the cheapest point to the most satisfying one. No price is
 * chosen, which makes it the steadiest figure; nor does it count how many prices of a grid end in the same corner.
 */
export function frontierGap(curve: readonly RouterPoint[], test: ModelMeans): number {
  return pointsOverMixture(evenPoints(curve), test)
}

function evenPoints(curve: readonly RouterPoint[]): readonly RouterPoint[] {
  const { start, steps } = lowerHull(
    curve.map(point => point.satisfaction),
    curve.map(point => point.costUsd),
  )
  const first = curve[start]
  const last = curve[steps.at(-1)?.to ?? start]
  if (first === undefined || last === undefined) throw new RangeError('a frontier needs at least one point')
  if (steps.length === 0) return [first]
  const height = (last.satisfaction - first.satisfaction) / STEPS
  const points: RouterPoint[] = []
  let base = first
  for (const { to, gain, extraUsd } of steps) {
    const end = to === steps.at(-1)?.to ? Number.POSITIVE_INFINITY : base.satisfaction + gain
    for (; points.length < STEPS; ) {
      const satisfaction = first.satisfaction + (points.length + 0.5) * height
      if (satisfaction > end) break
      points.push({
        satisfaction,
        costUsd: base.costUsd + (extraUsd * (satisfaction - base.satisfaction)) / gain,
      })
    }
    base = curve[to] ?? base
  }
  return points
}
