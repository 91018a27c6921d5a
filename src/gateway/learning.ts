import { createLearner, type Learner, type LearnerOptions } from '../learner/learner.ts'
import { createPolicy } from '../routing/policies/registry.ts'
import type { PolicySnapshot } from '../routing/policy.ts'
import type { ClassConfig, GatewayConfig } from './config.ts'

/** The learner of the configuration in force. */
export interface Learning {
  readonly learner: Learner
  /** Learns for another configuration; rejects, and goes on for the old one, when that cannot be. */
  change(config: GatewayConfig): Promise<void>
  close(): Promise<void>
}

type LearningParts = Pick<LearnerOptions, 'store' | 'queue' | 'now' | 'onError'>

/** Continues every policy of a configuration from the log; resolves once all of it is folded. */
export async function startLearning(first: GatewayConfig, parts: LearningParts): Promise<Learning> {
  const start = (config: GatewayConfig): Promise<Learner> => createLearner({ ...parts, ...setupOf(config) })
  let config = first
  let learner = await start(first)
  return {
    get learner() {
      return learner
    },
    async change(next) {
      if (shapeOf(next) !== shapeOf(config)) {
        await parts.queue.flush()
        await learner.close()
        learner = await start(next).catch(async (error: unknown) => {
          learner = await start(config)
          throw error
        })
      }
      config = next
    },
    close: () => learner.close(),
  }
}

/** Every policy instance that the classes need, each once, and the classes with their windows. */
function setupOf(config: GatewayConfig): Pick<LearnerOptions, 'policies' | 'classes'> {
  const instances = new Map<string, ClassConfig>()
  for (const entry of config.classes) instances.set(entry.policyInstance, entry)
  return {
    policies: [...instances].map(([name, { policy, policyParameters: parameters, auditBudget }]) => ({
      name,
      createPolicy: (snapshot: PolicySnapshot | null) =>
        createPolicy(policy, { parameters, training: null, snapshot, auditBudget }),
    })),
    classes: config.classes.map(entry => ({ name: entry.sla.name, windowMs: entry.feedbackWindowMs })),
  }
}

/** What of a configuration the learner depends on. */
function shapeOf(config: GatewayConfig): string {
  return JSON.stringify(
    config.classes.map(entry => [entry.sla.name, entry.feedbackWindowMs, entry.policyInstance]),
  )
}
