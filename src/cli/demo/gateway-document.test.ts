import { expect, it } from 'vitest'
import { parseConfig } from '../../gateway/config.ts'
import { everybodySpeaks } from '../../simulation/feedback-model.ts'
import { createTraceWorld } from '../../simulation/trace-world.ts'
import { gatewayDocument } from './gateway-document.ts'
import { fullPace } from './run-demo.ts'

it('takes any names of a trace, and a policy that names one of them', () => {
  const models = ['small', 'a/b:c@d', '__proto__', '模型/小']
  const world = createTraceWorld({ name: 'names', models, rows: [], latency: { medianMs: 0, spread: 0 } })
  const providers = world.models.map(({ id }) => ({
    model: id,
    baseUrl: 'http://127.0.0.1:1/v1',
    close: async () => {},
  }))
  for (const [i, name] of models.entries()) {
    const options = {
      tracePath: 'names.jsonl',
      floor: 0.8,
      satisfiedAt: null,
      feedback: everybodySpeaks,
      auditBudget: 0,
      policy: `fixed:${name}`,
      requests: 1,
      seed: 1,
      json: true,
    }
    const document = gatewayDocument(
      { options, demoWorld: { world, rows: [] }, pace: fullPace },
      { providers, judge: null },
      'x.db',
    )
    const parsed = parseConfig(document, {})
    expect(parsed).toMatchObject({
      ok: true,
      config: { classes: [{ policy: `fixed:${providers[i]?.model}` }] },
    })
  }
})
