import { certain, choose, lagrangianScores, uniformOverMinima } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import type { Random } from '../numeric/random.ts'
import { hashString } from '../numeric/random.ts'
import type { Predictions } from '../predict/beliefs.ts'
import type { PromptView } from '../predict/prompt-reader.ts'
import { blockedByOutlay } from '../price/outlay-guard.ts'
import type { PlimsollController } from './plimsoll-controller.ts'
import type { PlimsollSetup } from './plimsoll-setup.ts'
import { usersSayBoth } from './usable-label.ts'

/** Labels below which a cold start on a channel without praise trusts nothing but the proven model. */
const TRUSTED_LABELS = 300
/** Draws of a Thompson step: few enough to state each model's probability exactly. */
const DRAWS = 32
/** Makes a blocked model dearer than any price of satisfaction could repay; scores stay finite. */
const PROHIBITIVE = 1e6

/** What one decision of `plimsoll` reads. */
export interface PlimsollChoice {
  readonly context: RoutingContext
  readonly controller: PlimsollController
  readonly setup: PlimsollSetup
}

interface Outlook extends Predictions {
  readonly choice: PlimsollChoice
  readonly view: PromptView
  readonly priceUsd: number
  /** Cost with a guess where it is unknown. */
  readonly scoredCostUsd: Float64Array
  readonly scores: Float64Array
}

/** Decides one request; reads learned state, changes none. */
export function decidePlimsoll(choice: PlimsollChoice, random: Random): Decision {
  const outlook = foresee(choice)
  const retreating = retreat(outlook)
  const exploit = retreating ?? uniformOverMinima(outlook.scores)
  const distribution = retreating ?? preferred(outlook) ?? exploit
  const decision = choose(
    {
      context: choice.context,
      scores: outlook.scores,
      satisfaction: outlook.satisfaction,
      costUsd: Array.from(outlook.costUsd, cost => (Number.isNaN(cost) ? null : cost)),
      prices: [{ constraint: 'satisfaction', priceUsd: outlook.priceUsd }],
      exploit: distribution,
    },
    random,
  )
  const position = choice.context.models.findIndex(spec => spec.id === decision.chosen)
  return (exploit[position] ?? 0) > 0 ? decision : { ...decision, mode: 'explore' }
}

function foresee(choice: PlimsollChoice): Outlook {
  const { context, controller, setup } = choice
  const { models } = context
  const view = setup.beliefs.view(context.features, context.promptTokens)
  const predictions = {
    satisfaction: new Float64Array(models.length),
    costUsd: new Float64Array(models.length),
  }
  setup.beliefs.predict(models, view, controller.shift, predictions)
  const { maxPriceUsd } = setup.parameters
  const planned = controller.priceAt(context.floor)
  const priceUsd = maxPriceUsd > 0 ? Math.min(planned, maxPriceUsd) : planned
  const scoredCostUsd = guardedCosts(choice, guessUnknown(predictions.costUsd))
  const scores = lagrangianScores(scoredCostUsd, predictions.satisfaction, priceUsd)
  return { ...predictions, choice, view, priceUsd, scoredCostUsd, scores }
}

/** A cost that nothing is known of counts as the dearest known one. */
function guessUnknown(costUsd: Float64Array): Float64Array {
  let dearest = 0
  for (const cost of costUsd) if (cost > dearest) dearest = cost
  return costUsd.map(cost => (Number.isNaN(cost) ? dearest : cost))
}

/** Costs with a prohibitive one for each model that the outlay guard blocks. */
function guardedCosts({ context, controller, setup }: PlimsollChoice, costUsd: Float64Array): Float64Array {
  if (setup.parameters.outlayGuard === 0) return costUsd
  const records = context.models.map((spec, m) => setup.beliefs.outlay(spec.id, costUsd[m] ?? 0))
  const blocked = blockedByOutlay(records, controller)
  return costUsd.map((cost, m) => (blocked[m] === true ? cost * PROHIBITIVE : cost))
}

/** Distribution over the models where something else than the best score decides; `null` where nothing does. */
function preferred(outlook: Outlook): Float64Array | null {
  const { context, controller, setup } = outlook.choice
  const { beliefs, parameters } = setup
  const silent = !usersSayBoth(context.sla.feedback)
  if (!beliefs.warm && silent && beliefs.labels < TRUSTED_LABELS) return provenModel(outlook)
  const untried = untriedModels(outlook)
  if (untried !== null) return untried
  const newcomers = context.models.some(spec => beliefs.isNewcomer(spec.id))
  if (parameters.exploration === 0 || (beliefs.warm && !newcomers)) return null
  const deviations = beliefs.deviations(context.models, outlook.view)
  if (beliefs.warm) {
    context.models.forEach((spec, m) => {
      if (!beliefs.isNewcomer(spec.id)) deviations[m] = 0
    })
  }
  const optimistic = uniformOverMinima(optimisticScores(outlook, parameters.exploration, deviations))
  const doubt = controller.doubt(context.floor)
  if (doubt === 0) return optimistic
  const sampled = thompson(outlook, deviations)
  return optimistic.map((share, m) => (1 - doubt) * share + doubt * (sampled[m] ?? 0))
}

