import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createMemoryStore } from '../src/store/memory.ts'
import { openSqliteStore } from '../src/store/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { bodyOf, chat, startTestGateway, type TestGateway, testConfig } from './running-gateway.ts'
import {
  answer,
  completion,
  hang,
  json,
  refuse,
  type Script,
  startScriptedUpstream,
  stream,
  usualStream,
} from './scripted-upstream.ts'

type Document = Readonly<Record<string, unknown>>

/** A class whose every answer is audited. */
const audited = (audits: Document, more: Document = {}): Document => ({
  classes: [
    {
      name: 'gold',
      satisfaction: { floor: 0.8 },
      feedback: { kind: 'one-sided' },
      policy: 'fixed:m0',
      auditBudget: 1,
      audits,
    },
  ],
  ...more,
})

async function scripted(...scripts: readonly Script[]) {
  const server = await startScriptedUpstream(...scripts)
  onTestFinished(() => server.close())
  return server
}

async function gatewayWith(
  overrides: Document,
  upstream: Script = answer('the sky scatters light'),
  store: Store = createMemoryStore(),
): Promise<TestGateway> {
  const { baseUrl } = await scripted(upstream)
  const gateway = await startTestGateway(testConfig([baseUrl], overrides), store)
  onTestFinished(() => gateway.close())
  return gateway
}

async function ask(gateway: TestGateway, body: Document = {}, headers = {}): Promise<string> {
  const response = await gateway.post('/v1/chat/completions', chat(body), headers)
  await response.text()
  expect(response.status).toBe(200)
  return response.headers.get('x-plimsoll-decision-id') ?? ''
}

interface Trail {
  readonly events: readonly {
    readonly kind: string
    readonly metric?: string
    readonly value?: number
    readonly probability?: number
    readonly coin?: unknown
  }[]
}

const trailOf = (gateway: TestGateway, id: string): Promise<Trail> =>
  bodyOf<Trail>(gateway.get(`/v1/router/decisions/${id}`))

/** Waits for what happens beside the requests. */
async function until<T>(read: () => Promise<T | null | undefined | false>): Promise<T> {
  for (let i = 0; i < 1000; i++) {
    const found = await read()
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error('it did not happen')
}

const eventOf = (gateway: TestGateway, id: string, kind: string, metric?: string) =>
  until(async () =>
    (await trailOf(gateway, id)).events.find(
      event => event.kind === kind && (metric === undefined || event.metric === metric),
    ),
  )

interface ClassAudits {
  readonly state: string
  readonly spentTodayUsd: number
  readonly labelled: number
  readonly drawn: number
  readonly missed: Readonly<Record<string, number>>
  readonly waitingForHumans: number
}

async function auditsOf(gateway: TestGateway): Promise<ClassAudits> {
  const { classes } = await bodyOf<{ classes: readonly ClassAudits[] }>(gateway.admin('/admin/audits'))
  const [found] = classes
  if (found === undefined) throw new Error('no audited class')
  return found
}

const onAdmin = (gateway: TestGateway, method: string, path: string, body?: unknown): Promise<Response> =>
  fetch(gateway.adminUrl + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })

test('a model judges by the rubric of its class, and its cost is metered', async () => {
  const judge = await scripted(
    answer('{"satisfied": false, "reason": "too short"}'),
    answer('I think it is quite good.'),
    answer('yes'),
  )
  const gateway = await gatewayWith(
    audited({
      judge: {
        kind: 'model',
        baseUrl: judge.baseUrl,
        model: 'judge-1',
        apiKeyEnv: 'TEST_KEY',
        rubric: 'It names Rayleigh.',
        priceUsdPerMillion: { input: 1, output: 2 },
      },
      usdPerDay: 1,
      concurrency: 1,
    }),
  )
  const id = await ask(gateway)
  expect(await eventOf(gateway, id, 'audit')).toMatchObject({ value: 0, probability: 1 })
  const { events } = await trailOf(gateway, id)
  expect(events.find(event => event.kind === 'outcome')?.coin).toEqual({
    probability: 1,
    drawn: true,
    humanShare: 0,
  })
  const [call] = judge.calls
  const messages = call?.body.messages as readonly { readonly content: string }[] | undefined
  const [system, user] = messages ?? []
  expect(call?.headers.authorization).toBe('Bearer sk-upstream-secret')
  expect(call?.body).toMatchObject({ model: 'judge-1', temperature: 0, max_tokens: 300, stream: false })
  expect(system?.content).toContain('It names Rayleigh.')
  expect(JSON.parse(user?.content ?? '')).toEqual({
    request: chat(),
    answer: { role: 'assistant', content: 'the sky scatters light' },
    complete: true,
  })
  // Prose is no verdict: counted, paid for, and no label.
  const unsure = await ask(gateway)
  await eventOf(gateway, unsure, 'feedback', 'audit-missed')
  expect((await trailOf(gateway, unsure)).events.some(event => event.kind === 'audit')).toBe(false)
  expect(await eventOf(gateway, await ask(gateway), 'audit')).toMatchObject({ value: 1 })
  const audits = await auditsOf(gateway)
  expect(audits).toMatchObject({ state: 'open', drawn: 3, labelled: 2, missed: { 'no-verdict': 1 } })
  // 100 tokens at $1 and 50 at $2 a million, three times.
  expect(audits.spentTodayUsd).toBeCloseTo(0.0006, 12)
  const metrics = await (await gateway.admin('/metrics')).text()
  expect(metrics).toContain('plimsoll_audits_total{class="gold",result="labelled"} 2')
  expect(metrics).toContain('plimsoll_audits_total{class="gold",result="no-verdict"} 1')
  expect(metrics).toMatch(/plimsoll_audit_cost_usd_total\{class="gold"\} 0\.0006/)
})

