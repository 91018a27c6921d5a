import { expect, onTestFinished, test } from 'vitest'
import { stitchedBoundary } from '../src/routing/certify/confidence-sequence.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import {
  ask,
  audited,
  auditsOf,
  type Document,
  eventOf,
  gatewayWith,
  scripted,
  trailOf,
  until,
} from './audited-gateway.ts'
import { bodyOf, chat, startTestGateway, testConfig } from './running-gateway.ts'
import {
  answer,
  hang,
  json,
  refuse,
  startScriptedUpstream,
  stream,
  usualStream,
} from './scripted-upstream.ts'

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
  expect((await trailOf(gateway, id)).audit).toEqual({ probability: 1, human_share: 1, drawn: true })
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
  const plans = []
  for (const id of ids) plans.push((await trailOf(gateway, id)).audit)
  const drawn = { probability: 1, human_share: 1, drawn: true }
  expect(plans).toEqual([drawn, drawn, null, null, null])
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
  expect((await trailOf(gateway, await ask(gateway))).audit).toBeNull()
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

test('a class of complaints without audits says how many labels a verdict would take', async () => {
  const [floor, delta, margin] = [0.8, 0.05, 0.02]
  let wanted = 1
  while (stitchedBoundary(wanted * floor * (1 - floor), 1, delta) / wanted > margin) wanted++
  const gateway = await gatewayWith({
    classes: [
      { name: 'gold', satisfaction: { floor }, feedback: { kind: 'one-sided' }, policy: 'fixed:m0' },
      { name: 'bronze', satisfaction: { floor }, feedback: { kind: 'chosen' }, policy: 'fixed:m0' },
    ],
  })
  await ask(gateway)
  const { classes } = await bodyOf<{ classes: readonly { readonly audits?: Document }[] }>(
    gateway.get('/v1/sla'),
  )
  expect(classes[0]?.audits).toMatchObject({
    state: 'none',
    judge: null,
    needed: {
      labels: wanted - 1,
      assumedMargin: margin,
      withinDays: 30,
      auditsPerDay: Math.ceil((wanted - 1) / 30),
      usdPerDay: null,
      daysAtPresentRate: null,
    },
  })
  expect(classes[1]).not.toHaveProperty('audits')
})
