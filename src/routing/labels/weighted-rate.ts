/** One observation of a rate. */
export interface WeightedObservation {
  /** 1/q of the audit that showed it, > 0; 1 for what is always seen. */
  readonly weight: number
  /** In [0, 1], or an unbiased stand-in outside of it. */
  readonly value: number
}

/** What a rate is estimated from: sums over observations of weight w and value u. They add and subtract. */
export interface WeightedSums {
  readonly count: number
  /** Sum of w. */
  readonly weight: number
  /** Sum of w^2. */
  readonly squaredWeight: number
  /** Sum of w u. */
  readonly sum: number
  /** Sum of w^2 u. */
  readonly squaredSum: number
  /** Sum of w^2 u^2. */
  readonly squaredSquare: number
}

/** Nothing observed yet. */
export const noObservations: WeightedSums = {
  count: 0,
  weight: 0,
  squaredWeight: 0,
  sum: 0,
  squaredSum: 0,
  squaredSquare: 0,
}

/** Sums with one observation more. */
export function withObservation(sums: WeightedSums, { weight, value }: WeightedObservation): WeightedSums {
  const square = weight * weight
  return combine(sums, 1, {
    count: 1,
    weight,
    squaredWeight: square,
    sum: weight * value,
    squaredSum: square * value,
    squaredSquare: square * value * value,
  })
}

/** Sums of what is in the first and not in the second; the second must have been part of the first. */
export function without(sums: WeightedSums, part: WeightedSums): WeightedSums {
  return combine(sums, -1, part)
}

function combine(a: WeightedSums, sign: 1 | -1, b: WeightedSums): WeightedSums {
  return {
    count: a.count + sign * b.count,
    weight: a.weight + sign * b.weight,
    squaredWeight: a.squaredWeight + sign * b.squaredWeight,
    sum: a.sum + sign * b.sum,
    squaredSum: a.squaredSum + sign * b.squaredSum,
    squaredSquare: a.squaredSquare + sign * b.squaredSquare,
  }
}

/** A rate and what is known of it at one look. */
export interface WeightedRate {
  /** In [0, 1]. */
  readonly estimate: number
  readonly lower: number
  readonly upper: number
  /** Observations behind it. */
  readonly count: number
}

/**
 * The rate that weighted observations show: r = sum w u / sum w (Hajek 1971), with the interval of Agresti & Coull (1998)
 * carried over to weights: z^2/2 observations of 1 and of 0 are added with the weight w' = sum w^2 / sum w, and
 * r' +- z sqrt(sum w^2 (u - r')^2) / sum w is taken over all of them. With equal weights and values 0 and 1 it is
 * theirs exactly. It holds at one look, approximately: it is no confidence sequence.
 *
 * @param quantile z > 0 of the normal distribution: 1.96 for 95%, 2.576 for 99%
 * @returns `null` without observations, or while corrections outweigh what they correct
 */
export function weightedRate(sums: WeightedSums, quantile: number): WeightedRate | null {
  if (sums.count <= 0 || !(sums.weight > 0 && sums.squaredWeight > 0)) return null
  const added = sums.squaredWeight / sums.weight
  const each = (quantile * quantile) / 2
  const weight = sums.weight + 2 * each * added
  const centre = (sums.sum + each * added) / weight
  const own = sums.squaredSquare - 2 * centre * sums.squaredSum + centre * centre * sums.squaredWeight
  const spread = Math.max(0, own) + each * added * added * ((1 - centre) ** 2 + centre ** 2)
  const half = (quantile * Math.sqrt(spread)) / weight
  return {
    estimate: clip(sums.sum / sums.weight),
    lower: clip(centre - half),
    upper: clip(centre + half),
    count: sums.count,
  }
}

function clip(share: number): number {
  return Math.min(1, Math.max(0, share))
}
