import type { Decision, RoutingContext } from '../routing/decision.ts'
import type { World } from './world.ts'

/**
 * The cheapest model whose answer satisfies (the best one where scores are fractions), else the cheapest model.
 * It sees labels, which no policy does: a reference to measure against.
 */
export function oracleDecision(world: World, position: number, context: RoutingContext): Decision {
  const ranked = world
    .availableAt(position)
    .map((model, index) => ({
      index,
      satisfaction: world.satisfaction(position, model),
      costUsd: world.costUsd(position, model),
    }))
    .sort((a, b) => b.satisfaction - a.satisfaction || a.costUsd - b.costUsd || a.index - b.index)
  const best = ranked[0]
  const specOf = (index: number) => {
    const spec = context.models[index]
    if (spec === undefined) throw new RangeError(`the context has no model at position ${index}`)
    return spec.id
  }
  if (best === undefined) throw new RangeError('the oracle needs at least one model')
  return {
    chosen: specOf(best.index),
    mode: 'exploit',
    shadows: [],
    prices: [],
    probabilities: Float64Array.from(context.models, (_, index) => (index === best.index ? 1 : 0)),
    estimates: ranked.map(({ index, satisfaction, costUsd }, rank) => ({
      model: specOf(index),
      satisfaction,
      costUsd,
      score: rank,
    })),
  }
}
