/** A router of two models at one setting of its threshold. */
export interface StrongCallPoint {
  /** Share of the requests that the strong model answers, in [0, 1]. */
  readonly strongShare: number
  readonly satisfaction: number
}

/** Mean satisfaction of the two models alone; the strong one's is higher. */
export interface ModelPair {
  readonly weak: number
  readonly strong: number
}

/** Performance gap recovered (PGR; RouteLLM, arXiv 2406.18665): (satisfaction - weak) / (strong - weak). */
export function gapRecovered(satisfaction: number, { weak, strong }: ModelPair): number {
  if (!(strong > weak)) {
    throw new RangeError(
      `the strong model's satisfaction is ${strong}, the weak one's ${weak}; it must be higher`,
    )
  }
  return (satisfaction - weak) / (strong - weak)
}

/**
 * Average performance gap recovered (APGR; RouteLLM): the integral of PGR over the strong model's share of calls from 0 to 1,
 * by trapezoids. A router answers like the weak model at share 0 and like the strong one at share 1: those ends are added
 * where no point has them. A random router has 1/2.
 */
export function averageGapRecovered(points: readonly StrongCallPoint[], pair: ModelPair): number {
  let area = 0
  const curve = withEnds(points, pair)
  for (const [i, { strongShare, satisfaction }] of curve.entries()) {
    const before = curve[i - 1]
    if (before === undefined) continue
    const height = (gapRecovered(before.satisfaction, pair) + gapRecovered(satisfaction, pair)) / 2
    area += (strongShare - before.strongShare) * height
  }
  return area
}

/**
 * Call-performance threshold (CPT; RouteLLM): the smallest share of strong calls at which PGR is `recovered`, by linear
 * interpolation between the points. RouteLLM reports it in percent for .2, .5 and .8. `null` where PGR stays below.
 */
export function strongShareFor(
  recovered: number,
  points: readonly StrongCallPoint[],
  pair: ModelPair,
): number | null {
  const curve = withEnds(points, pair)
  for (const [i, { strongShare, satisfaction }] of curve.entries()) {
    const height = gapRecovered(satisfaction, pair)
    if (height < recovered) continue
    const before = curve[i - 1]
    if (before === undefined) return strongShare
    const low = gapRecovered(before.satisfaction, pair)
    return before.strongShare + ((recovered - low) / (height - low)) * (strongShare - before.strongShare)
  }
  return null
}

function withEnds(
  points: readonly StrongCallPoint[],
  { weak, strong }: ModelPair,
): readonly StrongCallPoint[] {
  const has = (share: number): boolean => points.some(point => point.strongShare === share)
  const ends = [
    ...(has(0) ? [] : [{ strongShare: 0, satisfaction: weak }]),
    ...(has(1) ? [] : [{ strongShare: 1, satisfaction: strong }]),
  ]
  return [...points, ...ends].sort((a, b) => a.strongShare - b.strongShare || a.satisfaction - b.satisfaction)
}
