import type { ModelId, ModelSpec } from '../model.ts'
import type { Policy, PolicyDefinition, PolicySnapshot } from '../policy.ts'
import type { Evidence } from '../predict/evidence.ts'
import { resolveParameters } from './parameters.ts'
import { createPolicy, policyDefinitions } from './registry.ts'

/** A policy that was trained somewhere else, with what must hold where it goes on. */
export interface TrainedPolicy {
  /** As `createPolicy` takes it: `plimsoll`, or `fixed:provider/model`. */
  readonly policy: string
  /** Values of all its parameters. */
  readonly parameters: Readonly<Record<string, number>>
  /** What made the features that it learned on: the featurizer, with the semantic encoder where there was one (`featuresName`). */
  readonly encoder: string
  /** What the number of its training rows is good for. */
  readonly evidence: Evidence
  /** The models that it was trained on, with their price list. */
  readonly models: readonly ModelSpec[]
  readonly snapshot: PolicySnapshot
}

/** Where a trained policy is to decide. */
export interface TrainedSurroundings {
  readonly encoder: string
  readonly models: readonly ModelId[]
}

/** How the models there and the models of the training agree. */
export interface ZooComparison {
  readonly known: readonly ModelId[]
  /** There, but not trained on. */
  readonly newcomers: readonly ModelId[]
  /** Trained on, but not there. */
  readonly absent: readonly ModelId[]
}

/** Values of all parameters of a policy. Throws a RangeError for an unknown policy, an unknown parameter or a value out of its range. */
export function allParameters(
  policy: string,
  given: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const { name, parameters } = definitionOf(policy)
  return resolveParameters(name, parameters, given)
}

function definitionOf(policy: string): PolicyDefinition {
  const base = policy.split(':', 1)[0]
  const definition = policyDefinitions.find(({ name }) => name === base)
  if (definition !== undefined) return definition
  const known = policyDefinitions.map(({ name }) => name).join(', ')
  throw new RangeError(`unknown policy "${policy}"; the known ones are ${known}`)
}

/** Compares surroundings with those of the training. Throws a RangeError for another encoder and when no model is known. */
export function compareZoo(trained: TrainedPolicy, there: TrainedSurroundings): ZooComparison {
  if (trained.encoder !== there.encoder) {
    throw new RangeError(
      `it was trained on features of ${trained.encoder}, but features here are made by ${there.encoder}; use the same encoder, or train it again`,
    )
  }
  const learned = new Set(trained.models.map(({ id }) => id))
  const present = new Set(there.models)
  const known = there.models.filter(id => learned.has(id))
  if (known.length === 0) {
    throw new RangeError(
      `it was trained on ${[...learned].join(', ')}, and none of these is among ${there.models.join(', ')}; train it on the models that it is to choose from, under the same names`,
    )
  }
  return {
    known,
    newcomers: there.models.filter(id => !learned.has(id)),
    absent: [...learned].filter(id => !present.has(id)),
  }
}

/** Builds the policy in the state in which training left it. Throws a RangeError when this version cannot read that state. */
export function startTrained(trained: TrainedPolicy, auditBudget: number): Policy {
  const { policy, parameters, snapshot } = trained
  if (snapshot.policy !== policy) {
    throw new RangeError(
      `it names the policy ${policy}, but holds the state of ${snapshot.policy}; train it again`,
    )
  }
  try {
    return createPolicy(policy, { parameters, training: null, snapshot, auditBudget })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new RangeError(
      `this version cannot read its state (policy ${policy}, schema ${snapshot.schema}); train it again, or use the version that wrote it`,
      { cause: error },
    )
  }
}
