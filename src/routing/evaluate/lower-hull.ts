/** One step along a lower convex hull: from one option to the next better and dearer one. */
export interface HullStep {
  readonly from: number
  readonly to: number
  /** Satisfaction gained, > 0. */
  readonly gain: number
  /** Extra cost in USD, >= 0. */
  readonly extraUsd: number
  /** Price at which the step pays: `extraUsd / gain`, USD per extra satisfied request; increasing along the hull. */
  readonly priceUsd: number
}

/** Lower convex hull of (satisfaction, cost), from the cheapest option (the most satisfying among equals) upward. */
export interface LowerHull {
  readonly start: number
  readonly steps: readonly HullStep[]
}

/**
 * Lower convex hull of a few options by gift wrapping: from each option on to the one with the least extra cost per
 * extra satisfaction, the farthest among equals. O(options * hull). Throws without options or on unequal lengths.
 */
export function lowerHull(satisfaction: ArrayLike<number>, costUsd: ArrayLike<number>): LowerHull {
  const count = satisfaction.length
  if (count === 0 || costUsd.length !== count) {
    throw new RangeError(
      `a hull needs as many costs as satisfactions, at least one; given ${costUsd.length} and ${count}`,
    )
  }
  const at = (values: ArrayLike<number>, index: number): number => values[index] ?? 0
  let start = 0
  for (let i = 1; i < count; i++) {
    const cheaper = at(costUsd, i) - at(costUsd, start)
    if (cheaper < 0 || (cheaper === 0 && at(satisfaction, i) > at(satisfaction, start))) start = i
  }
  const steps: HullStep[] = []
  for (let from = start; ; ) {
    let best: HullStep | null = null
    for (let to = 0; to < count; to++) {
      const gain = at(satisfaction, to) - at(satisfaction, from)
      if (!(gain > 0)) continue
      const extraUsd = at(costUsd, to) - at(costUsd, from)
      const priceUsd = extraUsd / gain
      const better =
        best === null || priceUsd < best.priceUsd || (priceUsd === best.priceUsd && gain > best.gain)
      if (better) best = { from, to, gain, extraUsd, priceUsd }
    }
    if (best === null) return { start, steps }
    steps.push(best)
    from = best.to
  }
}
