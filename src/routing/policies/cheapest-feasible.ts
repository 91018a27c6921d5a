import { certain, choose, type Exploration } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import type { Random } from '../numeric/random.ts'
import type { Policy, PolicyDefinition, PolicyParameter, PolicySetup } from '../policy.ts'
import { expectedCosts, largestModel, meanSatisfaction } from './observations.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { createPlainPolicy, type PlainKnowledge } from './plain-policy.ts'

const name = 'cheapest-feasible'

const parameters = [
  {
    name: 'labels',
    default: 30,
    min: 1,
    max: 100_000,
    meaning: 'labels that each model gets before its mean is trusted',
  },
  {
    name: 'z',
    default: 0,
    min: 0,
    max: 10,
    meaning: 'standard errors by which the mean of a model must exceed the floor; 0: the plain mean',
  },
] as const satisfies readonly PolicyParameter[]

type Settings = ReturnType<typeof resolveParameters<typeof parameters>>

/**
 * The cheapest single model whose mean satisfaction so far meets the floor, the best one where none does.
 * Models with too few labels are tried first, drawn uniformly among them: labels that are still on their way must not
 * send a whole burst of requests to one model.
 */
export const cheapestFeasible: PolicyDefinition = {
  name,
  summary: 'Tries every model, then uses the cheapest one whose learned mean meets the floor.',
  parameters,
  create: createCheapestFeasible,
}

function createCheapestFeasible(setup: PolicySetup, argument: string | null): Policy {
  refuseArgument(name, argument)
  const settings = resolveParameters(name, parameters, setup.parameters)
  return createPlainPolicy(name, setup, (knowledge, context, random) =>
    decide({ ...knowledge, settings }, context, random),
  )
}

interface Knowledge extends PlainKnowledge {
  readonly settings: Settings
}

function decide(knowledge: Knowledge, context: RoutingContext, random: Random): Decision {
  const { observations } = knowledge
  const satisfaction = context.models.map(({ id }) => meanSatisfaction(observations.model(id)))
  const costUsd = expectedCosts(observations, context)
  const inputs = { context, scores: scores(knowledge, context, costUsd), satisfaction, costUsd, prices: [] }
  const exploration = trial(knowledge, context)
  return choose(exploration === null ? inputs : { ...inputs, exploration }, random)
}

/** Tries, with certainty, one of the models that still lack labels; `null` when none does or none can get any. */
function trial({ settings, observations, learns }: Knowledge, context: RoutingContext): Exploration | null {
  const lacking = context.models.map(({ id }) => observations.model(id).labels < settings.labels)
  const count = lacking.filter(Boolean).length
  if (!learns || count === 0) return null
  return {
    probability: 1,
    distribution: Float64Array.from(lacking, lacks => (lacks ? 1 / count : 0)),
    callAll: false,
  }
}

/** Feasible models rank by cost, all others behind them by how far they fall short. */
function scores(
  knowledge: Knowledge,
  context: RoutingContext,
  costUsd: readonly (number | null)[],
): Float64Array {
  const { observations, settings } = knowledge
  if (context.models.every(({ id }) => observations.model(id).labels === 0)) {
    return certain(largestModel(observations, context), context.models.length).map(share => 1 - share)
  }
  // A model whose cost is unknown ranks as the dearest: it has not been called yet.
  const dearest = Math.max(0, ...costUsd.map(cost => cost ?? 0))
  return Float64Array.from(context.models, ({ id }, m) => {
    const { labels, satisfactionSum } = observations.model(id)
    const mean = labels === 0 ? 0 : satisfactionSum / labels
    const margin = labels === 0 ? 0 : settings.z * Math.sqrt((mean * (1 - mean)) / labels)
    const shortfall = context.floor - (mean - margin)
    return shortfall <= 0 ? (costUsd[m] ?? dearest) : dearest + 1 + shortfall
  })
}
