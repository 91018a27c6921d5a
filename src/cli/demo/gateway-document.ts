import type { SimulatedJudge } from '../../simulation/simulated-judge.ts'
import type { SimulatedProvider } from '../../simulation/simulated-provider.ts'
import type { World } from '../../simulation/world.ts'
import type { DemoSetup } from './run-demo.ts'

/** The SLA class of a demo. */
export const DEMO_CLASS = 'demo'

/** What stands for the world outside of the gateway. */
export interface Simulated {
  readonly providers: readonly SimulatedProvider[]
  /** `null` where nothing is audited. */
  readonly judge: SimulatedJudge | null
}

/** The configuration that an operator would write for the simulated providers: what a `plimsoll.yaml` holds, as plain objects. */
export function gatewayDocument(
  { options, demoWorld: { world }, pace }: Pick<DemoSetup, 'options' | 'demoWorld' | 'pace'>,
  { providers, judge }: Simulated,
  storePath: string,
): unknown {
  return {
    listen: { port: 0, admin: 0 },
    store: `sqlite:${storePath}`,
    models: providers.map(({ model, baseUrl }) => {
      const slash = model.indexOf('/')
      const prices = world.models.find(spec => spec.id === model)?.priceUsdPerMillion ?? null
      return {
        id: model.slice(slash + 1),
        provider: model.slice(0, slash),
        protocol: 'openai',
        baseUrl,
        upstreamModel: model,
        ...(prices === null ? {} : { priceUsdPerMillion: prices }),
      }
    }),
    classes: [
      {
        name: DEMO_CLASS,
        satisfaction: { floor: options.floor },
        feedback: { kind: options.feedback.kind, windowMs: pace.feedbackWindowMs },
        policy: servedPolicy(options.policy, world),
        auditBudget: options.auditBudget,
        ...(judge === null ? {} : { audits: auditsBy(judge) }),
      },
    ],
    defaultClass: DEMO_CLASS,
    log: { requests: false },
  }
}

/** Fast models are served faster than in life, so that more answers are being judged at once. */
function auditsBy(judge: SimulatedJudge): unknown {
  return { judge: { kind: 'http', url: judge.url }, concurrency: 16, maxWaiting: 10_000 }
}

/** A policy that names a model as the trace does, with the name under which the gateway serves it. */
function servedPolicy(policy: string, { models }: World): string {
  const colon = policy.indexOf(':')
  const named = models.find(model => colon >= 0 && model.name === policy.slice(colon + 1))
  return named === undefined ? policy : `${policy.slice(0, colon)}:${named.id}`
}
