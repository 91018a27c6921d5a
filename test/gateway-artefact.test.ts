import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../src/gateway/main.ts'
import { prepareTrace } from '../src/lab/prepare-trace.ts'
import { traceFingerprint } from '../src/lab/train/trace-fingerprint.ts'
import { trainArtefact } from '../src/lab/train/train-artefact.ts'
import { replayLog } from '../src/learner/replay-log.ts'
import { createHashedFeaturizer } from '../src/routing/features/hashed-ngrams.ts'
import { modelId } from '../src/routing/model.ts'
import { createPolicy, readsNgrams } from '../src/routing/policies/registry.ts'
import { type Artefact, encodeArtefact } from '../src/store/artefact.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import type { Store } from '../src/store/store.ts'
import { bodyOf, chat, testConfig } from './running-gateway.ts'
import { answer, startScriptedUpstream } from './scripted-upstream.ts'

const cli = new URL('../src/cli/main.ts', import.meta.url).pathname
const hard = (i: number): string => `Prove theorem ${i} on manifolds in full detail, please.`
const easy = (i: number): string => `Add ${i} and ${i + 1}.`

/** Trained on 120 prompts of which the first model satisfies the easy ones and the second all. */
function train(names: readonly string[], policy = 'plimsoll', parameters = {}): Artefact {
  const featurizer = createHashedFeaturizer()
  const rows = Array.from({ length: 120 }, (_, i) => ({
    id: `q${i}`,
    prompt: i % 2 === 0 ? hard(i) : easy(i),
    scores: Float64Array.of(i % 2, 1),
    costsUsd: Float64Array.of(1e-4, 1e-3),
    task: null,
    split: null,
    promptTokens: null,
    completionTokens: null,
    latencyMs: null,
    answers: null,
  }))
  const trace = { name: 'quiz', models: names.map(modelId), rows }
  return trainArtefact({
    prepared: prepareTrace(trace, featurizer, readsNgrams(policy)),
    policy,
    parameters,
    satisfiedAt: null,
    seed: null,
    codeVersion: '1.0.0',
    fingerprint: traceFingerprint(trace),
  })
}

const ofClass = (policy: string, more: object = {}) => ({
  classes: [{ name: 'gold', satisfaction: { floor: 0.8 }, feedback: { kind: 'chosen' }, policy, ...more }],
})

/** A gateway before two upstreams, p/m0 and p/m1; what it logged beside. */
async function serve(trained: Artefact, overrides: object, store: Store = createMemoryStore()) {
  const upstreams = await Promise.all([
    startScriptedUpstream(answer('a')),
    startScriptedUpstream(answer('b')),
  ])
  onTestFinished(async () => {
    for (const upstream of upstreams) await upstream.close()
  })
  const lines: string[] = []
  const config = testConfig(
    upstreams.map(({ baseUrl }) => baseUrl),
    { ...overrides },
  )
  const artefact = { file: 'zoo.plimsoll', trained }
  const gateway = await startGateway({ config, store, artefact, log: line => lines.push(line) })
  return { gateway, lines, config }
}

interface Explained {
  readonly estimates: readonly { readonly model: string; readonly satisfaction: number }[]
}

/** Predicted satisfaction of p/m0 for a prompt. */
async function predicted(url: string, text: string): Promise<number | undefined> {
  const body = JSON.stringify(chat({ messages: [{ role: 'user', content: text }] }))
  const response = await fetch(`${url}/v1/router/explain`, { method: 'POST', body })
  const { estimates } = await bodyOf<Explained>(response)
  return estimates.find(({ model }) => model === 'p/m0')?.satisfaction
}

test('a class starts from the artefact, and later from its own saved state', async () => {
  const trained = train(['p/m0', 'p/m1'])
  const store = createMemoryStore()
  const first = await serve(trained, ofClass('plimsoll'), store)
  expect(first.lines).toContain('class gold starts from zoo.plimsoll')
  expect(await predicted(first.gateway.url, easy(500))).toBeGreaterThan(0.8)
  expect(await predicted(first.gateway.url, hard(500))).toBeLessThan(0.3)
  const ask = { method: 'POST', body: JSON.stringify(chat()) }
  expect((await fetch(`${first.gateway.url}/v1/chat/completions`, ask)).status).toBe(200)
  await first.gateway.close()
  const learned = await store.loadSnapshot('plimsoll')
  expect(learned?.cursor).toBeGreaterThan(0)

  const second = await serve(trained, ofClass('plimsoll'), store)
  expect(second.lines).toContain('class gold starts from its saved state, not from zoo.plimsoll')
  expect(await predicted(second.gateway.url, hard(500))).toBeLessThan(0.3)
  expect(second.lines.join()).not.toContain('evidence')
  await second.gateway.close()
  expect(await store.loadSnapshot('plimsoll')).toEqual(learned)
})

