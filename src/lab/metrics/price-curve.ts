import { achievedBy, type ModelMeans, type OutcomeMatrix, type RouterPoint } from './outcome-matrix.ts'

/**
 * Prices over which a predictor's whole curve is drawn, ascending, USD per extra satisfied request: 0 (always the cheapest),
 * `count` in equal ratios from 10^-3.5 to 10^3 times the spread of the models' mean costs, and infinity (always the best).
 */
export function priceGrid(means: ModelMeans, count = 79): readonly number[] {
  const spreadUsd = Math.max(...means.costUsd) - Math.min(...means.costUsd)
  const inner = Array.from({ length: count }, (_, i) => spreadUsd * 10 ** (-3.5 + (6.5 * i) / (count - 1)))
  return [0, ...inner, Number.POSITIVE_INFINITY]
}

/**
 * Choices of the rule that all policies share at one price: argmin_m cost_m - price * satisfaction_m, the cheaper model
 * among equals. At an infinite price the most satisfying model wins. `predicted` holds predictions in place of outcomes.
 */
export function choicesAtPrice(predicted: OutcomeMatrix, priceUsd: number): Int32Array {
  const { models, satisfaction, costUsd } = predicted
  const worst = (i: number): number =>
    priceUsd === Number.POSITIVE_INFINITY
      ? -(satisfaction[i] ?? 0)
      : (costUsd[i] ?? 0) - priceUsd * (satisfaction[i] ?? 0)
  return Int32Array.from({ length: predicted.rows }, (_, row) => {
    let best = row * models
    let bestScore = worst(best)
    for (let i = best + 1; i < (row + 1) * models; i++) {
      const score = worst(i)
      if (score < bestScore || (score === bestScore && (costUsd[i] ?? 0) < (costUsd[best] ?? 0))) {
        best = i
        bestScore = score
      }
    }
    return best - row * models
  })
}

/** Where a predictor's choices lie at every price, in the order of the prices. */
export function priceCurve(
  predicted: OutcomeMatrix,
  truth: OutcomeMatrix,
  prices: readonly number[],
): readonly RouterPoint[] {
  return prices.map(priceUsd => achievedBy(truth, choicesAtPrice(predicted, priceUsd)))
}
