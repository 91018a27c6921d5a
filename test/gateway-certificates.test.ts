import { expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../src/gateway/main.ts'
import { createSlaLedger } from '../src/learner/sla-ledger.ts'
import { isDrawnForAudit } from '../src/routing/audit-plan.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import { bodyOf, chat, type SlaBody, testConfig } from './running-gateway.ts'
import { answer, json, startScriptedUpstream } from './scripted-upstream.ts'

const requests = 60
const patient = { timeout: 20_000 }

test('a class of complaints is certified from audits, by the log alone, in its window', async () => {
  const upstream = await startScriptedUpstream(answer('x'))
  onTestFinished(() => upstream.close())
  let judged = 0
  // Every other judged answer does not satisfy; one cannot be judged.
  const judge = await startScriptedUpstream((call, response, request) =>
    json(200, judged++ === 7 ? {} : { value: judged % 2 })(call, response, request),
  )
  onTestFinished(() => judge.close())
  const config = testConfig([upstream.baseUrl], {
    classes: [
      {
        name: 'gold',
        satisfaction: { floor: 0.8, window: '30d' },
        feedback: { kind: 'one-sided' },
        policy: 'mess-plus',
        auditBudget: 0.5,
        audits: { judge: { kind: 'http', url: judge.baseUrl }, concurrency: 1 },
      },
    ],
  })
  const store = createMemoryStore()
  const gateway = await startGateway({ config, store, port: 0, adminPort: 0 })
  onTestFinished(() => gateway.close())
  for (let i = 0; i < requests; i++) {
    const body = JSON.stringify(chat())
    await (await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })).text()
  }
  const read = (): Promise<SlaBody> => bodyOf<SlaBody>(fetch(`${gateway.url}/v1/sla/gold`))
  const settled = async (): Promise<boolean> => {
    const { classes } = await bodyOf<{ classes: { waiting: number }[] }>(
      fetch(`${gateway.adminUrl}/admin/audits`),
    )
    return classes[0]?.waiting === 0
  }
  await expect.poll(async () => (await store.summary()).decisions, patient).toBe(requests)
  await expect.poll(settled, patient).toBe(true)
  await expect.poll(async () => (await read()).constraints[0]?.labels, patient).toBe(judged - 1)
  const [constraint] = (await read()).constraints
  expect(judged).toBeGreaterThan(15)
  expect(judged).toBeLessThan(45)
  expect(constraint).toMatchObject({ state: 'undecided', alarm: null, delta: 0.025, window: { number: 1 } })
  // The one without a verdict holds nothing up: it was logged as missed, and counts as the worst on either side.
  expect(constraint?.certifiedLabels).toBe(judged - 1)

  const events = await store.readEvents(0, 10_000)
  const records = events.flatMap(({ event }) => (event.kind === 'decision' ? [event.record] : []))
  expect(records.map(({ audit }) => audit)).toEqual(
    Array.from({ length: requests }, () => ({ probability: 0.5, humanShare: 1 })),
  )
  expect(records.filter(({ id }) => isDrawnForAudit(id, 0.5))).toHaveLength(judged)
  const ledger = createSlaLedger(null)
  for (const event of events) ledger.learn(event)
  expect(ledger.report('gold')?.certificate).toMatchObject({
    lower: constraint?.lower,
    upper: constraint?.upper,
    labels: judged - 1,
  })
})