test('one artefact of a policy for every floor serves the floor that a request brings', async () => {
  const trained = train(['p/m0', 'p/m1'], 'proteus', { steps: 600, width: 16, decay: 3 })
  const { parameters } = trained
  const { gateway } = await serve(
    trained,
    ofClass('proteus', { policyParameters: parameters, floors: { min: 0.4, max: 0.99 } }),
  )
  onTestFinished(() => gateway.close())
  const priceAt = async (floor: number): Promise<number> => {
    const messages = [{ role: 'user', content: hard(500) }]
    const body = JSON.stringify(chat({ model: `auto@${floor}`, messages }))
    const response = fetch(`${gateway.url}/v1/router/explain`, { method: 'POST', body })
    const { floor: asked, prices } = await bodyOf<{
      readonly floor: number
      readonly prices: readonly { readonly price_usd: number }[]
    }>(response)
    expect(asked).toBe(floor)
    return prices[0]?.price_usd ?? Number.NaN
  }
  const prices = [await priceAt(0.5), await priceAt(0.7), await priceAt(0.93)]
  expect(prices).toEqual(prices.toSorted((a, b) => a - b))
  expect(prices[2]).toBeGreaterThan(1.1 * (prices[0] ?? 0))
})

test('a class whose policy must be trained is refused without an artefact, in a sentence', async () => {
  const config = testConfig(['http://127.0.0.1:1', 'http://127.0.0.1:2'], ofClass('lr'))
  await expect(startGateway({ config, store: createMemoryStore(), log: () => {} })).rejects.toThrow(
    'class gold: policy lr must be trained first: start with --artefact FILE',
  )
})

test('a log without a saved state is folded on top of the artefact', async () => {
  const trained = train(['p/m0', 'p/m1'])
  const store = createMemoryStore()
  // The process dies before it saves anything: the log is all that is left.
  const forgetful: Store = { ...store, saveSnapshot: async () => undefined }
  const first = await serve(trained, ofClass('plimsoll'), forgetful)
  const ask = { method: 'POST', body: JSON.stringify(chat()) }
  await fetch(`${first.gateway.url}/v1/chat/completions`, ask)
  await first.gateway.close()
  expect(await store.loadSnapshot('plimsoll')).toBeNull()

  const second = await serve(trained, ofClass('plimsoll'), store)
  expect(second.lines).toContain('class gold starts from zoo.plimsoll')
  const report = await bodyOf(fetch(`${second.gateway.url}/v1/sla/gold`))
  expect(report.requests).toBe(1)
  expect(await predicted(second.gateway.url, hard(500))).toBeLessThan(0.3)
  await second.gateway.close()
})

test('n-grams are counted, logged and replayed for a policy that reads them, and for no other', async () => {
  const trained = train(['p/m0', 'p/m1'], 'lr')
  const store = createMemoryStore()
  const classes = [...ofClass('random').classes, { ...ofClass('mess-plus').classes[0], name: 'bronze' }]
  const upstream = await startScriptedUpstream(answer('a'))
  onTestFinished(() => upstream.close())
  const config = testConfig([upstream.baseUrl, upstream.baseUrl], { classes })
  const lr = { policy: 'lr', policyInstance: 'lr', readsNgrams: readsNgrams('lr') }
  const gateway = await startGateway({
    config: {
      ...config,
      classes: config.classes.map(each => (each.policy === 'random' ? { ...each, ...lr } : each)),
    },
    store,
    artefact: { file: 'zoo.plimsoll', trained },
  })
  expect(await predicted(gateway.url, easy(500))).toBeGreaterThan(0.7)
  expect(await predicted(gateway.url, hard(500))).toBeLessThan(0.4)
  for (let i = 0; i < 20; i++) {
    const prompt = [{ role: 'user', content: i % 2 === 0 ? hard(i) : easy(i) }]
    for (const model of ['auto/gold', 'auto/bronze', 'p/m1']) {
      const body = JSON.stringify(chat({ model, messages: prompt }))
      expect((await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body })).status).toBe(200)
    }
  }
  await gateway.close()
  const events = await store.readEvents(0, 10_000)
  const counted = events.flatMap(({ policy, event }) =>
    event.kind === 'decision' && event.record.context.features.ngrams !== undefined ? [policy] : [],
  )
  expect(counted).toEqual(Array.from({ length: 20 }, () => 'lr'))
  const replayed = await replayLog(store, {
    policy: 'lr',
    createPolicy: () => {
      const { parameters, snapshot } = trained
      return createPolicy('lr', { parameters, training: null, snapshot, auditBudget: 0 })
    },
  })
  expect([replayed.decisions, replayed.mismatches]).toEqual([20, 0])
})

