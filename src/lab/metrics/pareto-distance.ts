import type { RouterPoint } from './outcome-matrix.ts'

/** The points that no other point beats: none is at least as cheap and at least as good, and better in one of the two. */
export function paretoFrontier(points: readonly RouterPoint[]): readonly RouterPoint[] {
  const sorted = [...points].sort((a, b) => a.costUsd - b.costUsd || b.satisfaction - a.satisfaction)
  let best = Number.NEGATIVE_INFINITY
  return sorted.filter(({ satisfaction }) => {
    if (satisfaction <= best) return false
    best = satisfaction
    return true
  })
}

/**
 * ParetoDist (LLMRouterBench, arXiv 2601.07206): the mean distance of a router's points to the nearest point of the Pareto
 * frontier that all points compared form together. Both axes are divided by their range over those points, which the paper
 * leaves open; distances are Euclidean.
 */
export function paretoDistance(points: readonly RouterPoint[], compared: readonly RouterPoint[]): number {
  if (points.length === 0) throw new RangeError('a distance to the frontier needs at least one point')
  const all = [...compared, ...points]
  const frontier = paretoFrontier(all)
  const range = (of: (point: RouterPoint) => number): number => {
    const values = all.map(of)
    return Math.max(...values) - Math.min(...values) || 1
  }
  const costRange = range(point => point.costUsd)
  const satisfactionRange = range(point => point.satisfaction)
  const distances = points.map(point =>
    Math.min(
      ...frontier.map(other =>
        Math.hypot(
          (point.costUsd - other.costUsd) / costRange,
          (point.satisfaction - other.satisfaction) / satisfactionRange,
        ),
      ),
    ),
  )
  return distances.reduce((sum, distance) => sum + distance, 0) / distances.length
}
