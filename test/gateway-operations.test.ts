import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { replayLog } from '../src/learner/replay-log.ts'
import { createRandom } from '../src/routing/numeric/random.ts'
import { createPolicy } from '../src/routing/policies/registry.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import { openSqliteStore } from '../src/store/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { StoreError } from '../src/store/store-error.ts'
import {
  askAndJudge,
  bodyOf,
  chat,
  type DecisionBody,
  messPlus,
  type SlaBody,
  start,
  startTestGateway,
  type TestGateway,
  testConfig,
} from './running-gateway.ts'
import { answer, type Script, startScriptedUpstream, stream, usualStream } from './scripted-upstream.ts'

function temporaryFile(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, name)
}

test('a restart on the same log continues with the same state', async () => {
  const upstream = await startScriptedUpstream(answer('x'))
  onTestFinished(() => upstream.close())
  const config = testConfig([upstream.baseUrl, upstream.baseUrl], messPlus)
  const file = temporaryFile('log.db')
  const runOnce = async <T>(work: (gateway: TestGateway) => Promise<T>): Promise<T> => {
    const store = await openSqliteStore(file)
    const gateway = await startTestGateway(config, store)
    const result = await work(gateway)
    await gateway.close()
    await store.close()
    return result
  }
  const first = await runOnce(async gateway => {
    const ids = []
    for (let i = 0; i < 12; i++) ids.push(await askAndJudge(gateway, `question ${i}`, i % 3 > 0))
    await untilQuiet(gateway)
    const sla = await bodyOf<SlaBody>(gateway.get('/v1/sla/gold'))
    return { ids, sla, beliefs: await beliefs(gateway) }
  })
  const second = await runOnce(async gateway => {
    const sla = await bodyOf<SlaBody>(gateway.get('/v1/sla/gold'))
    const decision = await bodyOf<DecisionBody>(gateway.get(`/v1/router/decisions/${first.ids[0]}`))
    const late = await bodyOf<{ duplicate: boolean }>(
      gateway.post('/v1/feedback', { decision_id: first.ids[0], value: false }),
    )
    return { sla, decision, late, beliefs: await beliefs(gateway) }
  })
  expect(first.sla.requests).toBe(12)
  expect(second.sla).toEqual(first.sla)
  const kinds = second.decision.events
    .filter(event => event.outcome?.shadow !== true)
    .map(event => event.kind)
  expect(kinds).toEqual(['outcome', 'feedback'])
  expect(second.late.duplicate).toBe(true)
  expect(second.beliefs).toEqual(first.beliefs)
})

