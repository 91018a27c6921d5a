import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSqliteStore } from '../src/store/sqlite.ts'
import {
  ask,
  audited,
  auditsOf,
  eventOf,
  gatewayWith,
  onAdmin,
  pendingOf,
  scripted,
  trailOf,
  until,
} from './audited-gateway.ts'
import { bodyOf, chat, startTestGateway, testConfig } from './running-gateway.ts'
import { answer, completion, json } from './scripted-upstream.ts'

test('humans judge from a queue: idempotent, deleted by request id, nothing else is accepted', async () => {
  const gateway = await gatewayWith(audited({ judge: { kind: 'human' } }))
  const [first, second] = [await ask(gateway), await ask(gateway, { stream: false, user: 'u1' })]
  await until(async () => (await pendingOf(gateway)).length === 2)
  const [waiting] = await pendingOf(gateway)
  expect(waiting).toMatchObject({
    decision_id: first,
    model: 'p/m0',
    request: chat(),
    answer: { content: 'the sky scatters light' },
    complete: true,
  })
  const judged = (id: string, body: unknown): Promise<Response> =>
    onAdmin(gateway, 'POST', `/admin/audits/${id}`, body)
  expect((await judged(first, { value: 2 })).status).toBe(400)
  expect(await bodyOf(judged(first, { value: 0.5 }))).toEqual({
    decision_id: first,
    accepted: true,
    duplicate: false,
  })
  expect(await bodyOf(judged(first, { value: 1 }))).toMatchObject({ accepted: true, duplicate: true })
  const audits = (await trailOf(gateway, first)).events.filter(event => event.kind === 'audit')
  expect(audits).toMatchObject([{ value: 0.5, probability: 1 }])
  const requestId = second.replace('dec_', 'req_')
  expect(await bodyOf(onAdmin(gateway, 'DELETE', `/admin/audits/${requestId}`))).toEqual({
    decision_id: second,
    deleted: true,
  })
  await eventOf(gateway, second, 'feedback', 'audit-missed')
  expect((await judged(second, { value: 1 })).status).toBe(404)
  expect(await bodyOf(judged(second, { value: 1 }))).toMatchObject({ error: { code: 'audit_not_found' } })
  expect((await judged('dec_unknown', { value: 1 })).status).toBe(404)
  expect((await onAdmin(gateway, 'PUT', '/admin/audits/pending', {})).status).toBe(405)
  expect(await pendingOf(gateway)).toEqual([])
  expect((await auditsOf(gateway)).waitingForHumans).toBe(0)
})

test('what a judge gets wrong is measured and corrected where humans look as well', async () => {
  const judge = await scripted(json(200, { value: 1 }))
  const gateway = await gatewayWith(
    audited({ judge: { kind: 'http', url: judge.baseUrl }, humanShare: 0.5, concurrency: 1 }),
  )
  for (let i = 0; i < 24; i++) await ask(gateway)
  const sent = await until(async () => {
    const waiting = await pendingOf(gateway)
    const { labelled } = await auditsOf(gateway)
    return waiting.length + labelled === 24 ? waiting : null
  })
  expect(sent.length).toBeGreaterThan(2)
  expect(JSON.stringify(sent)).not.toContain('judged')
  for (const { decision_id: id } of sent) await onAdmin(gateway, 'POST', `/admin/audits/${id}`, { value: 0 })
  // J + (S - J)/q2 = 1 - 1/.5.
  expect(await eventOf(gateway, sent[0]?.decision_id ?? '', 'audit')).toMatchObject({ value: -1 })
  const { audits } = await until(async () => {
    const sla = await bodyOf<{ audits: { judgeError: { humanLabels: number }; labelled: number } }>(
      gateway.get('/v1/sla/gold'),
    )
    return sla.audits.labelled === 24 ? sla : null
  })
  expect(audits.judgeError).toMatchObject({
    humanLabels: sent.length,
    falsePositive: { estimate: 1, upper: 1 },
    falseNegative: null,
  })
})

test('neither prompts nor answers nor keys are in the log, the events or, once judged, in the store', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-audits-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = await openSqliteStore(join(folder, 'log.db'))
  const judge = await scripted(answer('confidential verdict: yes'), answer('{"score": 1}'))
  const { baseUrl } = await scripted(json(200, completion('confidential answer')))
  const overrides = audited({
    judge: { kind: 'model', baseUrl: judge.baseUrl, model: 'j', apiKeyEnv: 'TEST_KEY' },
    humanShare: 1,
    concurrency: 1,
  })
  const gateway = await startTestGateway(testConfig([baseUrl], overrides), store)
  const messages = [{ role: 'user', content: 'confidential prompt' }]
  await ask(gateway, { messages })
  const id = await ask(gateway, { messages })
  await until(async () => (await pendingOf(gateway)).length === 1)
  await onAdmin(gateway, 'POST', `/admin/audits/${id}`, { value: 1 })
  const kept = JSON.stringify([
    (await store.readEvents(0, 1000)).map(({ event: { record: _, ...event } }) => event),
    await bodyOf(gateway.admin('/admin/audits')),
    await bodyOf(gateway.admin('/admin/classes')),
    await (await gateway.admin('/metrics')).text(),
    gateway.lines,
  ])
  expect(kept).toContain('audit-missed')
  expect(kept).not.toMatch(/confidential|sk-upstream-secret/)
  await gateway.close()
  await store.close()
  for (const file of readdirSync(folder))
    expect(readFileSync(join(folder, file)).includes('confidential')).toBe(false)
})

test('signals can be turned off, and audits change with the configuration', async () => {
  const judge = await scripted(json(200, { value: 1 }))
  const { baseUrl } = await scripted(answer('x'))
  const without = testConfig([baseUrl], {
    ...audited({ judge: { kind: 'human' } }),
    signals: { enabled: false },
  })
  const gateway = await startTestGateway(without)
  onTestFinished(() => gateway.close())
  const inSession = { 'x-session-id': 's1' }
  const id = await ask(gateway, {}, inSession)
  await ask(gateway, {}, inSession)
  await until(async () => (await pendingOf(gateway)).length === 2)
  expect((await trailOf(gateway, id)).events.map(event => event.kind)).toEqual(['outcome'])
  await gateway.reload(testConfig([baseUrl], audited({ judge: { kind: 'http', url: judge.baseUrl } })))
  await eventOf(gateway, await ask(gateway), 'audit')
  // What waited for a human before still does.
  await onAdmin(gateway, 'POST', `/admin/audits/${id}`, { value: 0 })
  expect(await eventOf(gateway, id, 'audit')).toMatchObject({ value: 0 })
})
