import { choose } from '../choose.ts'
import type { Policy, PolicyDefinition, PolicySetup } from '../policy.ts'
import { expectedCosts } from './observations.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { createPlainPolicy } from './plain-policy.ts'

/** Every eligible model with the same probability. */
export const random: PolicyDefinition = {
  name: 'random',
  summary: 'Every eligible model with the same probability.',
  parameters: [],
  create: createRandomPolicy,
}

function createRandomPolicy(setup: PolicySetup, argument: string | null): Policy {
  refuseArgument('random', argument)
  resolveParameters('random', random.parameters, setup.parameters)
  return createPlainPolicy('random', setup, ({ observations }, context, source) =>
    choose(
      {
        context,
        scores: new Float64Array(context.models.length),
        satisfaction: context.models.map(() => null),
        costUsd: expectedCosts(observations, context),
        prices: [],
      },
      source,
    ),
  )
}
