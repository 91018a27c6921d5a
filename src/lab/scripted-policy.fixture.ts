import type { Decision, RoutingContext } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { modelId } from '../routing/model.ts'
import type { Random } from '../routing/numeric/random.ts'
import type { ClassReport, Policy } from '../routing/policy.ts'

/** What a scripted policy does; everything is optional. */
export interface Script {
  readonly choose?: (context: RoutingContext, turn: number, random: Random) => string
  readonly shadows?: readonly string[]
  readonly mode?: Decision['mode']
  readonly auditProbability?: Policy['auditProbability']
  /** Predicted satisfaction of every model. */
  readonly predicted?: number
  readonly report?: ClassReport
}

/** A policy that follows a script and keeps everything that it was shown. */
export interface ScriptedPolicy extends Policy {
  readonly contexts: readonly RoutingContext[]
  readonly events: readonly LearningEvent[]
}

/** Creates a policy that follows a script; without one it takes the first model. */
export function scriptedPolicy(script: Script = {}): ScriptedPolicy {
  const contexts: RoutingContext[] = []
  const events: LearningEvent[] = []
  return {
    name: 'scripted',
    contexts,
    events,
    decide(context, random) {
      contexts.push(context)
      const first = context.models[0]?.id ?? modelId('')
      const chosen = modelId(script.choose?.(context, contexts.length - 1, random) ?? first)
      return {
        chosen,
        mode: script.mode ?? 'exploit',
        shadows: (script.shadows ?? []).map(modelId),
        prices: [{ constraint: 'satisfaction', priceUsd: 0.25 }],
        probabilities: Float64Array.from(context.models, model => (model.id === chosen ? 1 : 0)),
        estimates: context.models.map(model => ({
          model: model.id,
          satisfaction: script.predicted ?? null,
          costUsd: null,
          score: 0,
        })),
      }
    },
    auditProbability: (record, feedback) => script.auditProbability?.(record, feedback) ?? 0,
    learn: event => {
      events.push(event)
    },
    report: () => script.report ?? null,
    snapshot: () => ({ policy: 'scripted', schema: 1, bytes: new Uint8Array() }),
  }
}
