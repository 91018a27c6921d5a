import { certain, choose } from '../choose.ts'
import type { RoutingContext } from '../decision.ts'
import type { Policy, PolicyDefinition, PolicySetup } from '../policy.ts'
import { expectedCosts, largestModel, type Observations } from './observations.ts'
import { resolveParameters } from './parameters.ts'
import { createPlainPolicy } from './plain-policy.ts'

/** Always the same model; where it is not eligible, the model to lean on answers instead (see `largestModel`). */
export const fixed: PolicyDefinition = {
  name: 'fixed',
  summary: 'Always the model after the colon: fixed:provider/model.',
  parameters: [],
  create: createFixed,
}

function createFixed(setup: PolicySetup, argument: string | null): Policy {
  if (argument === null || argument === '') {
    throw new RangeError('policy fixed needs a model after a colon, for example fixed:openai/gpt-4o')
  }
  resolveParameters('fixed', fixed.parameters, setup.parameters)
  return createPlainPolicy(`fixed:${argument}`, setup, ({ observations }, context, random) => {
    const index = fixedIndex(argument, observations, context)
    return choose(
      {
        context,
        scores: certain(index, context.models.length).map(share => 1 - share),
        satisfaction: context.models.map(() => null),
        costUsd: expectedCosts(observations, context),
        prices: [],
      },
      random,
    )
  })
}

function fixedIndex(model: string, observations: Observations, context: RoutingContext): number {
  const index = context.models.findIndex(spec => spec.id === model)
  return index >= 0 ? index : largestModel(observations, context)
}
