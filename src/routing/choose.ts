import type { ConstraintPrice, Decision, ModelEstimate, RoutingContext } from './decision.ts'
import type { Random } from './numeric/random.ts'

/** What one decision is made from; every array has one entry per model of the context, in its order. */
export interface ChoiceInputs {
  readonly context: RoutingContext
  /** Values to minimise, finite. */
  readonly scores: Float64Array
  /** Predicted satisfaction in [0, 1]; `null` entries where none is predicted. */
  readonly satisfaction: ArrayLike<number | null>
  /** Predicted cost in USD; `null` entries while unknown. */
  readonly costUsd: ArrayLike<number | null>
  readonly prices: readonly ConstraintPrice[]
  /** Distribution over the models without exploration; absent: uniform over the minimisers of the scores. */
  readonly exploit?: Float64Array
  readonly exploration?: Exploration
}

/** Deliberate departure from the best score, so that the other models are learned as well. */
export interface Exploration {
  /** Chance of exploring at this decision, in [0, 1]. */
  readonly probability: number
  /** Who answers then; sums to one. */
  readonly distribution: Float64Array
  /** Calls every other model beside the one that answers. */
  readonly callAll: boolean
}

/**
 * Scores of the rule that all policies share: cost minus the price of satisfaction times predicted satisfaction,
 * plus one priced term for every other constraint:
 * score_m = c_m - lambda * s_m + other_m (Lagrangian of least cost under a satisfaction floor; MESS+ with lambda = Q/V,
 * arXiv 2505.19947). All in USD; `priceUsd` >= 0 is USD per extra satisfied request.
 */
export function lagrangianScores(
  costUsd: Float64Array,
  satisfaction: Float64Array,
  priceUsd: number,
  otherTermsUsd?: Float64Array,
): Float64Array {
  return costUsd.map((cost, m) => cost - priceUsd * (satisfaction[m] ?? 0) + (otherTermsUsd?.[m] ?? 0))
}

/** Uniform distribution over the minimisers of the scores: ties are broken at random. Throws on a score that is not finite. */
export function uniformOverMinima(scores: Float64Array): Float64Array {
  let lowest = Number.POSITIVE_INFINITY
  let ties = 0
  for (const score of scores) {
    if (!Number.isFinite(score))
      throw new RangeError(`a score is ${score}; every score must be a finite number`)
    if (score < lowest) {
      lowest = score
      ties = 1
    } else if (score === lowest) ties += 1
  }
  return scores.map(score => (score === lowest ? 1 / ties : 0))
}

/** Uniform distribution over `count` models. */
export function uniform(count: number): Float64Array {
  return new Float64Array(count).fill(1 / count)
}

/** Distribution that puts everything on one of `count` models. */
export function certain(index: number, count: number): Float64Array {
  const probabilities = new Float64Array(count)
  probabilities[index] = 1
  return probabilities
}

/** Draws an index from a distribution; never one of probability zero. Consumes one number of `random`. */
export function drawIndex(probabilities: Float64Array, random: Random): number {
  const threshold = random.next()
  let cumulated = 0
  let last = 0
  for (const [index, probability] of probabilities.entries()) {
    if (probability <= 0) continue
    cumulated += probability
    last = index
    if (threshold < cumulated) return index
  }
  // Rounding may leave the sum a hair under one: the last possible model takes the rest.
  return last
}

/**
 * Draws whether to explore and who answers, and writes the decision down: probabilities are those of the whole mixture,
 * (1 - e) * exploit + e * exploration; estimates are sorted best score first, equal scores in the context's order.
 * Consumes two numbers of `random`, whatever is chosen.
 */
export function choose(inputs: ChoiceInputs, random: Random): Decision {
  const { context, exploration } = inputs
  const exploit = inputs.exploit ?? uniformOverMinima(inputs.scores)
  const exploring = random.next() < (exploration?.probability ?? 0)
  const distribution = exploring && exploration !== undefined ? exploration.distribution : exploit
  const chosen = modelAt(context, drawIndex(distribution, random))
  const callsAll = exploring && exploration?.callAll === true
  return {
    chosen,
    mode: exploring ? 'explore' : 'exploit',
    shadows: callsAll ? context.models.map(model => model.id).filter(id => id !== chosen) : [],
    prices: inputs.prices,
    probabilities: exploration === undefined ? exploit : mixture(exploit, exploration),
    estimates: sortedEstimates(inputs),
  }
}

function mixture(exploit: Float64Array, exploration: Exploration): Float64Array {
  const { probability, distribution } = exploration
  return exploit.map((share, m) => (1 - probability) * share + probability * (distribution[m] ?? 0))
}

function sortedEstimates(inputs: ChoiceInputs): readonly ModelEstimate[] {
  const estimates = inputs.context.models.map((model, m) => ({
    model: model.id,
    satisfaction: inputs.satisfaction[m] ?? null,
    costUsd: inputs.costUsd[m] ?? null,
    score: inputs.scores[m] ?? 0,
  }))
  return estimates.sort((a, b) => a.score - b.score)
}

function modelAt(context: RoutingContext, index: number): Decision['chosen'] {
  const model = context.models[index]
  if (model === undefined)
    throw new RangeError(`model ${index} of ${context.models.length}: a context needs at least one model`)
  return model.id
}
