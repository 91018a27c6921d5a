import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  type EndpointMood,
  letterVector,
  type ScriptedEndpoint,
  startScriptedEndpoint,
} from '../src/encoders/scripted-endpoint.fixture.ts'
import { parseConfig } from '../src/gateway/config.ts'
import { replayLog } from '../src/learner/replay-log.ts'
import { createRandom } from '../src/routing/numeric/random.ts'
import { createPolicy } from '../src/routing/policies/registry.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import type { Store } from '../src/store/store.ts'
import { chat, startTestGateway, type TestGateway, testConfig } from './running-gateway.ts'
import { answer, type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts'

const upstreams: ScriptedUpstream[] = []
let endpoint: ScriptedEndpoint

beforeAll(async () => {
  endpoint = await startScriptedEndpoint()
  upstreams.push(await startScriptedUpstream(answer('a')), await startScriptedUpstream(answer('b')))
})
beforeEach(() => {
  endpoint.mood = 'fine'
})
afterAll(async () => {
  await Promise.all([endpoint, ...upstreams].map(server => server.close()))
})

const encoderOf = (changes: object = {}) => ({
  kind: 'embeddings',
  baseUrl: endpoint.baseUrl,
  model: 'letters',
  dimensions: 3,
  timeoutMs: 10_000,
  ...changes,
})
const configOf = (changes: object = {}, overrides: object = {}) =>
  testConfig(
    upstreams.map(({ baseUrl }) => baseUrl),
    { encoder: encoderOf(changes), ...overrides },
  )

async function serve(changes: object = {}, overrides: object = {}, store: Store = createMemoryStore()) {
  const gateway = await startTestGateway(configOf(changes, overrides), store)
  onTestFinished(() => gateway.close())
  return { gateway, store }
}

const ask = (gateway: TestGateway, extra: object = {}) =>
  gateway.post('/v1/chat/completions', chat({ ...extra }))

/** The embedding that the decision of a response was made on, from the log. */
async function loggedEmbedding(store: Store, response: Response) {
  const id = response.headers.get('x-plimsoll-decision-id') ?? ''
  for (let attempt = 0; attempt < 100; attempt++) {
    const events = await store.readEvents(0, 10_000)
    const found = events.find(({ event }) => event.kind === 'decision' && id.startsWith(event.record.id))
    if (found !== undefined) return found.event.record.context.features.embedding
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error(`decision ${id} never reached the log`)
}

test('a decision is made on the embedding of its prompt, and says who made it', async () => {
  const { gateway, store } = await serve()
  const response = await ask(gateway)
  expect(response.status).toBe(200)
  const text = endpoint.calls.at(-1)?.input[0] ?? ''
  expect(text).toContain('Why is the sky blue?')
  expect(await loggedEmbedding(store, response)).toEqual({
    encoder: 'embeddings:letters@3',
    values: Float32Array.from(letterVector(text)),
  })
  const metrics = await (await gateway.admin('/metrics')).text()
  expect(metrics).toContain('plimsoll_encoder_results_total{result="encoded"} 1')
  expect(metrics).toContain('plimsoll_encoder_seconds_count 1')
})

describe('a request is served by its n-grams', () => {
  test.each<[EndpointMood, string]>([
    ['hanging', 'timeout'],
    ['dropping', 'error'],
    ['failing', 'error'],
    ['unauthorised', 'error'],
    ['one-dimension-more', 'error'],
    ['malformed', 'error'],
    ['without-vectors', 'error'],
    ['one-vector-less', 'error'],
  ])('while the encoder is %s', async (mood, result) => {
    const { gateway, store } = await serve(mood === 'hanging' ? { timeoutMs: 20 } : {})
    endpoint.mood = mood
    const response = await ask(gateway)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'a' } }] })
    expect(await loggedEmbedding(store, response)).toBeUndefined()
    const metrics = await (await gateway.admin('/metrics')).text()
    expect(metrics).toContain(`plimsoll_encoder_results_total{result="${result}"} 1`)
  })

  test('without asking an encoder that is down, and with it once it is up again', async () => {
    const { gateway, store } = await serve({ failures: 2, coolDownMs: 1 })
    endpoint.mood = 'failing'
    for (let i = 0; i < 3; i++) expect((await ask(gateway)).status).toBe(200)
    endpoint.mood = 'fine'
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(await loggedEmbedding(store, await ask(gateway))).toBeDefined()
  })
})

