import type { Policy, PolicyDefinition, PolicySetup, PolicyTrainer } from '../policy.ts'
import { carrot } from './carrot.ts'
import { cheapestFeasible } from './cheapest-feasible.ts'
import { ens } from './ens.ts'
import { fixed } from './fixed.ts'
import { knn } from './knn.ts'
import { lr } from './lr.ts'
import { meanCost } from './mean-cost.ts'
import { messPlus } from './mess-plus.ts'
import { omnirouter } from './omnirouter.ts'
import { resolveParameters } from './parameters.ts'
import { paretoBandit } from './pareto-bandit.ts'
import { plimsoll } from './plimsoll.ts'
import { proteus } from './proteus.ts'
import { random } from './random.ts'
import { slaRouter } from './sla-router.ts'
import { staticMixture } from './static-mixture.ts'
import { threshold } from './threshold.ts'

/** Every policy that can be named in a configuration or on the command line. */
export const policyDefinitions: readonly PolicyDefinition[] = [
  plimsoll,
  messPlus,
  slaRouter,
  staticMixture,
  cheapestFeasible,
  fixed,
  random,
  lr,
  knn,
  ens,
  meanCost,
  carrot,
  omnirouter,
  paretoBandit,
  proteus,
  threshold,
]

/** Whether features for a policy, as `createPolicy` takes its name, must hold n-grams; false for a name that is unknown. */
export function readsNgrams(policy: string): boolean {
  const base = policy.split(':', 1)[0]
  return policyDefinitions.some(({ name, readsNgrams = false }) => name === base && readsNgrams)
}

/**
 * Builds a policy from its name, `mess-plus` or `fixed:MODEL`.
 * Throws a RangeError for an unknown name (listing the known ones), an unknown parameter, a value out of its range,
 * a missing or superfluous argument, and a snapshot of another policy.
 *
 * @example
 * const policy = createPolicy('fixed:openai/gpt-4o', { parameters: {}, training: null, snapshot: null, auditBudget: 0 })
 */
export function createPolicy(name: string, setup: PolicySetup): Policy {
  const { definition, argument, parameters } = named(name, setup)
  return definition.create({ ...setup, parameters }, argument)
}

/**
 * The training in steps of a policy that has one, gone on with from a checkpoint where there is one; `null` for a policy that is
 * trained at one go. Throws a RangeError as `createPolicy` does.
 */
export function createTrainer(
  name: string,
  setup: PolicySetup,
  checkpoint: Uint8Array | null,
): PolicyTrainer | null {
  const { definition, argument, parameters } = named(name, setup)
  return definition.trainer?.({ ...setup, parameters }, argument, checkpoint) ?? null
}

function named(name: string, setup: PolicySetup) {
  const colon = name.indexOf(':')
  const base = colon < 0 ? name : name.slice(0, colon)
  const argument = colon < 0 ? null : name.slice(colon + 1)
  const definition = policyDefinitions.find(candidate => candidate.name === base)
  if (definition === undefined) {
    const known = policyDefinitions.map(candidate => candidate.name).join(', ')
    throw new RangeError(
      `unknown policy "${name}"; the known ones are ${known} (fixed takes a model: fixed:provider/model)`,
    )
  }
  const parameters = resolveParameters(base, definition.parameters, setup.parameters)
  return { definition, argument, parameters }
}
