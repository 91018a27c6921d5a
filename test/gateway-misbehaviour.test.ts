import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { bodyOf, chat, type DecisionBody, start, type TestGateway } from './running-gateway.ts'
import {
  answer,
  chunk,
  completion,
  done,
  event,
  hang,
  json,
  refuse,
  type Script,
  stream,
  usageEvent,
  usualStream,
} from './scripted-upstream.ts'

interface ErrorBody {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly plimsoll: {
      readonly decision_id?: string
      readonly attempts?: readonly {
        readonly model: string
        readonly status: number | null
        readonly code: string
      }[]
      readonly reasons?: Readonly<Record<string, string>>
    }
  }
}

const streamed = async (gateway: TestGateway): Promise<string> =>
  (await gateway.post('/v1/chat/completions', chat({ stream: true }))).text()

test('a stream arrives the same wherever the network cuts it', async () => {
  const events = [
    ': ping\n\n',
    ...usualStream(['Käse', ' "usage" ', '🧀']).slice(0, -1),
    'data: [DONE]\r\n\r\n',
  ]
  const bytes = Buffer.from(events.join(''))
  const scripts = Array.from({ length: bytes.length - 1 }, (_, i) =>
    stream([bytes.subarray(0, i + 1), bytes.subarray(i + 1)]),
  )
  const { gateway } = await start([scripts])
  const expected = `${usualStream(['Käse', ' "usage" ', '🧀']).slice(0, -2).join('')}${done}`
  for (let i = 0; i < scripts.length; i += 8) {
    const texts = await Promise.all(scripts.slice(i, i + 8).map(() => streamed(gateway)))
    for (const text of texts) expect(text).toBe(expected)
  }
})

test('a stream with CRLF or CR line ends and split data lines is understood', async () => {
  for (const end of ['\r\n', '\r']) {
    const text = usualStream(['a', 'b']).join('').replaceAll('\n', end)
    const { gateway } = await start([[stream([text])]])
    const parts = await gateway.client.chat.completions.create({
      model: 'auto',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'x' }],
    })
    let content = ''
    let total = 0
    for await (const part of parts) {
      content += part.choices[0]?.delta.content ?? ''
      total += part.usage?.total_tokens ?? 0
    }
    expect([content, total]).toEqual(['ab', 150])
  }
})

test.each<readonly [string, Script, string]>([
  ['cut in the middle', stream([chunk({ content: 'half' })], 'cut'), 'upstream_truncated'],
  ['an end without end marker or finish reason', stream([chunk({ content: 'half' })]), 'upstream_truncated'],
  [
    'an event that is no JSON',
    stream([chunk({ content: 'half' }), event('{broken'), done]),
    'upstream_invalid_response',
  ],
  [
    'an error event',
    stream([chunk({ content: 'half' }), event({ error: { message: 'overloaded', code: null } }), done]),
    'upstream_error',
  ],
])(
  'after the first output, %s becomes a last error event and no other model is tried',
  async (_, script, code) => {
    const { gateway, upstreams } = await start([[script], [stream(usualStream(['other']))]])
    const response = await gateway.post('/v1/chat/completions', chat({ stream: true }))
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(text.startsWith(chunk({ content: 'half' }))).toBe(true)
    const last: ErrorBody = JSON.parse(text.trimEnd().split('\n\n').at(-1)?.slice('data: '.length) ?? '')
    expect(last.error.code).toBe(code)
    expect(last.error.plimsoll.decision_id).toBe(response.headers.get('x-plimsoll-decision-id'))
    expect(upstreams[1]?.calls).toEqual([])
    const decision = await bodyOf<DecisionBody>(
      gateway.get(`/v1/router/decisions/${response.headers.get('x-plimsoll-decision-id')}`),
    )
    expect(decision.events[0]?.outcome?.error).toBe(code)
  },
)

test('the SDK throws at an error event', async () => {
  const { gateway } = await start([[stream([chunk({ content: 'half' })], 'cut')]])
  const parts = await gateway.client.chat.completions.create({
    model: 'auto',
    stream: true,
    messages: [{ role: 'user', content: 'x' }],
  })
  await expect(async () => {
    for await (const part of parts) expect(part.choices[0]?.delta.content).toBe('half')
  }).rejects.toThrow(OpenAI.APIError)
})

test.each<readonly [string, Script]>([
  [
    'an error event',
    stream([chunk({ role: 'assistant', content: '' }), event({ error: { message: 'no' } }), done]),
  ],
  ['an end marker alone', stream([done])],
  ['nothing', stream([])],
  ['an event that is no JSON', stream([event('{broken')])],
  ['JSON instead of a stream', answer('x')],
  ['silence after a role', stream([chunk({ role: 'assistant', content: '' })], 'hold')],
  ['a broken connection', (_call, response) => response.destroy()],
])('before the first output, %s leads to the next model', async (_, script) => {
  const { gateway } = await start([[script], [stream(usualStream(['other']))]], {}, { maxAttempts: 1 })
  const response = await gateway.post('/v1/chat/completions', chat({ stream: true }))
  expect(response.headers.get('x-plimsoll-model')).toBe('p/m1')
  expect(await response.text()).toContain('"content":"other"')
})

