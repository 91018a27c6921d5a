import { certain, choose, lagrangianScores, uniform } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import { staticMixture as solve } from '../evaluate/static-mixture.ts'
import type { Random } from '../numeric/random.ts'
import type { Policy, PolicyDefinition, PolicyParameter, PolicySetup } from '../policy.ts'
import { expectedCosts, largestModel, meanSatisfaction } from './observations.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { createPlainPolicy, type PlainKnowledge } from './plain-policy.ts'

const name = 'static-mixture'

const parameters = [
  {
    name: 'labels',
    default: 20,
    min: 1,
    max: 100_000,
    meaning: 'labels that each model gets before the mixture is trusted',
  },
  {
    name: 'exploration',
    default: 0.02,
    min: 0,
    max: 1,
    meaning: 'share of decisions spread evenly over all models afterwards, so that no mean grows stale',
  },
] as const satisfies readonly PolicyParameter[]

type Settings = ReturnType<typeof resolveParameters<typeof parameters>>

/**
 * The cheapest lottery over models whose learned means meet the floor, solved anew at every decision from the means so far
 * (see `staticMixture` in evaluate/). It reads no prompt: whatever a policy saves beyond it comes from reading.
 */
export const staticMixture: PolicyDefinition = {
  name,
  summary: 'The cheapest lottery over models whose learned mean satisfaction meets the floor.',
  parameters,
  create: createStaticMixture,
}

function createStaticMixture(setup: PolicySetup, argument: string | null): Policy {
  refuseArgument(name, argument)
  const settings = resolveParameters(name, parameters, setup.parameters)
  return createPlainPolicy(name, setup, (knowledge, context, random) =>
    decide({ ...knowledge, settings }, context, random),
  )
}

interface Knowledge extends PlainKnowledge {
  readonly settings: Settings
}

/** A lottery and the price that makes its models tie. */
interface Lottery {
  readonly weights: Float64Array
  readonly priceUsd: number | null
}

function decide(knowledge: Knowledge, context: RoutingContext, random: Random): Decision {
  const { observations } = knowledge
  const count = context.models.length
  const satisfaction = context.models.map(({ id }) => meanSatisfaction(observations.model(id)))
  const costUsd = expectedCosts(observations, context)
  const { weights, priceUsd } = lottery(knowledge, context, { satisfaction, costUsd })
  const known = Float64Array.from(satisfaction, value => value ?? 0)
  const scores =
    priceUsd === null ? weights.map(weight => 1 - weight) : lagrangianScores(filled(costUsd), known, priceUsd)
  return choose(
    {
      context,
      scores,
      satisfaction,
      costUsd,
      prices: priceUsd === null ? [] : [{ constraint: 'satisfaction', priceUsd }],
      exploit: weights,
      exploration: {
        probability: explorationProbability(knowledge, context),
        distribution: uniform(count),
        callAll: false,
      },
    },
    random,
  )
}

function explorationProbability(
  { settings, observations, learns }: Knowledge,
  context: RoutingContext,
): number {
  if (!learns) return 0
  const lacking = context.models.some(({ id }) => observations.model(id).labels < settings.labels)
  return lacking ? 1 : settings.exploration
}

interface Means {
  readonly satisfaction: readonly (number | null)[]
  readonly costUsd: readonly (number | null)[]
}

/** The program's solution; the best mean where the floor is out of reach; the model to lean on before any label. */
function lottery(knowledge: Knowledge, context: RoutingContext, means: Means): Lottery {
  const count = context.models.length
  if (means.satisfaction.every(mean => mean === null)) {
    return { weights: certain(largestModel(knowledge.observations, context), count), priceUsd: null }
  }
  const satisfaction = Float64Array.from(means.satisfaction, mean => mean ?? 0)
  const mixture = solve(satisfaction, filled(means.costUsd), context.floor)
  if (mixture !== null) return mixture
  return { weights: certain(satisfaction.indexOf(Math.max(...satisfaction)), count), priceUsd: null }
}

/** Costs with the unknown ones as dear as the dearest known: a model that has not been called is no bargain. */
function filled(costUsd: readonly (number | null)[]): Float64Array {
  const dearest = Math.max(0, ...costUsd.map(cost => cost ?? 0))
  return Float64Array.from(costUsd, cost => cost ?? dearest)
}