test('a model that the training did not know is named in the log; other classes start as ever', async () => {
  const trained = train(['p/m0', 'p/other'])
  const classes = [...ofClass('plimsoll').classes, { ...ofClass('mess-plus').classes[0], name: 'bronze' }]
  const { gateway, lines } = await serve(trained, { classes })
  onTestFinished(() => gateway.close())
  expect(lines).toEqual([
    'zoo.plimsoll: class gold: not trained on p/m1, unknown at first',
    'class gold starts from zoo.plimsoll',
    expect.stringContaining('class gold: evidence is tentative; promise no floor yet'),
  ])
})

test('a reload may add a class that starts from the artefact', async () => {
  const trained = train(['p/m0', 'p/m1'])
  const { gateway, lines, config } = await serve(trained, ofClass('plimsoll'))
  onTestFinished(() => gateway.close())
  const [gold] = config.classes
  if (gold === undefined) throw new Error('there is one class')
  const silver = {
    ...gold,
    sla: { ...gold.sla, name: 'silver' },
    auditBudget: 0.1,
    policyInstance: 'audited',
  }
  await gateway.reload({ ...config, classes: [gold, silver] })
  expect(lines).toContain('class silver starts from zoo.plimsoll')
})

test.each([
  [
    'another policy',
    train(['p/m0', 'p/m1'], 'static-mixture'),
    ofClass('plimsoll'),
    'zoo.plimsoll: it holds the policy static-mixture, but no class has this policy with these parameters (gold has plimsoll)',
  ],
  [
    'other parameters',
    train(['p/m0', 'p/m1']),
    ofClass('plimsoll', { policyParameters: { exploration: 1 } }),
    'no class has this policy with these parameters (gold has plimsoll with exploration=1)',
  ],
  [
    'other models',
    train(['vllm/m0', 'vllm/m1']),
    ofClass('plimsoll'),
    'zoo.plimsoll: class gold cannot start from it: it was trained on vllm/m0, vllm/m1, and none of these is among p/m0, p/m1',
  ],
  [
    'another encoder',
    { ...train(['p/m0', 'p/m1']), encoder: 'words@1' },
    ofClass('plimsoll'),
    'it was trained on features of words@1, but features here are made by hashed-ngrams@1',
  ],
])('%s: the gateway does not start', async (_, trained, overrides, message) => {
  await expect(serve(trained, overrides)).rejects.toThrow(message)
})

test('serve --artefact: a bad file ends with 65 and one line, a good one serves', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-artefact-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const upstream = await startScriptedUpstream(answer('x'))
  onTestFinished(() => upstream.close())
  const [config, zoo, cut] = [join(folder, 'plimsoll.yaml'), join(folder, 'zoo'), join(folder, 'cut')]
  writeFileSync(
    config,
    [
      'listen: { port: 0, admin: 0 }',
      `models: [{ id: m0, provider: p, baseUrl: "${upstream.baseUrl}" }]`,
      'classes: [{ name: gold, satisfaction: { floor: 0.8 }, policy: plimsoll }]',
    ].join('\n'),
  )
  const certified = {
    floor: 0.8,
    delta: 0.05,
    askFor: 0.83,
    priceUsd: 0.002,
    costUsd: 0.0005,
    labels: 400,
    failures: 50,
    pValue: 0.00005,
    wish: null,
    split: '0'.repeat(64),
  }
  const bytes = encodeArtefact({ ...train(['p/m0', 'p/m1']), certified: [certified] })
  writeFileSync(zoo, bytes)
  writeFileSync(cut, bytes.subarray(0, 500))
  const run = (file: string) => {
    const args = [cli, 'serve', '--config', config, '--store', 'memory:', '--artefact', file]
    const child = spawn(process.execPath, args)
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  const bad = run(cut)
  let told = ''
  bad.stderr.on('data', data => {
    told += String(data)
  })
  expect(await once(bad, 'close')).toEqual([65, null])
  expect(told).toMatch(/^plimsoll serve: .*cut: \d+ bytes should follow its first line.*\n$/)

  const good = run(zoo)
  let served = ''
  for await (const data of good.stderr) {
    served += String(data)
    if (served.includes('serves on')) break
  }
  expect(served).toContain(`class gold starts from ${zoo}`)
  expect(served).toContain(
    `${zoo}: plimsoll with exploration and learning off: certified 0.8 when asked for 0.83 at 0.00200 USD`,
  )
  good.kill('SIGTERM')
  expect(await once(good, 'exit')).toEqual([0, null])
})
