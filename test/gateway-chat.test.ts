import type OpenAI from 'openai'
import { expect, test } from 'vitest'
import { bodyOf, chat, type DecisionBody, start } from './running-gateway.ts'
import {
  answer,
  chunk,
  completion,
  done,
  hang,
  json,
  refuse,
  stream,
  usageEvent,
  usualStream,
} from './scripted-upstream.ts'

test('the SDK gets a plain answer, and the headers tell what happened', async () => {
  const { gateway, upstreams } = await start([[answer('Rayleigh scattering.')]])
  const { data, response } = await gateway.client.chat.completions
    .create({ model: 'auto', messages: [{ role: 'user', content: 'Why is the sky blue?' }] })
    .withResponse()
  expect(data.choices[0]?.message.content).toBe('Rayleigh scattering.')
  expect(data.model).toBe('upstream-model')
  expect(upstreams[0]?.calls[0]?.body).toEqual({
    model: 'up-0',
    messages: [{ role: 'user', content: 'Why is the sky blue?' }],
  })
  const header = (name: string): string | null => response.headers.get(name)
  expect(header('x-request-id')).toMatch(/^req_[\w-]{34}$/)
  expect(header('x-plimsoll-decision-id')).toBe(header('x-request-id')?.replace('req_', 'dec_'))
  expect(header('x-plimsoll-model')).toBe('p/m0')
  expect(header('x-plimsoll-provider')).toBe('p')
  expect(header('x-plimsoll-sla')).toBe('gold')
  expect(header('x-plimsoll-sla-status')).toBe('learning')
  expect(header('x-plimsoll-reason')).toBe('exploit')
  expect(header('x-plimsoll-attempts')).toBe('1')
  expect(Number(header('x-plimsoll-overhead-ms'))).toBeGreaterThanOrEqual(0)
  // 100 tokens at 1 USD and 50 at 2 USD per million.
  expect(header('x-plimsoll-cost-usd')).toBe('0.0002')
})

test('unknown fields and odd spacing reach the upstream byte for byte', async () => {
  const { gateway, upstreams } = await start([[answer('ok')]])
  const body =
    '{ "x_vendor" : {"model":"keep me","big":12345678901234567890}, "messages":[{"role":"user","content":"say \\"model\\""}] ,\n "model" : "auto" , "note":"é\\u00e9" }'
  const response = await gateway.post('/v1/chat/completions', body)
  expect(response.status).toBe(200)
  expect(upstreams[0]?.calls[0]?.text).toBe(body.replace('"model" : "auto"', '"model" : "up-0"'))
})

test('every spelling and every copy of the model key is replaced', async () => {
  const { gateway, upstreams } = await start([[answer('ok')]])
  await gateway.post(
    '/v1/chat/completions',
    '{"model":"p/m9","\\u006dodel":"nobody","messages":[{"role":"user","content":"x"}],"model":"auto"}',
  )
  expect(upstreams[0]?.calls[0]?.text).toBe(
    '{"model":"up-0","\\u006dodel":"up-0","messages":[{"role":"user","content":"x"}],"model":"up-0"}',
  )
})

test('neither the caller’s key nor our headers go upstream; the configured key does', async () => {
  const { gateway, upstreams } = await start([[answer('ok')]], {}, { apiKeyEnv: 'TEST_KEY' })
  await gateway.post('/v1/chat/completions', chat(), {
    authorization: 'Bearer sk-client',
    'x-plimsoll-sla': 'gold',
    'x-secret-of-client': 'yes',
  })
  const headers = upstreams[0]?.calls[0]?.headers ?? {}
  expect(headers.authorization).toBe('Bearer sk-upstream-secret')
  expect(Object.keys(headers).filter(name => name.startsWith('x-'))).toEqual([])
})

test('tools and many turns pass through, and the SDK reads the tool calls', async () => {
  const toolCalls = [
    { id: 'call_1', type: 'function', function: { name: 'sum', arguments: '{"a":1,"b":2}' } },
  ]
  const message = { role: 'assistant', content: null, tool_calls: toolCalls }
  const { gateway, upstreams } = await start([
    [answer('', { choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }), answer('three')],
  ])
  const tools: OpenAI.Chat.ChatCompletionTool[] = [
    { type: 'function', function: { name: 'sum', parameters: { type: 'object', properties: {} } } },
  ]
  const messages: OpenAI.Chat.ChatCompletionMessageParam[] = [{ role: 'user', content: 'sum of 1 and 2' }]
  const first = await gateway.client.chat.completions.create({ model: 'auto/gold', messages, tools })
  const asked = first.choices[0]?.message
  expect(asked?.tool_calls).toEqual(toolCalls)
  if (asked === undefined) throw new Error('no message')
  messages.push(asked, { role: 'tool', tool_call_id: 'call_1', content: '3' })
  const second = await gateway.client.chat.completions.create({ model: 'auto', messages, tools })
  expect(second.choices[0]?.message.content).toBe('three')
  expect(upstreams[0]?.calls[1]?.body.messages).toEqual(messages)
})

