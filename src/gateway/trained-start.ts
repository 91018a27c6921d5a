import type { ModelId } from '../routing/model.ts'
import { createPolicy } from '../routing/policies/registry.ts'
import {
  allParameters,
  compareZoo,
  startTrained,
  type TrainedPolicy,
} from '../routing/policies/trained-policy.ts'
import type { Policy, PolicySnapshot } from '../routing/policy.ts'
import { ArtefactError } from '../store/artefact.ts'
import type { ClassConfig } from './config.ts'
import { mustBeTrained } from './config-check.ts'

/** A trained policy that classes may start from. */
export interface TrainedStart {
  /** Names it in the log and in errors. */
  readonly file: string
  readonly trained: TrainedPolicy
  /** The featurizer of this gateway. */
  readonly encoder: string
}

/** Which policy instances start from it. */
export interface StartPlan {
  readonly instances: ReadonlySet<string>
  /** Why a class whose policy it is cannot start from it. */
  readonly refusals: readonly string[]
  /** What the operator should know of those that do. */
  readonly remarks: readonly string[]
}

/** Finds the classes whose policy and parameters are those of the training; their models must be known at least in part. */
export function planStart(start: TrainedStart, classes: readonly ClassConfig[]): StartPlan {
  const own = classes.filter(entry => hasPolicy(entry, start.trained))
  const instances = new Set<string>()
  const refusals: string[] = []
  const remarks: string[] = []
  for (const name of new Set(own.map(entry => entry.policyInstance))) {
    const sharing = own.filter(entry => entry.policyInstance === name)
    const subject = namesOf(sharing)
    const models = [...new Set(sharing.flatMap((entry): readonly ModelId[] => [...entry.models]))]
    try {
      startTrained(start.trained, 0)
      const { newcomers } = compareZoo(start.trained, { encoder: start.encoder, models })
      instances.add(name)
      if (newcomers.length > 0)
        remarks.push(`${subject}: not trained on ${newcomers.join(', ')}, unknown at first`)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      refusals.push(`${subject} cannot start from it: ${error.message}`)
    }
  }
  return { instances, refusals, remarks }
}

/** Ends the start of a gateway whose operator named an artefact that its classes cannot start from. Throws `ArtefactError`. */
export function requireStart(start: TrainedStart, classes: readonly ClassConfig[]): void {
  const { instances, refusals } = planStart(start, classes)
  if (refusals.length > 0) throw new ArtefactError(start.file, refusals.join('; '))
  if (instances.size > 0) return
  const { policy, parameters } = start.trained
  const present = classes.map(
    entry => `${entry.sla.name} has ${describe(entry.policy, entry.policyParameters)}`,
  )
  throw new ArtefactError(
    start.file,
    `it holds the policy ${describe(policy, parameters)}, but no class has this policy with these parameters (${present.join(', ')}); train the policy of a class, or configure the class with this one`,
  )
}

/** A class has a policy that must be trained, and neither an artefact nor a saved state to start it from. */
export class UntrainedPolicyError extends Error {
  readonly code = 'untrained_policy'

  constructor({ sla, policy }: ClassConfig, cause: unknown) {
    super(
      `class ${sla.name}: policy ${policy} must be trained first: start with --artefact FILE, which plimsoll train --policy ${policy} writes, with the parameters of the class`,
      { cause },
    )
    this.name = 'UntrainedPolicyError'
  }
}

/** How one policy instance starts: from a state of its own, else from the artefact where the plan says so, else from nothing. */
export function startInstance(
  entry: ClassConfig,
  snapshot: PolicySnapshot | null,
  start: { readonly trained: TrainedPolicy } | null,
): Policy {
  const { policy, policyParameters: parameters, auditBudget } = entry
  if (snapshot === null && start !== null) return startTrained(start.trained, auditBudget)
  try {
    return createPolicy(policy, { parameters, training: null, snapshot, auditBudget })
  } catch (error) {
    if (snapshot === null && mustBeTrained(policy)) throw new UntrainedPolicyError(entry, error)
    throw error
  }
}

/** `class gold`, or `each of gold, silver`. */
export function namesOf(classes: readonly ClassConfig[]): string {
  const names = classes.map(entry => entry.sla.name)
  return names.length === 1 ? `class ${names[0]}` : `each of ${names.join(', ')}`
}

function hasPolicy({ policy, policyParameters }: ClassConfig, trained: TrainedPolicy): boolean {
  if (policy !== trained.policy) return false
  const [here, there] = [allParameters(policy, policyParameters), allParameters(policy, trained.parameters)]
  return Object.entries(here).every(([name, value]) => there[name] === value)
}

/** `plimsoll`, or `plimsoll with exploration=0.2`: only what differs from the defaults. */
function describe(policy: string, parameters: Readonly<Record<string, number>>): string {
  const usual = allParameters(policy, {})
  const stated = Object.entries(parameters).filter(([name, value]) => usual[name] !== value)
  return stated.length === 0 ? policy : `${policy} with ${stated.map(pair => pair.join('=')).join(' ')}`
}