test('nobody waits for an embedding who names the model', async () => {
  const { gateway } = await serve()
  const before = endpoint.calls.length
  expect((await ask(gateway, { model: 'p/m1' })).status).toBe(200)
  expect(endpoint.calls.length).toBe(before)
})

test('an explanation is made on the embedding too', async () => {
  const { gateway } = await serve()
  const before = endpoint.calls.length
  expect((await gateway.post('/v1/router/explain', chat())).status).toBe(200)
  expect(endpoint.calls.length).toBe(before + 1)
})

test('another encoder is refused while the gateway serves; anything else may change', async () => {
  const { gateway } = await serve()
  await expect(gateway.reload(configOf({ model: 'other' }))).rejects.toThrow(/restart it/)
  await gateway.reload(configOf({}, { log: { requests: false } }))
  expect((await ask(gateway)).status).toBe(200)
})

test('an encoder that cannot be used at all ends the start', async () => {
  const encoder = { kind: 'onnx', folder: 'no/such/folder' }
  await expect(serve({}, { encoder })).rejects.toThrow(/no\/such\/folder does not exist/)
})

test('faults of the configuration are told with their path', () => {
  const faultsOf = (encoder: object) => {
    const document = { ...plain, encoder }
    const parsed = parseConfig(document, {})
    return parsed.ok ? [] : parsed.faults.map(({ path }) => path)
  }
  const plain = {
    models: [{ id: 'm', provider: 'p', baseUrl: 'http://127.0.0.1:1/v1' }],
    classes: [{ name: 'gold', satisfaction: { floor: 0.8 } }],
  }
  expect(faultsOf(encoderOf())).toEqual([])
  expect(faultsOf({ kind: 'onnx', folder: 'models/mini' })).toEqual([])
  expect(faultsOf({ kind: 'magic' })).toEqual(['encoder.kind'])
  expect(faultsOf(encoderOf({ dimensions: 0, timeoutMs: -1 }))).toEqual([
    'encoder.dimensions',
    'encoder.timeoutMs',
  ])
  expect(faultsOf(encoderOf({ apiKeyEnv: 'NO_SUCH_KEY' }))).toEqual(['encoder.apiKeyEnv'])
  expect(faultsOf({ kind: 'onnx', folder: 'models/mini', model: 'x' })).toEqual(['encoder.model'])
})

test('what was served is what the log replays, embeddings, outages and all', async () => {
  const classes = [{ name: 'gold', satisfaction: { floor: 0.8 }, policy: 'plimsoll' }]
  const { gateway, store } = await serve({ failures: 1000 }, { classes, log: { requests: false } })
  const random = createRandom('encoder-replay')
  const one = async (i: number): Promise<void> => {
    const topic = ['sums', 'proofs', 'poems'][i % 3]
    const response = await ask(gateway, {
      messages: [{ role: 'user', content: `Please do some ${topic} number ${random.integer(1000)}` }],
    })
    await response.text()
    const id = response.headers.get('x-plimsoll-decision-id')
    await gateway.post('/v1/feedback', { request_id: id, satisfied: random.next() < 0.8 })
  }
  for (let batch = 0; batch < 12; batch++) {
    endpoint.mood = batch % 4 === 3 ? 'malformed' : 'fine'
    await Promise.all(Array.from({ length: 32 }, (_, i) => one(32 * batch + i)))
  }
  const config = configOf({}, { classes })
  const policy = config.classes[0]?.policyInstance ?? ''
  await gateway.close()
  const events = await store.readEvents(0, 10_000)
  const decided = events.flatMap(({ event }) => (event.kind === 'decision' ? [event.record] : []))
  const embedded = decided.filter(({ context }) => context.features.embedding !== undefined)
  expect(embedded.length).toBeGreaterThan(200)
  expect(embedded.length).toBeLessThan(decided.length)
  const replayed = await replayLog(store, {
    policy,
    createPolicy: snapshot =>
      createPolicy('plimsoll', { parameters: {}, training: null, snapshot, auditBudget: 0 }),
  })
  expect(replayed.decisions).toBe(decided.length)
  expect([replayed.mismatches, replayed.listed]).toEqual([0, []])
  const saved = await store.loadSnapshot(policy)
  expect(Buffer.from(saved?.snapshot.bytes ?? []).equals(Buffer.from(replayed.snapshot.bytes))).toBe(true)
})