test('a callback judges whole and streamed answers, and is asked again when it fails', async () => {
  const judge = await scripted(refuse(500, { 'retry-after': '0' }), json(200, { value: 0.25 }))
  const url = judge.baseUrl.replace('/v1', '/check?suite=sky')
  const gateway = await gatewayWith(
    audited({ judge: { kind: 'http', url, apiKeyEnv: 'TEST_KEY' } }),
    (call, response, request) =>
      (call.body.stream === true ? stream(usualStream(['the ', 'sky'])) : answer('blue'))(
        call,
        response,
        request,
      ),
  )
  const whole = await ask(gateway)
  expect(await eventOf(gateway, whole, 'audit')).toMatchObject({ value: 0.25, probability: 1 })
  expect(judge.calls).toHaveLength(2)
  expect(judge.calls[1]?.path).toBe('/check?suite=sky')
  expect(judge.calls[1]?.headers.authorization).toBe('Bearer sk-upstream-secret')
  expect(judge.calls[1]?.body).toEqual({
    decision_id: whole,
    class: 'gold',
    model: 'p/m0',
    request: chat(),
    answer: { role: 'assistant', content: 'blue' },
    complete: true,
  })
  const streamed = await ask(gateway, { stream: true })
  expect(await eventOf(gateway, streamed, 'audit')).toMatchObject({ value: 0.25 })
  expect(judge.calls[2]?.body).toMatchObject({
    request: { stream: true },
    answer: { role: 'assistant', content: 'the sky' },
    complete: true,
  })
})

test('a stream that its client leaves is judged as far as it came, and the leaving is logged', async () => {
  const judge = await scripted(json(200, { value: 0 }))
  const gateway = await gatewayWith(
    audited({ judge: { kind: 'http', url: judge.baseUrl } }),
    stream(usualStream(['the ', 'sky ', 'is']).slice(0, 3), 'hold'),
  )
  const leaving = new AbortController()
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify(chat({ stream: true })),
    signal: leaving.signal,
  })
  const reader = response.body?.getReader()
  let text = ''
  while (!text.includes('sky')) text += Buffer.from((await reader?.read())?.value ?? []).toString()
  leaving.abort()
  const id = response.headers.get('x-plimsoll-decision-id') ?? ''
  expect(await eventOf(gateway, id, 'audit')).toMatchObject({ value: 0 })
  expect(judge.calls[0]?.body).toMatchObject({ answer: { content: 'the sky ' }, complete: false })
  expect(await eventOf(gateway, id, 'feedback', 'abandoned')).toMatchObject({ value: 1, source: 'system' })
  const { labelSources } = await bodyOf<{ labelSources: { signals: readonly Document[] } }>(
    gateway.admin('/admin/classes/gold'),
  )
  expect(labelSources.signals.find(signal => signal.metric === 'abandoned')).toMatchObject({
    seen: 1,
    unsatisfiedWith: { estimate: 1, count: 1 },
    state: 'unproven',
  })
})

test('when the budget of the day is spent audits stop, requests go on, and the state says so', async () => {
  const judge = await scripted(json(200, { value: 1 }))
  const store = createMemoryStore()
  const overrides = audited({
    judge: { kind: 'http', url: judge.baseUrl, costUsd: 0.4 },
    usdPerDay: 1,
    concurrency: 1,
  })
  const gateway = await gatewayWith(overrides, answer('x'), store)
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.push(await ask(gateway))
  await until(async () => (await auditsOf(gateway)).labelled === 2)
  expect(judge.calls).toHaveLength(2)
  const coins = []
  for (const id of ids) coins.push((await eventOf(gateway, id, 'outcome')).coin)
  const drawn = { probability: 1, drawn: true, humanShare: 0 }
  const refused = { probability: 0, drawn: false, humanShare: 0 }
  expect(coins).toEqual([drawn, drawn, refused, refused, refused])
  const sla = await bodyOf<{ audits: Document }>(gateway.get('/v1/sla/gold'))
  expect(sla.audits).toMatchObject({
    state: 'budget-spent',
    judge: 'http',
    share: 1,
    usdPerDay: 1,
    spentTodayUsd: 0.8,
    labelled: 2,
    needed: { withinDays: 30 },
  })
  await gateway.close()
  // A restart on the same day does not refill the budget.
  const again = await startTestGateway(testConfig([judge.baseUrl], overrides), store)
  onTestFinished(() => again.close())
  expect(await auditsOf(again)).toMatchObject({ state: 'budget-spent', spentTodayUsd: 0.8 })
})