test('inside a tool loop the conversation stays with its model; outside it is routed anew', async () => {
  const classes = [{ name: 'gold', satisfaction: { floor: 0.8 }, policy: 'random' }]
  const script = answer('', {
    choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'tool_calls' }],
  })
  const { gateway } = await start([[script], [script], [script]], { classes })
  const tools = [{ type: 'function', function: { name: 'f' } }]
  const seen = new Set<string>()
  for (let i = 0; i < 12; i++) {
    const messages: object[] = [{ role: 'user', content: `question ${i}` }]
    const first = await gateway.post('/v1/chat/completions', chat({ tools, messages }))
    const model = first.headers.get('x-plimsoll-model')
    seen.add(model ?? '')
    messages.push(
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: '3' },
    )
    const second = await gateway.post('/v1/chat/completions', chat({ tools, messages }))
    expect([second.headers.get('x-plimsoll-model'), second.headers.get('x-plimsoll-reason')]).toEqual([
      model,
      'sticky',
    ])
  }
  expect(seen.size).toBeGreaterThan(1)
})

test('a provider’s rate limits are passed on, and scores are told when asked for', async () => {
  const { gateway } = await start([[json(200, completion('x'), { 'x-ratelimit-remaining-requests': '7' })]])
  const response = await gateway.post('/v1/chat/completions', chat(), { 'x-plimsoll-debug': 'true' })
  expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('7')
  expect(JSON.parse(response.headers.get('x-plimsoll-scores') ?? '')).toEqual([
    expect.objectContaining({ model: 'p/m0' }),
  ])
})

test('the SDK streams; usage is asked for upstream and hidden from a client that did not ask', async () => {
  const { gateway, upstreams } = await start([[stream(usualStream(['Ray', 'leigh']))]])
  const { data, response } = await gateway.client.chat.completions
    .create({ model: 'auto', stream: true, messages: [{ role: 'user', content: 'sky' }] })
    .withResponse()
  expect(response.headers.get('x-plimsoll-model')).toBe('p/m0')
  const chunks = []
  for await (const part of data) chunks.push(part)
  expect(chunks.map(part => part.choices[0]?.delta.content ?? '').join('')).toBe('Rayleigh')
  expect(chunks.filter(part => part.usage)).toEqual([])
  expect(upstreams[0]?.calls[0]?.body.stream_options).toEqual({ include_usage: true })
  const { decisions } = await bodyOf<{ decisions: { costUsd: number }[] }>(gateway.admin('/admin/decisions'))
  expect(decisions[0]?.costUsd).toBeCloseTo(0.0002, 12)
})

test('a client that asks for usage gets it with its cost, and its other stream options stay', async () => {
  const { gateway, upstreams } = await start([[stream(usualStream(['a']))]])
  const parts = await gateway.client.chat.completions.create({
    model: 'auto',
    stream: true,
    stream_options: { include_usage: true, include_obfuscation: false },
    messages: [{ role: 'user', content: 'sky' }],
  })
  const usages = []
  for await (const part of parts) if (part.usage) usages.push(part.usage)
  expect(usages).toEqual([{ prompt_tokens: 100, completion_tokens: 50, total_tokens: 150, cost: 0.0002 }])
  expect(upstreams[0]?.calls[0]?.body.stream_options).toEqual({
    include_usage: true,
    include_obfuscation: false,
  })
})