/** The model that serves while another one is suspect, where the operator wants one to. */
function retreat({ choice: { context, controller } }: Outlook): Float64Array | null {
  const model = controller.suspects.retreat
  const position = model === null ? -1 : context.models.findIndex(spec => spec.id === model)
  return position < 0 ? null : certain(position, context.models.length)
}

/** The model declared as proven; else the dearest, once every model of unknown cost was called to find out which one that is. */
function provenModel(outlook: Outlook): Float64Array {
  const { models, sla } = outlook.choice.context
  const declared = models.findIndex(spec => spec.id === sla.proven)
  if (declared >= 0) return certain(declared, models.length)
  const costUsd = guessUnknown(outlook.costUsd)
  return untriedModels(outlook) ?? certain(costUsd.indexOf(Math.max(...costUsd)), models.length)
}

/**
 * Every model of unknown cost is called once, and so is a newcomer to a trained zoo. A model that is being called at this
 * moment is not called for this reason again, or many requests in flight would all try the dearest model at once.
 */
function untriedModels(outlook: Outlook): Float64Array | null {
  const { context, setup } = outlook.choice
  const { beliefs } = setup
  const untried = context.models.map((spec, m) => {
    const calls = beliefs.roster.entries[beliefs.roster.slot(spec.id)]?.calls ?? 0
    if (calls > 0 || (context.load[m]?.inFlight ?? 0) > 0) return 0
    const newcomer = beliefs.warm && beliefs.isNewcomer(spec.id)
    return newcomer || Number.isNaN(outlook.costUsd[m]) ? 1 : 0
  })
  const count = untried.reduce<number>((sum, flag) => sum + flag, 0)
  return count === 0 ? null : Float64Array.from(untried, flag => flag / count)
}

/** c_m - price * min(1, p_m + a * sd_m). */
function optimisticScores(outlook: Outlook, exploration: number, deviations: Float64Array): Float64Array {
  return outlook.scoredCostUsd.map((cost, m) => {
    const optimistic = (outlook.satisfaction[m] ?? 0) + exploration * (deviations[m] ?? 0)
    return cost - outlook.priceUsd * Math.min(1, optimistic)
  })
}

/**
 * Thompson sampling in 32 equally likely draws: each model's normal deviate runs through 32 quantiles in an order of its own,
 * which changes from decision to decision. The probability of each model is its share of the draws, exactly.
 */
function thompson(outlook: Outlook, deviations: Float64Array): Float64Array {
  const { context, controller } = outlook.choice
  const { scoredCostUsd, satisfaction, priceUsd } = outlook
  const count = context.models.length
  const seeds = Uint32Array.from(context.models, spec => hashString(spec.id, controller.decisions))
  const probabilities = new Float64Array(count)
  for (let draw = 0; draw < DRAWS; draw++) {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (let m = 0; m < count; m++) {
      const seed = seeds[m] ?? 0
      const quantile = QUANTILES[(draw * (2 * (seed & 15) + 1) + (seed >>> 8)) % DRAWS] ?? 0
      const sampled = (satisfaction[m] ?? 0) + (deviations[m] ?? 0) * quantile
      const score = (scoredCostUsd[m] ?? 0) - priceUsd * Math.min(1, sampled)
      if (score < least) {
        least = score
        best = m
      }
    }
    probabilities[best] = (probabilities[best] ?? 0) + 1 / DRAWS
  }
  return probabilities
}

/** Standard normal quantiles at (i + 1/2) / 32. */
const QUANTILES: readonly number[] = Array.from({ length: DRAWS }, (_, i) =>
  normalQuantile((i + 0.5) / DRAWS),
)

/** Inverse of the standard normal distribution function, by bisection. */
function normalQuantile(share: number): number {
  let low = -6
  let high = 6
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (normalShare(middle) < share) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Normal distribution function by its power series, accurate for |z| <= 6. */
function normalShare(z: number): number {
  let term = z
  let sum = z
  for (let k = 1; k < 200; k++) {
    term *= (z * z) / (2 * k + 1)
    sum += term
  }
  return 0.5 + (sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI)
}