test('a judge that is down fails audits and no request, and then nothing is drawn for it', async () => {
  const gone = await startScriptedUpstream(hang)
  await gone.close()
  const gateway = await gatewayWith(
    audited({ judge: { kind: 'http', url: gone.baseUrl, maxAttempts: 1 }, concurrency: 1 }),
  )
  const ids: string[] = []
  for (let i = 0; i < 8; i++) ids.push(await ask(gateway))
  await until(async () => (await auditsOf(gateway)).state === 'judge-down')
  const { missed, labelled } = await auditsOf(gateway)
  expect([missed['judge-failed'], labelled]).toEqual([expect.any(Number), 0])
  expect((await eventOf(gateway, await ask(gateway), 'outcome')).coin).toMatchObject({ probability: 0 })
  await eventOf(gateway, ids[0] ?? '', 'feedback', 'audit-missed')
})

test('a judge that hangs misses its deadline; the next request is served all the same', async () => {
  const judge = await scripted(hang)
  const gateway = await gatewayWith(audited({ judge: { kind: 'http', url: judge.baseUrl }, deadlineMs: 60 }))
  const id = await ask(gateway)
  await ask(gateway)
  await eventOf(gateway, id, 'feedback', 'audit-missed')
  expect((await auditsOf(gateway)).missed.deadline).toBeGreaterThan(0)
})

interface Pending {
  readonly decision_id: string
  readonly model: string
  readonly request: Document
  readonly answer: Document
  readonly complete: boolean
}

async function pendingOf(gateway: TestGateway): Promise<readonly Pending[]> {
  return (await bodyOf<{ audits: readonly Pending[] }>(gateway.admin('/admin/audits/pending'))).audits
}

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

test('repeated, rephrased and edited requests are hypotheses, logged as such and never as satisfaction', async () => {
  const gateway = await gatewayWith({
    classes: [
      { name: 'gold', satisfaction: { floor: 0.8 }, feedback: { kind: 'chosen' }, policy: 'fixed:m0' },
    ],
  })
  const inSession = { 'x-session-id': 's1' }
  const first = await ask(gateway, {}, inSession)
  await new Promise(resolve => setTimeout(resolve, 5))
  const second = await ask(gateway, {}, inSession)
  await new Promise(resolve => setTimeout(resolve, 5))
  const rephrased = [{ role: 'user', content: 'Tell me please: why is the sky blue?' }]
  const third = await ask(gateway, { messages: rephrased }, inSession)
  await ask(gateway)
  await ask(gateway)
  expect(await eventOf(gateway, first, 'feedback', 'regenerated')).toMatchObject({
    value: 1,
    source: 'system',
  })
  await eventOf(gateway, second, 'feedback', 'rephrased')
  const edited = { decision_id: third, metric: 'edit-distance', value: 0.8 }
  expect((await gateway.post('/v1/feedback', edited)).status).toBe(202)
  for (const [body, param] of [
    [{ ...edited, metric: 'regenerated' }, 'metric'],
    [{ ...edited, idempotency_key: 'plimsoll:audit' }, 'idempotency_key'],
  ] as const) {
    const refused = await gateway.post('/v1/feedback', body)
    expect([refused.status, await bodyOf<{ error: Document }>(refused)]).toMatchObject([
      400,
      { error: { param } },
    ])
  }
  for (const [id, value] of [
    [first, 0],
    [second, 1],
    [third, 0],
  ] as const)
    await gateway.post('/v1/feedback', { decision_id: id, value })
  const state = await until(async () => {
    const found = await bodyOf<{ labels: number; labelSources: { signals: readonly Document[] } }>(
      gateway.admin('/admin/classes/gold'),
    )
    return found.labels === 3 ? found : null
  })
  const rates = state.labelSources.signals.map(({ metric, seen, unsatisfiedWith: found, state: verdict }) => [
    metric,
    seen,
    (found as { estimate: number } | null)?.estimate ?? null,
    verdict,
  ])
  // The two strangers at the end asked the same as well: nobody can say that it was one person.
  expect(rates).toEqual([
    ['regenerated', 1, 1, 'unproven'],
    ['rephrased', 1, 0, 'unproven'],
    ['abandoned', 0, null, 'unproven'],
    ['edit-distance', 1, 1, 'unproven'],
  ])
  const metrics = await (await gateway.admin('/metrics')).text()
  expect(metrics).toContain('plimsoll_signals_total{class="gold",metric="regenerated"} 1')
  expect(metrics).toContain('plimsoll_signal_unsatisfied{class="gold",metric="regenerated",seen="yes"} 1')
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