/** Waits until no call is under way, shadow calls included, and everything is in the log. */
async function untilQuiet(gateway: TestGateway): Promise<void> {
  for (;;) {
    const { upstreams } = await bodyOf<{ upstreams: { inFlight: number }[] }>(
      gateway.admin('/admin/upstreams'),
    )
    const { store } = await bodyOf<{ store: { pending: number } }>(gateway.admin('/admin/state'))
    if (upstreams.every(upstream => upstream.inFlight === 0) && store.pending === 0) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

/** What the policy believes of a fixed prompt; the choice itself depends on the request's own random numbers. */
async function beliefs(gateway: TestGateway) {
  const explained = await bodyOf<{ estimates: { model: string; satisfaction: number }[]; prices: unknown }>(
    gateway.post('/v1/router/explain', chat()),
  )
  const satisfaction = explained.estimates.map(estimate => [estimate.model, estimate.satisfaction]).sort()
  return { satisfaction, prices: explained.prices }
}

test.each(['mess-plus', 'plimsoll'])(
  '%s: what was served is what the log replays, 64 requests at a time, feedback in random order',
  async policy => {
    const slow: Script = (call, response, request) => {
      setTimeout(() => answer('x')(call, response, request), Math.random() * 4)
    }
    const upstream = await startScriptedUpstream(slow)
    onTestFinished(() => upstream.close())
    const store = createMemoryStore()
    const gateway = await startTestGateway(
      testConfig([upstream.baseUrl, upstream.baseUrl], {
        classes: messPlus.classes.map(entry => ({ ...entry, policy })),
      }),
      store,
    )
    const random = createRandom('traffic')
    let asked = 0
    const client = async (): Promise<void> => {
      while (asked < 600) await askAndJudge(gateway, `question ${asked++ % 50}`, random.next() < 0.8)
    }
    await Promise.all(Array.from({ length: 64 }, client))
    await gateway.close()
    const replayed = await replayLog(store, {
      policy,
      createPolicy: snapshot =>
        createPolicy(policy, { parameters: {}, training: null, snapshot, auditBudget: 0 }),
    })
    expect(replayed.decisions).toBeGreaterThanOrEqual(600)
    expect([replayed.mismatches, replayed.listed]).toEqual([0, []])
    const saved = await store.loadSnapshot(policy)
    expect(Buffer.from(saved?.snapshot.bytes ?? []).equals(Buffer.from(replayed.snapshot.bytes))).toBe(true)
  },
)

test('shadow calls are made, logged and counted, and can be judged', async () => {
  const { gateway, upstreams } = await start(
    [[stream(usualStream(['a']))], [stream(usualStream(['b']))]],
    messPlus,
  )
  const response = await gateway.post('/v1/chat/completions', chat({ stream: true }))
  await response.text()
  const id = response.headers.get('x-plimsoll-decision-id')
  const read = () => bodyOf<DecisionBody & { shadows: string[] }>(gateway.get(`/v1/router/decisions/${id}`))
  let decision = await read()
  // The first request of MESS+ explores for certain: its exploration probability starts at min(1, c).
  while (decision.events.length < 1 + decision.shadows.length) decision = await read()
  expect(response.headers.get('x-plimsoll-reason')).toBe(decision.shadows.length > 0 ? 'explore' : 'exploit')
  const outcomes = decision.events.map(event => [event.model, event.outcome?.shadow])
  expect(outcomes).toContainEqual([response.headers.get('x-plimsoll-model'), false])
  for (const shadow of decision.shadows) {
    expect(outcomes).toContainEqual([shadow, true])
    const judged = await gateway.post('/v1/feedback', {
      decision_id: id,
      value: 0.5,
      model: shadow,
      source: 'judge',
    })
    expect(judged.status).toBe(202)
  }
  expect(upstreams.map(upstream => upstream.calls.length).reduce((a, b) => a + b)).toBe(
    1 + decision.shadows.length,
  )
})

test('the operator changes a floor while the gateway runs, and a reload puts the file’s floor back', async () => {
  const { gateway, upstreams } = await start([[answer('x')]])
  const put = (path: string, body: unknown, headers = {}) =>
    fetch(gateway.adminUrl + path, { method: 'PUT', body: JSON.stringify(body), headers })
  const floorOf = async (): Promise<number> => {
    const response = await gateway.post('/v1/chat/completions', chat())
    return (
      await bodyOf<DecisionBody>(
        gateway.get(`/v1/router/decisions/${response.headers.get('x-plimsoll-decision-id')}`),
      )
    ).floor
  }
  expect(await floorOf()).toBe(0.8)
  const changed = await put('/admin/classes/gold/floor', { floor: 0.9 })
  expect(await bodyOf(changed)).toEqual({ class: 'gold', floor: 0.9, previous: 0.8 })
  expect(await floorOf()).toBe(0.9)
  expect((await bodyOf<SlaBody>(gateway.get('/v1/sla/gold'))).floor).toBe(0.9)
  for (const floor of [0, 1, -1, 'high', null])
    expect((await put('/admin/classes/gold/floor', { floor })).status).toBe(400)
  expect((await put('/admin/classes/none/floor', { floor: 0.5 })).status).toBe(404)
  expect(
    (await put('/admin/classes/gold/floor', { floor: 0.5 }, { origin: 'http://evil.example' })).status,
  ).toBe(403)
  expect(await floorOf()).toBe(0.9)
  await gateway.reload(testConfig(upstreams.map(upstream => upstream.baseUrl)))
  expect(await floorOf()).toBe(0.8)
})

test('a reload swaps models and policies, and keeps what was learned', async () => {
  const { gateway, upstreams } = await start([[answer('x')]])
  const second = await startScriptedUpstream(answer('y'))
  onTestFinished(() => second.close())
  for (let i = 0; i < 3; i++) await askAndJudge(gateway, `q${i}`, true)
  const first = upstreams[0]?.baseUrl ?? ''
  await gateway.reload(
    testConfig([first, second.baseUrl], {
      classes: [
        { name: 'gold', satisfaction: { floor: 0.8 }, policy: 'fixed:m1' },
        { name: 'new', satisfaction: { floor: 0.5 }, policy: 'mess-plus' },
      ],
    }),
  )
  const response = await gateway.post('/v1/chat/completions', chat())
  expect(response.headers.get('x-plimsoll-model')).toBe('p/m1')
  expect((await gateway.post('/v1/chat/completions', chat({ model: 'auto/new' }))).status).toBe(200)
  const { requests, constraints } = await bodyOf<SlaBody>(gateway.get('/v1/sla/gold'))
  expect(requests).toBeGreaterThanOrEqual(3)
  expect(constraints[0]?.labels).toBe(3)
})

test('while the store is down requests are served and feedback is not acknowledged; afterwards all is well', async () => {
  const upstream = await startScriptedUpstream(answer('x'))
  onTestFinished(() => upstream.close())
  const store = createMemoryStore()
  let down = false
  const failing: Store = {
    ...store,
    append: async events => {
      if (down) throw new StoreError('store_unavailable', 'the disk is gone')
      return store.append(events)
    },
    findDecision: async id => {
      if (down) throw new StoreError('store_unavailable', 'the disk is gone')
      return store.findDecision(id)
    },
  }
  const gateway = await startTestGateway(testConfig([upstream.baseUrl]), failing)
  onTestFinished(() => gateway.close())
  down = true
  const response = await gateway.post('/v1/chat/completions', chat())
  expect(response.status).toBe(200)
  const statement = { decision_id: response.headers.get('x-plimsoll-decision-id'), value: true }
  const refused = await gateway.post('/v1/feedback', statement)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  const { error } = await bodyOf<{ error: { code: string } }>(refused)
  expect(error.code).toBe('store_unavailable')
  const ready = await gateway.get('/ready')
  expect([ready.status, await bodyOf(ready)]).toEqual([
    200,
    expect.objectContaining({ store: expect.objectContaining({ health: 'degraded' }) }),
  ])
  expect(await (await gateway.admin('/metrics')).text()).toContain('plimsoll_store_healthy 0')
  down = false
  let accepted = await gateway.post('/v1/feedback', statement)
  while (accepted.status === 503) accepted = await gateway.post('/v1/feedback', statement)
  expect([accepted.status, (await bodyOf<{ duplicate: boolean }>(accepted)).duplicate]).toEqual([202, false])
})

test('closing lets requests under way finish', async () => {
  let release: () => void = () => undefined
  const held: Script = (call, response, request) => {
    release = () => answer('late')(call, response, request)
  }
  const upstream = await startScriptedUpstream(held)
  onTestFinished(() => upstream.close())
  const gateway = await startTestGateway(testConfig([upstream.baseUrl]))
  const asked = gateway.post('/v1/chat/completions', chat())
  while (upstream.calls.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
  const closed = gateway.close()
  await expect(fetch(`${gateway.url}/health`)).rejects.toThrow()
  release()
  const response = await asked
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('late')
  await closed
})