test('when nobody answers, the error lists every attempt', async () => {
  const { gateway } = await start([[refuse(500)], [refuse(429)], [refuse(403)]], {}, { maxAttempts: 1 })
  const response = await gateway.post('/v1/chat/completions', chat())
  expect(response.status).toBe(502)
  expect(response.headers.get('x-plimsoll-attempts')).toBe('3')
  const { error } = await bodyOf<ErrorBody>(response)
  expect(error.code).toBe('upstream_credentials')
  expect(error.plimsoll.decision_id).toMatch(/^dec_/)
  expect(error.plimsoll.attempts?.map(({ model, status, code }) => [model, status, code])).toEqual([
    ['p/m0', 500, 'upstream_error'],
    ['p/m1', 429, 'upstream_rate_limited'],
    ['p/m2', 403, 'upstream_credentials'],
  ])
})

test.each<readonly [string, Script, number, string]>([
  ['401', refuse(401), 502, 'upstream_credentials'],
  ['402', refuse(402), 502, 'upstream_credentials'],
  ['404', refuse(404), 502, 'upstream_not_found'],
  ['429', refuse(429, { 'retry-after': '7' }), 429, 'upstream_rate_limited'],
  ['500', refuse(500), 502, 'upstream_error'],
  ['503', refuse(503), 503, 'upstream_unavailable'],
  ['400', refuse(400), 400, 'upstream_rejected'],
  [
    '400 for a prompt that is too long',
    json(400, {
      error: { message: "This model's maximum context length is 10 tokens", code: 'context_length_exceeded' },
    }),
    400,
    'context_length_exceeded',
  ],
  ['200 with an error inside', json(200, { error: { message: 'no', code: 502 } }), 502, 'upstream_error'],
  ['200 without choices', json(200, { id: 'x' }), 502, 'upstream_invalid_response'],
  ['200 with half a body', json(200, '{"choices":['), 502, 'upstream_invalid_response'],
])('a provider’s %s is shown as our own error', async (_, script, status, code) => {
  const { gateway } = await start([[script]], {}, { maxAttempts: 1 })
  const response = await gateway.post('/v1/chat/completions', chat())
  const { error } = await bodyOf<ErrorBody>(response)
  expect([response.status, error.code]).toEqual([status, code])
  if (status === 429) expect(response.headers.get('retry-after')).toBe('7')
})

test('a request that a provider refuses as faulty is not offered to the next', async () => {
  const { gateway, upstreams } = await start([[refuse(400)], [answer('x')]])
  expect((await gateway.post('/v1/chat/completions', chat())).status).toBe(400)
  expect(upstreams[1]?.calls).toEqual([])
})

test('a prompt too long for one model goes to the next', async () => {
  const overflow = json(400, { error: { message: 'maximum context length is 10 tokens' } })
  const { gateway } = await start([[overflow], [answer('long')]])
  const response = await gateway.post('/v1/chat/completions', chat())
  expect(response.headers.get('x-plimsoll-model')).toBe('p/m1')
})

test('a provider that hangs is a timeout, and one that cannot be reached is unavailable', async () => {
  const slow = await start(
    [[hang]],
    {},
    { maxAttempts: 1, timeoutMs: { connect: 500, firstToken: 100, total: 150 } },
  )
  const late = await slow.gateway.post('/v1/chat/completions', chat())
  expect([late.status, (await bodyOf<ErrorBody>(late)).error.code]).toEqual([504, 'upstream_timeout'])
  await slow.upstreams[0]?.close()
  const gone = await slow.gateway.post('/v1/chat/completions', chat())
  expect([gone.status, (await bodyOf<ErrorBody>(gone)).error.code]).toEqual([503, 'upstream_unavailable'])
})

test('an upstream that fails again and again is left alone for a while', async () => {
  const { gateway, upstreams } = await start(
    [[refuse(500)], [answer('b')]],
    { breaker: { failures: 2, coolDownMs: 60_000 } },
    { maxAttempts: 1 },
  )
  for (let i = 0; i < 4; i++) expect((await gateway.post('/v1/chat/completions', chat())).status).toBe(200)
  expect(upstreams[0]?.calls).toHaveLength(2)
  const pinned = await gateway.post('/v1/chat/completions', chat({ model: 'p/m0' }))
  expect([pinned.status, (await bodyOf<ErrorBody>(pinned)).error.code]).toEqual([503, 'upstream_unavailable'])
  const { upstreams: states } = await bodyOf<{ upstreams: { breaker: string }[] }>(
    gateway.admin('/admin/upstreams'),
  )
  expect(states.map(state => state.breaker)).toEqual(['open', 'closed'])
})

