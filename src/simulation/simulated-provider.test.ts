import { once } from 'node:events'
import { connect } from 'node:net'
import OpenAI from 'openai'
import { Agent, request } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { modelId } from '../routing/model.ts'
import { type Fault, randomFaults, scriptedFaults } from './fault-profile.ts'
import {
  type ProviderCall,
  type SimulatedProvider,
  type SimulatedProviderOptions,
  startSimulatedProvider,
} from './simulated-provider.ts'
import { createSyntheticWorld } from './synthetic-world.ts'

const world = createSyntheticWorld({ seed: 3, rows: 40 })
const model = modelId('harbour/frigate-large')
const prompt = world.prompts[5] ?? ''
const truth = world.answer(5, model)
const instant = { medianMs: 0, spread: 0 }

const started: SimulatedProvider[] = []
async function start(options: Partial<SimulatedProviderOptions> = {}): Promise<SimulatedProvider> {
  const provider = await startSimulatedProvider({ world, model, latency: instant, ...options })
  started.push(provider)
  return provider
}
const misbehaving = (fault: Fault): Promise<SimulatedProvider> => start({ faults: scriptedFaults([fault]) })

const agent = new Agent()
async function chat(provider: SimulatedProvider, extra: Record<string, unknown> = {}, signal?: AbortSignal) {
  const response = await request(`${provider.baseUrl}/chat/completions`, {
    method: 'POST',
    dispatcher: agent,
    signal: signal ?? null,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }], ...extra }),
  })
  return { status: response.statusCode, headers: response.headers, text: () => response.body.text() }
}
const stream = { stream: true, stream_options: { include_usage: true } }
const events = (body: string): readonly string[] =>
  body
    .split('\n\n')
    .filter(part => part !== '')
    .map(part => part.replace(/^data: /, ''))

afterEach(async () => {
  await Promise.all(started.splice(0).map(provider => provider.close()))
})

