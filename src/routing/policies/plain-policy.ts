import type { Decision, RoutingContext } from '../decision.ts'
import type { Random } from '../numeric/random.ts'
import type { Policy, PolicySetup } from '../policy.ts'
import { createObservations, type Observations, type ObservationsState, plainReport } from './observations.ts'
import { encodeState, openSnapshot } from './snapshot-bytes.ts'
import { bringsLabels, plainAuditProbability } from './usable-label.ts'

const schema = 1

/** What a policy that reads no prompt decides from. */
export interface PlainKnowledge {
  readonly observations: Observations
  /** Whether labels of the request's class can come at all; without them there is nothing to explore for. */
  readonly learns: boolean
}

/** A policy whose learned state is the observations alone; `name` is the one in its snapshots, argument included. */
export function createPlainPolicy(
  name: string,
  setup: PolicySetup,
  decide: (knowledge: PlainKnowledge, context: RoutingContext, random: Random) => Decision,
): Policy {
  const { auditBudget } = setup
  const restored = openSnapshot(setup.snapshot, name, schema)
  const observations = createObservations(auditBudget, restored?.state as ObservationsState | undefined)
  if (restored === null && setup.training !== null) observations.train(setup.training)
  return {
    name,
    decide(context, random) {
      const learns = bringsLabels(context.sla.feedback, auditBudget)
      return decide({ observations, learns }, context, random)
    },
    auditProbability: record => plainAuditProbability(record.context.sla.feedback, auditBudget),
    learn: event => observations.learn(event),
    report: className => plainReport(observations, className),
    snapshot: () => ({
      policy: name,
      schema,
      bytes: encodeState({ state: observations.state(), floats: [] }),
    }),
  }
}
