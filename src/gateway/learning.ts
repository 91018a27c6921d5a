import { createLearner, type Learner, type LearnerOptions } from '../learner/learner.ts'
import type { PolicySnapshot } from '../routing/policy.ts'
import { evidenceAdvice } from '../routing/predict/evidence.ts'
import type { ClassConfig, GatewayConfig } from './config.ts'
import { namesOf, planStart, startInstance, type TrainedStart } from './trained-start.ts'

/** The learner of the configuration in force. */
export interface Learning {
  readonly learner: Learner
  /** Learns for another configuration; rejects, and goes on for the old one, when that cannot be. */
  change(config: GatewayConfig): Promise<void>
  close(): Promise<void>
}

type LearningParts = Pick<LearnerOptions, 'store' | 'queue' | 'now' | 'onError'> & {
  /** What classes without a state of their own start from. */
  readonly start: TrainedStart | null
  readonly log: (line: string) => void
}

/** Continues every policy of a configuration from the log; resolves once all of it is folded. */
export async function startLearning(first: GatewayConfig, parts: LearningParts): Promise<Learning> {
  const start = (config: GatewayConfig): Promise<Learner> =>
    createLearner({ ...parts, ...setupOf(config, parts) })
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
function setupOf(config: GatewayConfig, parts: LearningParts): Pick<LearnerOptions, 'policies' | 'classes'> {
  const instances = new Map<string, ClassConfig>()
  for (const entry of config.classes) instances.set(entry.policyInstance, entry)
  const starts = startsOf(config, parts)
  return {
    policies: [...instances].map(([name, entry]) => ({
      name,
      createPolicy: (snapshot: PolicySnapshot | null) => {
        const start = starts.has(name) ? parts.start : null
        const policy = startInstance(entry, snapshot, start)
        if (start !== null) {
          const sharing = namesOf(config.classes.filter(({ policyInstance }) => policyInstance === name))
          const from =
            snapshot === null ? `from ${start.file}` : `from its saved state, not from ${start.file}`
          parts.log(`${sharing} starts ${from}`)
          const { evidence } = start.trained
          if (snapshot === null && evidence !== 'full')
            parts.log(`${sharing}: evidence is ${evidence}; ${evidenceAdvice(evidence)}`)
        }
        return policy
      },
    })),
    classes: config.classes.map(entry => ({ name: entry.sla.name, windowMs: entry.feedbackWindowMs })),
  }
}

/** The policy instances that start from the artefact, where there is one. */
function startsOf(config: GatewayConfig, { start, log }: LearningParts): ReadonlySet<string> {
  if (start === null) return new Set()
  const { instances, refusals, remarks } = planStart(start, config.classes)
  for (const line of [...refusals, ...remarks]) log(`${start.file}: ${line}`)
  return instances
}

/** What of a configuration the learner depends on. */
function shapeOf(config: GatewayConfig): string {
  return JSON.stringify(
    config.classes.map(entry => [entry.sla.name, entry.feedbackWindowMs, entry.policyInstance]),
  )
}