test('a floor by header or by name, the header’s class, and a pinned model', async () => {
  const { gateway, upstreams } = await start([[answer('0')], [answer('1')]], {
    classes: [
      { name: 'gold', satisfaction: { floor: 0.8 }, policy: 'fixed:m0', floors: { min: 0.7, max: 0.95 } },
      { name: 'bronze', satisfaction: { floor: 0.5 }, policy: 'fixed:m1' },
    ],
    aliases: { cheap: 'bronze' },
  })
  const ask = async (model: string, headers = {}): Promise<string> => {
    const response = await gateway.post('/v1/chat/completions', chat({ model }), headers)
    const id = response.headers.get('x-plimsoll-decision-id')
    const decision = await bodyOf<DecisionBody>(gateway.get(`/v1/router/decisions/${id}`))
    return `${decision.class} ${decision.floor} ${response.headers.get('x-plimsoll-model')} ${response.headers.get('x-plimsoll-reason')}`
  }
  expect(await ask('auto')).toBe('gold 0.8 p/m0 exploit')
  expect(await ask('auto@0.92')).toBe('gold 0.92 p/m0 floor')
  expect(await ask('auto/gold@0.9')).toBe('gold 0.9 p/m0 floor')
  expect(await ask('auto', { 'x-plimsoll-floor': '0.75' })).toBe('gold 0.75 p/m0 floor')
  expect(await ask('auto', { 'x-plimsoll-sla': 'bronze' })).toBe('bronze 0.5 p/m1 exploit')
  expect(await ask('auto/gold', { 'x-plimsoll-sla': 'bronze' })).toBe('gold 0.8 p/m0 exploit')
  expect(await ask('cheap')).toBe('bronze 0.5 p/m1 exploit')
  expect(await ask('p/m1')).toBe('(pinned) 0.5 p/m1 pinned')
  expect(upstreams[1]?.calls.at(-1)?.body.model).toBe('up-1')
})

test('a cost that the provider reports is believed over the price list', async () => {
  const usage = { prompt_tokens: 10, completion_tokens: 10, cost: 0.75 }
  const { gateway } = await start([[json(200, completion('x', { usage }))]])
  const response = await gateway.post('/v1/chat/completions', chat())
  expect(response.headers.get('x-plimsoll-cost-usd')).toBe('0.75')
})

test('an unknown price is unknown, not zero', async () => {
  const { gateway } = await start([[answer('x')]], {}, { priceUsdPerMillion: undefined })
  const response = await gateway.post('/v1/chat/completions', chat())
  expect(response.headers.get('x-plimsoll-cost-usd')).toBeNull()
  const metrics = await (await gateway.admin('/metrics')).text()
  expect(metrics).toContain('plimsoll_unpriced_calls_total{model="p/m0"} 1')
  expect(metrics).not.toMatch(/plimsoll_cost_usd_total\{/)
})

test('a stream without usage is estimated and says so', async () => {
  const { gateway } = await start([[stream([chunk({ content: 'abcdefgh' }), chunk({}, 'stop'), done])]])
  await (await gateway.post('/v1/chat/completions', chat({ stream: true }))).text()
  const metrics = await (await gateway.admin('/metrics')).text()
  expect(metrics).toContain('plimsoll_estimated_usage_total{model="p/m0"} 1')
})

test('a stream that ends with a finish reason but without its end marker is complete', async () => {
  const { gateway } = await start([[stream([chunk({ content: 'a' }), chunk({}, 'stop'), usageEvent])]])
  const text = await (await gateway.post('/v1/chat/completions', chat({ stream: true }))).text()
  expect(text.endsWith(done)).toBe(true)
  expect(text).not.toContain('error')
})

test('a rate limit is waited for as long as the provider asks', async () => {
  const { gateway, upstreams } = await start([[refuse(429, { 'retry-after': '0.05' }), answer('later')]])
  const response = await gateway.post('/v1/chat/completions', chat())
  expect(response.status).toBe(200)
  expect(response.headers.get('x-plimsoll-attempts')).toBe('2')
  expect(upstreams[0]?.calls).toHaveLength(2)
})

test('a wait that is too long, a failure and a hanging stream lead to the next model', async () => {
  for (const script of [refuse(429, { 'retry-after': '30' }), refuse(500), refuse(401), hang] as const) {
    const { gateway, upstreams } = await start(
      [[script], [stream(usualStream(['b']))]],
      {},
      { maxAttempts: 1 },
    )
    const response = await gateway.post('/v1/chat/completions', chat({ stream: true }))
    expect(response.status).toBe(200)
    expect(response.headers.get('x-plimsoll-model')).toBe('p/m1')
    expect(response.headers.get('x-plimsoll-reason')).toBe('fallback')
    expect(response.headers.get('x-plimsoll-attempts')).toBe('2')
    await response.text()
    expect(upstreams[1]?.calls[0]?.body.model).toBe('up-1')
  }
})

test('feedback after a fallback judges the model that answered', async () => {
  const { gateway } = await start([[refuse(500)], [answer('b')]], {}, { maxAttempts: 1 })
  const id = (await gateway.post('/v1/chat/completions', chat())).headers.get('x-plimsoll-decision-id')
  expect((await gateway.post('/v1/feedback', { decision_id: id, value: true })).status).toBe(202)
  const { events, chosen } = await bodyOf<DecisionBody>(gateway.get(`/v1/router/decisions/${id}`))
  expect(chosen).toBe('p/m0')
  expect(events.map(event => [event.kind, event.model])).toEqual([
    ['outcome', 'p/m1'],
    ['feedback', 'p/m1'],
  ])
})
