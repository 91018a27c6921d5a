import { choose } from '../choose.ts'
import type { Policy, PolicyDefinition, PolicySetup } from '../policy.ts'
import { createObservations, expectedCosts, type ObservationsState, plainReport } from './observations.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { encodeState, openSnapshot } from './snapshot-bytes.ts'

const schema = 1

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
  const restored = openSnapshot(setup.snapshot, 'random', schema)
  const observations = createObservations(0, restored?.state as ObservationsState | undefined)
  return {
    name: 'random',
    decide: (context, source) =>
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
    auditProbability: () => 0,
    learn: event => observations.learn(event),
    report: className => plainReport(observations, className),
    snapshot: () => ({
      policy: 'random',
      schema,
      bytes: encodeState({ state: observations.state(), floats: [] }),
    }),
  }
}