describe('simulated provider', () => {
  it('serves the official SDK, plain, with the cost of the call in its usage', async () => {
    const provider = await start()
    const client = new OpenAI({ baseURL: provider.baseUrl, apiKey: 'none', maxRetries: 0 })
    const answer = await client.chat.completions.create({
      model,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'an earlier turn' },
        { role: 'assistant', content: 'yes' },
        { role: 'user', content: [{ type: 'text', text: prompt }] },
      ],
    })
    expect(answer.choices[0]?.message.content).toBe(truth.text)
    expect(answer.usage).toMatchObject({
      prompt_tokens: truth.promptTokens,
      completion_tokens: truth.completionTokens,
      cost: truth.costUsd,
    })
    expect((await client.models.list()).data.map(entry => entry.id)).toEqual([model])
  })

  it('serves the official SDK, streaming, with a usage chunk when asked', async () => {
    const provider = await start()
    const client = new OpenAI({ baseURL: provider.baseUrl, apiKey: 'none', maxRetries: 0 })
    const parts = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: prompt }],
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let usage: unknown
    for await (const part of parts) {
      text += part.choices[0]?.delta.content ?? ''
      usage = part.usage ?? usage
    }
    expect(text).toBe(truth.text)
    expect(usage).toMatchObject({ completion_tokens: truth.completionTokens, cost: truth.costUsd })
  })

  it('tells no usage in a stream unasked, and no cost when it is not to', async () => {
    const unasked = events(await (await chat(await start(), { stream: true })).text())
    expect(unasked.at(-1)).toBe('[DONE]')
    expect(unasked.join()).not.toContain('usage')
    const silent = JSON.parse(await (await chat(await start({ reportCost: false }))).text())
    expect(silent.usage).toMatchObject({ prompt_tokens: truth.promptTokens })
    expect(silent.usage).not.toHaveProperty('cost')
  })

  it('tells of every call and bills only what it completed', async () => {
    const calls: ProviderCall[] = []
    const faults = scriptedFaults([
      null,
      { kind: 'server-error', status: 503 },
      { kind: 'cut', afterParts: 2 },
    ])
    const provider = await start({ faults, onCall: call => calls.push(call) })
    await (await chat(provider)).text()
    await (await chat(provider)).text()
    await (await chat(provider, stream)).text().catch(() => '')
    await (await chat(provider, { messages: [{ role: 'user', content: 'a stranger' }] })).text()
    expect(calls).toEqual([
      { row: 5, streamed: false, fault: null, completed: true, costUsd: truth.costUsd },
      { row: 5, streamed: false, fault: 'server-error', completed: false, costUsd: 0 },
      { row: 5, streamed: true, fault: 'cut', completed: false, costUsd: 0 },
      { row: null, streamed: false, fault: null, completed: true, costUsd: 0 },
    ])
  })

  it('refuses what it does not serve', async () => {
    const provider = await start({ upstreamModel: 'frigate' })
    expect((await chat(provider, { model: 'frigate' })).status).toBe(200)
    const wrong = await chat(provider)
    expect(wrong.status).toBe(404)
    expect(JSON.parse(await wrong.text()).error.code).toBe('model_not_found')
    expect((await chat(provider, { messages: [] })).status).toBe(400)
    const url = provider.baseUrl
    expect(
      (await request(`${url}/embeddings`, { method: 'POST', body: '{}', dispatcher: agent })).statusCode,
    ).toBe(404)
    const broken = await request(`${url}/chat/completions`, { method: 'POST', body: '{', dispatcher: agent })
    expect(await broken.body.text()).toContain('not JSON')
  })

  it('leaves nothing behind: port, connections and pending calls end with close()', async () => {
    const calls: ProviderCall[] = []
    const provider = await startSimulatedProvider({
      world,
      model,
      latency: { medianMs: 3_600_000, spread: 0 },
      onCall: call => calls.push(call),
    })
    const pending = chat(provider).then(
      () => 'answered',
      () => 'broken',
    )
    const port = Number(new URL(provider.baseUrl).port)
    const idle = connect(port, '127.0.0.1')
    idle.on('error', () => {})
    await once(idle, 'connect')
    while (!(await hasConnection(provider))) await new Promise(resolve => setTimeout(resolve, 5))
    await provider.close()
    expect(await pending).toBe('broken')
    expect(calls).toMatchObject([{ completed: false, costUsd: 0 }])
    const refused = connect(port, '127.0.0.1')
    expect((await once(refused, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' })
  })
})

/** True once the provider answers beside its pending call: the call before it has been read. */
async function hasConnection(provider: SimulatedProvider): Promise<boolean> {
  return (await request(`${provider.baseUrl}/models`, { dispatcher: agent })).statusCode === 200
}

describe('faults over the wire', () => {
  it('429 with retry-after, and errors of the 500s; the next call is answered', async () => {
    const faults = scriptedFaults([
      { kind: 'rate-limit', retryAfterSeconds: 2 },
      { kind: 'server-error', status: 529 },
    ])
    const provider = await start({ faults })
    const limited = await chat(provider)
    expect([limited.status, limited.headers['retry-after']]).toEqual([429, '2'])
    expect(JSON.parse(await limited.text()).error.code).toBe('rate_limit_exceeded')
    expect((await chat(provider, stream)).status).toBe(529)
    expect((await chat(provider)).status).toBe(200)
  })

  it('a slow drip is whole in the end', async () => {
    const body = await (await chat(await misbehaving({ kind: 'slow-drip', gapMs: 2 }), stream)).text()
    expect(events(body).at(-1)).toBe('[DONE]')
  })

  it('a cut breaks the connection in the middle, or before the first byte', async () => {
    const cut = await chat(await misbehaving({ kind: 'cut', afterParts: 3 }), stream)
    expect(cut.status).toBe(200)
    await expect(cut.text()).rejects.toThrow()
    const plain = await chat(await misbehaving({ kind: 'cut', afterParts: 1 }))
    await expect(plain.text()).rejects.toThrow()
    await expect(chat(await misbehaving({ kind: 'cut', afterParts: 0 }))).rejects.toThrow()
  })

  it('a malformed part is no JSON, the others are', async () => {
    const body = await (await chat(await misbehaving({ kind: 'malformed-part', index: 2 }), stream)).text()
    const parsed = events(body)
      .slice(0, -1)
      .map(part => {
        try {
          return typeof JSON.parse(part)
        } catch {
          return 'malformed'
        }
      })
    expect(parsed.filter(kind => kind === 'malformed')).toHaveLength(1)
    expect(parsed[2]).toBe('malformed')
  })

  it.each([
    ['absent', undefined],
    ['strings', { prompt_tokens: `${truth.promptTokens}` }],
    ['nulls', { prompt_tokens: null }],
    ['other-names', { input_tokens: truth.promptTokens }],
  ] as const)('usage told wrongly: %s', async (shape, expected) => {
    const plain = JSON.parse(await (await chat(await misbehaving({ kind: 'wrong-usage', shape }))).text())
    const streamed = events(
      await (await chat(await misbehaving({ kind: 'wrong-usage', shape }), stream)).text(),
    )
    const last = JSON.parse(streamed.at(-2) ?? '')
    if (expected === undefined) {
      expect([plain.usage, last.usage]).toEqual([undefined, undefined])
    } else {
      expect(plain.usage).toMatchObject(expected)
      expect(last.usage).toMatchObject(expected)
    }
  })

  it('usage in the last chunk that has a choice', async () => {
    const provider = await misbehaving({ kind: 'wrong-usage', shape: 'with-choice' })
    const last = JSON.parse(events(await (await chat(provider, stream)).text()).at(-2) ?? '')
    expect(last.choices).toHaveLength(1)
    expect(last.usage).toMatchObject({ completion_tokens: truth.completionTokens })
  })

  it('a hang ends when the client gives up', async () => {
    const over = Promise.withResolvers<ProviderCall>()
    const provider = await start({ faults: scriptedFaults([{ kind: 'hang' }]), onCall: over.resolve })
    const controller = new AbortController()
    const pending = chat(provider, {}, controller.signal)
    setTimeout(() => controller.abort(), 50)
    await expect(pending).rejects.toThrow()
    expect(await over.promise).toMatchObject({ fault: 'hang', completed: false, costUsd: 0 })
  })

  it('random faults come in their shares', () => {
    const random = { next: () => draws.shift() ?? 0, normal: () => 0, integer: () => 0 }
    const draws = [0.05, 0.15, 0.31]
    const script = randomFaults([
      { share: 0.1, fault: { kind: 'hang' } },
      { share: 0.2, fault: { kind: 'server-error', status: 500 } },
    ])
    expect(
      [script(0, random), script(1, random), script(2, random)].map(fault => fault?.kind ?? null),
    ).toEqual(['hang', 'server-error', null])
    expect(() => randomFaults([{ share: 1.2, fault: { kind: 'hang' } }])).toThrow(/sum to <= 1/)
  })
})
