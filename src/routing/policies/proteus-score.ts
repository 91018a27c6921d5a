/** What a preference is scored with; all arrays [models]. */
export interface ProteusScoring {
  /** b_i in [-1, 1]. */
  readonly boosts: Float64Array
  /** In [2, 8]. */
  readonly gamma: number
  /** Mean costs over the dearest one's, in [0, 1]. */
  readonly costs: Float64Array
}

/** How much a unit of cost weighs at a preference: (1 - mu)^gamma, from 1 at mu = 0 to 0 at mu = 1. */
export function costWeight(mu: number, gamma: number): number {
  return (1 - mu) ** gamma
}

/**
 * PROTEUS's score of every model, to be maximised: s_i = p_i + mu b_i - (1 - mu)^gamma c_i (arXiv 2601.19402, eq. 2).
 * Divided by (1 - mu)^gamma it is argmin_i c_i - price (p_i + mu b_i) with price = (1 - mu)^(-gamma).
 */
export function proteusScores(
  chances: ArrayLike<number>,
  mu: number,
  { boosts, gamma, costs }: ProteusScoring,
  out: Float64Array,
): Float64Array {
  const weight = costWeight(mu, gamma)
  for (let i = 0; i < out.length; i++) {
    out[i] = (chances[i] ?? 0) + mu * (boosts[i] ?? 0) - weight * (costs[i] ?? 0)
  }
  return out
}
