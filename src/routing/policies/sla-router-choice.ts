import { certain, choose, type Exploration, lagrangianScores, uniform } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import type { Random } from '../numeric/random.ts'
import type { Predictions } from '../predict/beliefs.ts'
import type { SlaRouterClass } from './sla-router-class.ts'
import { evidenceOf, loggedPrices } from './sla-router-evidence.ts'
import type { SlaRouterShared } from './sla-router-state.ts'

/** Posterior deviations within which a model may be better than it seems. */
const PROMISING = 2

/** What one decision reads. */
export interface SlaRouterChoice {
  readonly context: RoutingContext
  readonly state: SlaRouterClass
  readonly shared: SlaRouterShared
}

interface Outlook extends Predictions {
  readonly choice: SlaRouterChoice
  readonly scores: Float64Array
}

/**
 * Takes argmin_m c_m - price * p_m; with probability min(1, c / t^(1/4)) another model on purpose; the proven model where
 * nothing, or too little, is known of the others. Reads learned state, changes none.
 */
export function decideSlaRouter(choice: SlaRouterChoice, random: Random): Decision {
  const { context, state, shared } = choice
  const count = context.models.length
  const predicted = { satisfaction: new Float64Array(count), costUsd: new Float64Array(count) }
  const view = shared.beliefs.view(context.features, context.promptTokens)
  shared.beliefs.predict(context.models, view, state.shift, predicted)
  const costUsd = guessUnknown(predicted.costUsd)
  const scores = lagrangianScores(costUsd, predicted.satisfaction, state.priceUsd)
  const leans = state.leansOnProven(evidenceOf(shared, context.sla))
  const lean = leans ? { exploit: certain(provenModel(context, costUsd), count) } : {}
  return choose(
    {
      context,
      scores,
      satisfaction: predicted.satisfaction,
      costUsd: Array.from(predicted.costUsd, cost => (Number.isNaN(cost) ? null : cost)),
      prices: loggedPrices(state),
      ...lean,
      exploration: exploration({ ...predicted, choice, scores }),
    },
    random,
  )
}

function exploration(outlook: Outlook): Exploration {
  const { context, state, shared } = outlook.choice
  const none = { probability: 0, distribution: uniform(context.models.length), callAll: false }
  // Where no label can come, trying teaches nothing.
  if (evidenceOf(shared, context.sla) === 'nothing') return none
  const untried = untriedModels(outlook)
  if (untried !== null) return { ...none, probability: 1, distribution: untried }
  const probability = Math.min(1, shared.settings.c / Math.max(1, state.decisions) ** 0.25)
  if (!state.inDebt) return { ...none, probability }
  const promising = mostPromising(outlook)
  return promising === null ? none : { ...none, probability, distribution: promising }
}

/** Models of unknown cost: each is called once before anything else, but not again while that call is under way. */
function untriedModels({ choice: { context, shared }, costUsd }: Outlook): Float64Array | null {
  const { roster } = shared.beliefs
  return uniformOver(
    context.models.map((spec, m) => {
      const calls = roster.entries[roster.slot(spec.id)]?.calls ?? 0
      return Number.isNaN(costUsd[m]) && calls === 0 && (context.load[m]?.inFlight ?? 0) === 0
    }),
  )
}

/**
 * The best score where every model is read at the upper confidence bound of its satisfaction at this prompt, if that is another
 * than the best score: a debt is not paid downward, a model is tried if it would pay at its best, and an unlucky start of
 * a good model is forgotten fastest by asking it again. `null` where there is none.
 */
function mostPromising(outlook: Outlook): Float64Array | null {
  const { context, shared, state } = outlook.choice
  const { satisfaction, scores } = outlook
  const view = shared.beliefs.view(context.features, context.promptTokens)
  const deviations = shared.beliefs.deviations(context.models, view)
  const greedy = scores.indexOf(Math.min(...scores))
  const favourable = scores.map((score, m) => {
    const upward = (satisfaction[m] ?? 0) + PROMISING * (deviations[m] ?? 0) > (satisfaction[greedy] ?? 0)
    if (m === greedy || !upward) return Number.POSITIVE_INFINITY
    return score - state.priceUsd * PROMISING * (deviations[m] ?? 0)
  })
  const best = favourable.indexOf(Math.min(...favourable))
  const better = (favourable[best] ?? 0) < (scores[greedy] ?? 0)
  return better ? certain(best, context.models.length) : null
}

/** Uniform over the marked models; `null` without any. */
function uniformOver(marked: readonly boolean[]): Float64Array | null {
  const count = marked.filter(Boolean).length
  return count === 0 ? null : Float64Array.from(marked, mark => (mark ? 1 / count : 0))
}

/** A cost that nothing is known of counts as the dearest known one. */
function guessUnknown(costUsd: Float64Array): Float64Array {
  const dearest = costUsd.reduce((most, cost) => (cost > most ? cost : most), 0)
  return costUsd.map(cost => (Number.isNaN(cost) ? dearest : cost))
}

/** Position of the declared proven model, else of the dearest by expectation. */
function provenModel({ models, sla }: RoutingContext, costUsd: Float64Array): number {
  const declared = models.findIndex(spec => spec.id === sla.proven)
  return declared >= 0 ? declared : costUsd.indexOf(Math.max(...costUsd))
}
