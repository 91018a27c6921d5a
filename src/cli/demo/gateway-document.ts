import type { SimulatedProvider } from '../../simulation/simulated-provider.ts'
import type { DemoSetup } from './run-demo.ts'

/** The SLA class of a demo. */
export const DEMO_CLASS = 'demo'

/** The configuration that an operator would write for the simulated providers: what a `plimsoll.yaml` holds, as plain objects. */
export function gatewayDocument(
  { options, demoWorld: { world }, pace }: Pick<DemoSetup, 'options' | 'demoWorld' | 'pace'>,
  providers: readonly SimulatedProvider[],
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
        policy: options.policy,
        auditBudget: options.auditBudget,
      },
    ],
    defaultClass: DEMO_CLASS,
    log: { requests: false },
  }
}
