import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { askAndJudge, bodyOf, chat, messPlus, type SlaBody, start } from './running-gateway.ts'
import { answer, refuse, stream, usualStream } from './scripted-upstream.ts'

test('the state of a class has the documented form', async () => {
  const { gateway } = await start([[answer('x')], [answer('y')]], messPlus)
  const fresh = await bodyOf<{ classes: SlaBody[] }>(gateway.get('/v1/sla'))
  expect(fresh.classes[0]).toMatchObject({
    class: 'gold',
    policy: 'mess-plus',
    floor: 0.8,
    requests: 0,
    costUsd: 0,
    share: {},
  })
  for (let i = 0; i < 5; i++) await askAndJudge(gateway, `q${i}`, true)
  const state = await bodyOf<SlaBody>(gateway.get('/v1/sla/gold'))
  expect(Object.keys(state)).toEqual([
    'class',
    'policy',
    'floor',
    'promise',
    'constraints',
    'requests',
    'costUsd',
    'share',
    'asOf',
  ])
  const [constraint] = state.constraints
  expect(constraint).toMatchObject({
    name: 'satisfaction',
    target: 0.8,
    delta: 0.05,
    estimate: 1,
    labels: 5,
    state: 'undecided',
  })
  expect(constraint).toHaveProperty('alarm', null)
  expect(constraint).not.toHaveProperty('window')
  for (const key of ['lower', 'upper', 'priceUsd', 'debt', 'labelsNeeded'])
    expect(constraint).toHaveProperty(key)
  expect(state.requests).toBe(5)
  expect(state.costUsd).toBeGreaterThanOrEqual(0.001)
  expect(Object.values(state.share).reduce((a, b) => a + b)).toBeCloseTo(1, 12)
})

test('labels show at once, and bounds wait for the decisions before them', async () => {
  const { gateway } = await start([[answer('x')], [answer('y')]], messPlus)
  await (await gateway.post('/v1/chat/completions', chat())).text()
  await askAndJudge(gateway, 'later', true)
  const { constraints } = await bodyOf<SlaBody>(gateway.get('/v1/sla/gold'))
  expect(constraints[0]).toMatchObject({ estimate: 1, labels: 1, certifiedLabels: 0, lower: 0, upper: 1 })
})

test('models, explanation, health, readiness and metrics', async () => {
  const { gateway, upstreams } = await start(
    [[answer('x')], [refuse(500)]],
    { breaker: { failures: 1, coolDownMs: 60_000 } },
    { maxAttempts: 1 },
  )
  const models = await gateway.client.models.list()
  expect(models.data.map(model => [model.id, model.owned_by])).toEqual([
    ['auto', 'plimsoll'],
    ['auto/gold', 'plimsoll'],
    ['p/m0', 'p'],
    ['p/m1', 'p'],
  ])
  expect(await gateway.client.models.retrieve('auto/gold')).toMatchObject({
    id: 'auto/gold',
    capabilities: ['tools', 'json_schema'],
  })
  await expect(gateway.client.models.retrieve('nobody')).rejects.toThrow(OpenAI.NotFoundError)
  const explained = await bodyOf<{ chosen: string; reason: string; order: string[] }>(
    gateway.post('/v1/router/explain', chat({ model: 'auto@0.9' })),
  )
  expect(explained).toMatchObject({
    chosen: 'p/m0',
    floor: 0.9,
    reason: 'floor',
    order: ['p/m0', 'p/m1'],
    propensity: 1,
  })
  expect(upstreams[0]?.calls).toEqual([])
  expect(await bodyOf(gateway.get('/health'))).toEqual({ status: 'ok' })
  expect((await gateway.get('/ready')).status).toBe(200)
  await askAndJudge(gateway, 'a', true)
  await gateway.post('/v1/chat/completions', chat({ model: 'p/m1' }))
  const metrics = await (await gateway.admin('/metrics')).text()
  for (const line of [
    'plimsoll_requests_total{class="gold",model="p/m0",provider="p",outcome="ok"} 1',
    'plimsoll_requests_total{class="(pinned)",model="p/m1",provider="p",outcome="upstream_error"} 1',
    'plimsoll_upstream_attempts_total{model="p/m1",code="upstream_error"} 1',
    'plimsoll_tokens_total{model="p/m0",direction="input"} 100',
    'plimsoll_cost_usd_total{class="gold",model="p/m0"} 0.0002',
    'plimsoll_feedback_total{source="user"} 1',
    'plimsoll_sla_target{class="gold",constraint="satisfaction"} 0.8',
    'plimsoll_sla_state{class="gold",constraint="satisfaction",state="undecided"} 1',
    'plimsoll_sla_breach_alarm{class="gold",constraint="satisfaction"} 0',
    'plimsoll_routing_share{class="gold",model="p/m0"} 1',
    'plimsoll_exploration_ratio{class="gold"} 0',
    'plimsoll_request_duration_seconds_count{class="gold"} 1',
    'plimsoll_overhead_seconds_count 2',
  ])
    expect(metrics.split('\n')).toContain(line)
})

test('without an upstream for a class the gateway is alive but not ready', async () => {
  const { gateway } = await start(
    [[refuse(500)]],
    { breaker: { failures: 1, coolDownMs: 60_000 } },
    { maxAttempts: 1 },
  )
  expect((await gateway.post('/v1/chat/completions', chat())).status).toBe(502)
  expect((await gateway.get('/ready')).status).toBe(503)
  expect((await gateway.get('/health')).status).toBe(200)
  const cooling = await gateway.post('/v1/chat/completions', chat())
  expect([cooling.status, Number(cooling.headers.get('retry-after'))]).toEqual([503, 60])
})

test('neither prompts nor keys reach the log, the metrics or the listings', async () => {
  const secret = 'PRIVATE-WORDS'
  const { gateway } = await start(
    [[refuse(500), answer(secret), stream(usualStream([secret])), (_, response) => response.destroy()]],
    {},
    { apiKeyEnv: 'TEST_KEY', maxAttempts: 1 },
  )
  const headers = { authorization: 'Bearer sk-client-secret' }
  const body = chat({ messages: [{ role: 'user', content: secret }], user: secret })
  for (const extra of [{}, {}, { stream: true }, {}, { model: secret }])
    await (await gateway.post('/v1/chat/completions', { ...body, ...extra }, headers)).text()
  await gateway.post('/v1/chat/completions', `{"broken":"${secret}"`, headers)
  const id = (await bodyOf<{ decisions: { id: string }[] }>(gateway.admin('/admin/decisions'))).decisions[0]
    ?.id
  const seen = [
    ...gateway.lines,
    await (await gateway.admin('/metrics')).text(),
    await (await gateway.admin('/admin/decisions')).text(),
    await (await gateway.admin('/admin/classes')).text(),
    await (await gateway.get(`/v1/router/decisions/${id}`)).text(),
  ].join('\n')
  expect(gateway.lines.length).toBeGreaterThanOrEqual(6)
  for (const word of [secret, 'sk-client-secret', 'sk-upstream-secret']) expect(seen).not.toContain(word)
})
