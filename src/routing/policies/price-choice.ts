import { choose, lagrangianScores, uniformOverMinima } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import type { Random } from '../numeric/random.ts'
import type { PromptEstimator } from '../predict/prompt-estimator.ts'
import type { PriceLottery } from '../price/price-hull.ts'
import { statedCostUsd } from './observations.ts'

/**
 * Draws one of two prices and takes argmin_m c_m - price * p_m over the eligible models that were trained on. A model that was
 * not is chosen only where no other is eligible, uniformly. Scores and the shown price are those of the likelier price.
 */
export function chooseByPrice(
  estimator: PromptEstimator,
  lottery: PriceLottery,
  context: RoutingContext,
  random: Random,
): Decision {
  const estimate = estimator.estimate(context)
  const positions = context.models.map(({ id }) => estimator.position(id))
  const satisfaction = positions.map(position => estimate.satisfaction[position] ?? null)
  const costUsd = context.models.map((spec, m) => {
    const trained = estimate.costUsd[positions[m] ?? -1]
    return trained === undefined
      ? statedCostUsd(spec, context.promptTokens)
      : trained * estimator.priceChange(spec)
  })
  const scoresAt = (priceUsd: number): Float64Array =>
    behindTheTrained(
      lagrangianScores(Float64Array.from(costUsd, Number), Float64Array.from(satisfaction, Number), priceUsd),
      positions,
    )
  const { lowUsd, highUsd, highShare } = lottery
  const [low, high] = [scoresAt(lowUsd), scoresAt(highUsd)]
  const fromHigh = uniformOverMinima(high)
  return choose(
    {
      context,
      scores: highShare >= 0.5 ? high : low,
      satisfaction,
      costUsd,
      prices: [{ constraint: 'satisfaction', priceUsd: highShare >= 0.5 ? highUsd : lowUsd }],
      exploit: uniformOverMinima(low).map(
        (share, m) => (1 - highShare) * share + highShare * (fromHigh[m] ?? 0),
      ),
    },
    random,
  )
}

/** Scores in which models that were not trained on come last, equal among themselves. */
export function behindTheTrained(scores: Float64Array, positions: readonly number[]): Float64Array {
  let worst = Number.NEGATIVE_INFINITY
  scores.forEach((score, m) => {
    if ((positions[m] ?? -1) >= 0) worst = Math.max(worst, score)
  })
  const last = worst === Number.NEGATIVE_INFINITY ? 0 : worst + Math.abs(worst) + 1
  return scores.map((score, m) => ((positions[m] ?? -1) >= 0 ? score : last))
}