test('a client that leaves stops the upstream, before and in the middle of a stream', async () => {
  for (const first of [[], [chunk({ content: 'a' })]]) {
    let cut: (value: unknown) => void = () => undefined
    const upstreamCut = new Promise(resolve => {
      cut = resolve
    })
    const script: Script = (call, response, request) => {
      response.on('close', () => cut(response.writableFinished))
      stream(first, 'hold')(call, response, request)
    }
    const { gateway } = await start(
      [[script]],
      {},
      { timeoutMs: { connect: 500, firstToken: 60_000, total: 60_000 } },
    )
    const client = httpRequest(`${gateway.url}/v1/chat/completions`, { method: 'POST' })
    client.on('error', () => undefined)
    client.end(JSON.stringify(chat({ stream: true })))
    if (first.length > 0) {
      const [response] = await once(client, 'response')
      await once(response, 'data')
    } else await waitFor(async () => (await inFlight(gateway)) === 1)
    client.destroy()
    expect(await upstreamCut).toBe(false)
    await waitFor(async () => (await statuses(gateway))[0] === 'client_closed_request')
  }
})

test('a client that reads slowly holds the upstream back', async () => {
  const piece = chunk({ content: 'x'.repeat(64 * 1024) })
  const total = 600
  let written = 0
  const script: Script = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const more = (): void => {
      while (written < total) {
        written++
        if (!response.write(piece)) return void response.once('drain', more)
      }
      response.end(done)
    }
    more()
  }
  const { gateway } = await start(
    [[script]],
    {},
    { timeoutMs: { connect: 500, firstToken: 60_000, total: 60_000 } },
  )
  const client = httpRequest(`${gateway.url}/v1/chat/completions`, { method: 'POST' })
  client.end(JSON.stringify(chat({ stream: true })))
  const [response] = await once(client, 'response')
  // Nobody reads: what the sockets between can hold fills up, and then nothing moves any more.
  let before = -1
  await waitFor(async () => {
    const still = written === before
    before = written
    await new Promise(resolve => setTimeout(resolve, 200))
    return still && written > 0
  })
  expect(written).toBeLessThan(total)
  let bytes = 0
  response.on('data', (data: Buffer) => {
    bytes += data.length
  })
  await once(response, 'end')
  expect(bytes).toBe(total * piece.length + done.length)
})

test('a slow drip within its limits arrives whole', async () => {
  const pieces = usualStream(['a', 'b', 'c'])
    .join('')
    .match(/[\s\S]{1,7}/g)
  const { gateway } = await start([[stream(pieces ?? [])]])
  expect(await streamed(gateway)).toContain('"content":"c"')
})

const usageShapes: readonly (readonly [string, readonly string[], number])[] = [
  ['in a chunk of its own', [chunk({ content: 'a' }), chunk({}, 'stop'), usageEvent], 0.0002],
  [
    'with the finish reason',
    [chunk({ content: 'a' }), chunk({}, 'stop', { usage: { prompt_tokens: 1000, completion_tokens: 0 } })],
    0.001,
  ],
  [
    'in both: counted once',
    [chunk({ content: 'a' }), chunk({}, 'stop', { usage: completion('').usage }), usageEvent],
    0.0002,
  ],
  [
    'on every chunk, growing: the last one counts',
    [1, 2, 3].map(n =>
      chunk({ content: 'a' }, n === 3 ? 'stop' : null, {
        usage: { prompt_tokens: 10, completion_tokens: n },
      }),
    ),
    0.000016,
  ],
  [
    'under x_groq alone',
    [
      chunk({ content: 'a' }),
      chunk({}, 'stop', { x_groq: { usage: { prompt_tokens: 10, completion_tokens: 5 } } }),
    ],
    0.00002,
  ],
  [
    'with reasoning outside the completion',
    [
      chunk({ content: 'a' }),
      chunk({}, 'stop', {
        usage: {
          prompt_tokens: 12,
          completion_tokens: 1,
          total_tokens: 303,
          completion_tokens_details: { reasoning_tokens: 290 },
        },
      }),
    ],
    (12 + 2 * 291) / 1e6,
  ],
  [
    'with cached tokens',
    [
      chunk({ content: 'a' }),
      chunk({}, 'stop', {
        usage: { prompt_tokens: 100, completion_tokens: 0, prompt_tokens_details: { cached_tokens: 60 } },
      }),
    ],
    (40 + 60 * 0.5) / 1e6,
  ],
]

test.each(usageShapes)('usage %s is understood', async (_, events, cost) => {
  const { gateway } = await start(
    [[stream([...events, done])]],
    {},
    {
      priceUsdPerMillion: { input: 1, output: 2, cachedInput: 0.5 },
    },
  )
  const response = await gateway.post('/v1/chat/completions', chat({ stream: true }))
  await response.text()
  const decision = await bodyOf<DecisionBody>(
    gateway.get(`/v1/router/decisions/${response.headers.get('x-plimsoll-decision-id')}`),
  )
  expect(decision.events[0]?.outcome?.costUsd).toBeCloseTo(cost, 12)
})

async function inFlight(gateway: TestGateway): Promise<number> {
  const { upstreams } = await bodyOf<{ upstreams: { inFlight: number }[] }>(gateway.admin('/admin/upstreams'))
  return upstreams[0]?.inFlight ?? 0
}

async function statuses(gateway: TestGateway): Promise<readonly string[]> {
  const { decisions } = await bodyOf<{ decisions: { status: string }[] }>(gateway.admin('/admin/decisions'))
  return decisions.map(decision => decision.status)
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error('the condition did not come true')
}
