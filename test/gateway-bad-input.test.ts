import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { bodyOf, chat, start } from './running-gateway.ts'
import { answer } from './scripted-upstream.ts'

interface ErrorBody {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly param: string | null
    readonly type: string
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const user = { role: 'user', content: 'x' }

const badChats: readonly (readonly [string, unknown, number, string, string | null])[] = [
  ['an empty body', '', 400, 'invalid_request', null],
  ['half a JSON', '{"model":"auto","messages":[', 400, 'invalid_request', null],
  ['a JSON array', '[]', 400, 'invalid_request', null],
  ['a JSON string', '"auto"', 400, 'invalid_request', null],
  ['null', 'null', 400, 'invalid_request', null],
  ['no model', { messages: [user] }, 400, 'invalid_request', 'model'],
  ['a model that is a number', { model: 7, messages: [user] }, 400, 'invalid_request', 'model'],
  ['an empty model', { model: '', messages: [user] }, 400, 'invalid_request', 'model'],
  ['no messages', { model: 'auto' }, 400, 'invalid_request', 'messages'],
  ['messages that are a string', { model: 'auto', messages: 'hi' }, 400, 'invalid_request', 'messages'],
  ['no message at all', { model: 'auto', messages: [] }, 400, 'invalid_request', 'messages'],
  ['a message that is null', { model: 'auto', messages: [null] }, 400, 'invalid_request', 'messages[0]'],
  [
    'a message without role',
    { model: 'auto', messages: [user, { content: 'x' }] },
    400,
    'invalid_request',
    'messages[1].role',
  ],
  [
    'a user without content',
    { model: 'auto', messages: [{ role: 'user' }] },
    400,
    'invalid_request',
    'messages[0].content',
  ],
  [
    'content that is a number',
    { model: 'auto', messages: [{ role: 'user', content: 1 }] },
    400,
    'invalid_request',
    'messages[0].content',
  ],
  [
    'a part that is a string',
    { model: 'auto', messages: [{ role: 'user', content: ['x'] }] },
    400,
    'invalid_request',
    'messages[0].content[0]',
  ],
  ['stream that is a string', chat({ stream: 'yes' }), 400, 'invalid_request', 'stream'],
  [
    'stream options that are a list',
    chat({ stream: true, stream_options: [] }),
    400,
    'invalid_request',
    'stream_options',
  ],
  ['max_tokens below one', chat({ max_tokens: 0 }), 400, 'invalid_request', 'max_tokens'],
  [
    'a fraction of a token',
    chat({ max_completion_tokens: 1.5 }),
    400,
    'invalid_request',
    'max_completion_tokens',
  ],
  ['n that is text', chat({ n: '2' }), 400, 'invalid_request', 'n'],
  ['a temperature that is text', chat({ temperature: 'hot' }), 400, 'invalid_request', 'temperature'],
  ['tools that are an object', chat({ tools: {} }), 400, 'invalid_request', 'tools'],
  ['a tool that is text', chat({ tools: ['f'] }), 400, 'invalid_request', 'tools[0]'],
  [
    'a response format that is text',
    chat({ response_format: 'json' }),
    400,
    'invalid_request',
    'response_format',
  ],
  ['a body over the limit', chat({ padding: 'x'.repeat(5000) }), 413, 'request_too_large', null],
  ['an unknown model', chat({ model: 'gpt-9' }), 404, 'model_not_found', 'model'],
  ['an unknown model of a known provider', chat({ model: 'p/m7' }), 404, 'model_not_found', 'model'],
  ['an unknown class', chat({ model: 'auto/platinum' }), 404, 'model_not_found', 'model'],
  ['an unknown class with a floor', chat({ model: 'auto/platinum@0.9' }), 404, 'model_not_found', 'model'],
  ['a floor of one', chat({ model: 'auto@1' }), 400, 'invalid_request', 'model'],
  ['a floor of zero', chat({ model: 'auto/gold@0' }), 400, 'invalid_request', 'model'],
  ['a negative floor', chat({ model: 'auto@-0.5' }), 400, 'invalid_request', 'model'],
  ['a floor that is no number', chat({ model: 'auto@high' }), 400, 'invalid_request', 'model'],
  ['an empty floor', chat({ model: 'auto@' }), 400, 'invalid_request', 'model'],
  ['a floor outside the class’s range', chat({ model: 'auto@0.99' }), 403, 'forbidden_floor', null],
  [
    'a capability that no model has',
    chat({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }] }),
    422,
    'no_eligible_model',
    null,
  ],
  ['more output than any window holds', chat({ max_tokens: 5000 }), 422, 'no_eligible_model', null],
]

const limits = {
  limits: { bodyBytes: 4096 },
  classes: [
    { name: 'gold', satisfaction: { floor: 0.8 }, policy: 'fixed:m0', floors: { min: 0.7, max: 0.9 } },
  ],
}

test('every malformed chat request is refused with its reason, and no upstream is called', async () => {
  const { gateway, upstreams } = await start([[answer('x')]], limits, { contextWindow: 4096 })
  for (const [name, body, status, code, param] of badChats) {
    const response = await gateway.post('/v1/chat/completions', body)
    const { error } = await bodyOf<ErrorBody>(response)
    expect([name, response.status, error.code, error.param]).toEqual([name, status, code, param])
    expect(error.message.length).toBeGreaterThan(10)
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
  }
  expect(upstreams[0]?.calls).toEqual([])
  const { decisions } = await bodyOf<{ decisions: unknown[] }>(gateway.admin('/admin/decisions'))
  expect(decisions).toEqual([])
  expect((await gateway.post('/v1/chat/completions', chat())).status).toBe(200)
})

test('a refusal for want of a capability names each model and why', async () => {
  const { gateway } = await start(
    [[answer('x')], [answer('y')]],
    {},
    { capabilities: [], contextWindow: 1000 },
  )
  const body = chat({ tools: [{ type: 'function', function: { name: 'f' } }] })
  const { error } = await bodyOf<{ error: { plimsoll: { reasons: unknown } } }>(
    gateway.post('/v1/chat/completions', body),
  )
  expect(error.plimsoll.reasons).toEqual({ 'p/m0': 'it lacks tools', 'p/m1': 'it lacks tools' })
})

const badHeaders: readonly (readonly [string, Readonly<Record<string, string>>, number, string])[] = [
  ['an unknown class', { 'x-plimsoll-sla': 'platinum' }, 404, 'class_not_found'],
  ['a floor above one', { 'x-plimsoll-floor': '1.5' }, 400, 'invalid_request'],
  ['a floor that is text', { 'x-plimsoll-floor': 'NaN' }, 400, 'invalid_request'],
  ['a floor outside the range', { 'x-plimsoll-floor': '0.5' }, 403, 'forbidden_floor'],
]

test('bad headers are refused like bad names', async () => {
  const { gateway } = await start([[answer('x')]], limits)
  for (const [name, headers, status, code] of badHeaders) {
    const response = await gateway.post('/v1/chat/completions', chat(), headers)
    expect([name, response.status, (await bodyOf<ErrorBody>(response)).error.code]).toEqual([
      name,
      status,
      code,
    ])
  }
})

test('a class that does not exist is answered with the names that the header or the model field takes', async () => {
  const { gateway } = await start([[answer('x')]], limits)
  const messageOf = async (model: string, headers: Readonly<Record<string, string>>): Promise<string> =>
    (
      await bodyOf<{ error: { message: string } }>(
        gateway.post('/v1/chat/completions', chat({ model }), headers),
      )
    ).error.message
  expect(await messageOf('auto', { 'x-plimsoll-sla': 'platinum' })).toMatch(/; the classes are (?!auto)/)
  expect(await messageOf('auto/platinum', {})).toMatch(/; ask for auto, auto\//)
})

const badFeedback: readonly (readonly [string, unknown, number, string])[] = [
  ['no JSON', '{', 400, 'invalid_request'],
  ['a list', [], 400, 'invalid_request'],
  ['no id', { value: true }, 400, 'invalid_request'],
  ['no value', { decision_id: 'ID' }, 400, 'invalid_request'],
  ['a value above one', { decision_id: 'ID', value: 2 }, 400, 'invalid_request'],
  ['a negative value', { decision_id: 'ID', value: -0.1 }, 400, 'invalid_request'],
  ['a value that is text', { decision_id: 'ID', value: 'good' }, 400, 'invalid_request'],
  ['an unknown source', { decision_id: 'ID', value: 1, source: 'mother' }, 400, 'invalid_request'],
  ['an unknown field', { decision_id: 'ID', value: 1, rating: 5 }, 400, 'invalid_request'],
  ['a model that was not called', { decision_id: 'ID', value: 1, model: 'p/m9' }, 400, 'invalid_request'],
  ['an unknown id', { decision_id: 'dec_nobody', value: 1 }, 404, 'decision_not_found'],
  ['an id with a forged signature', { decision_id: 'FORGED', value: 1 }, 404, 'decision_not_found'],
  ['an id of the right length', { request_id: `req_${'A'.repeat(34)}`, value: 1 }, 404, 'decision_not_found'],
]

test('bad feedback is refused, and good feedback is counted once', async () => {
  const { gateway } = await start([[answer('x')]])
  const id = (await gateway.post('/v1/chat/completions', chat())).headers.get('x-plimsoll-decision-id') ?? ''
  const forged = id.slice(0, -1) + (id.endsWith('A') ? 'B' : 'A')
  for (const [name, body, status, code] of badFeedback) {
    const text = JSON.stringify(body).replace('"ID"', `"${id}"`).replace('FORGED', forged)
    const response = await gateway.post('/v1/feedback', typeof body === 'string' ? body : text)
    expect([name, response.status, (await bodyOf<ErrorBody>(response)).error.code]).toEqual([
      name,
      status,
      code,
    ])
  }
  const say = async (extra = {}) =>
    bodyOf<{ id: string; accepted: boolean; duplicate: boolean; decision_id: string }>(
      gateway.post('/v1/feedback', { decision_id: id, value: true, ...extra }),
    )
  const first = await say()
  expect(first).toMatchObject({ accepted: true, duplicate: false, decision_id: id })
  const second = await say()
  expect(second).toEqual({ ...first, duplicate: true })
  const byRequest = await say({ decision_id: undefined, request_id: id.replace('dec_', 'req_') })
  expect(byRequest).toEqual({ ...first, duplicate: true })
  expect((await say({ idempotency_key: 'k' })).duplicate).toBe(false)
  expect((await say({ idempotency_key: 'k', value: 0 })).duplicate).toBe(true)
})

const otherPaths: readonly (readonly [string, string, number, string])[] = [
  ['GET', '/', 404, 'path_not_found'],
  ['GET', '/v1/chat/completions', 405, 'method_not_allowed'],
  ['POST', '/v1/models', 405, 'method_not_allowed'],
  ['POST', '/v1/embeddings', 404, 'path_not_found'],
  ['GET', '/v1/sla/platinum', 404, 'class_not_found'],
  ['GET', '/v1/sla/%E0%A4%A', 404, 'class_not_found'],
  ['GET', '/v1/router/decisions/dec_x', 404, 'decision_not_found'],
  ['GET', '/metrics', 404, 'path_not_found'],
  ['GET', '/admin/classes', 404, 'path_not_found'],
]

test('other paths and methods are refused; metrics and admin are not on the main port', async () => {
  const { gateway } = await start([[answer('x')]])
  for (const [method, path, status, code] of otherPaths) {
    const response = await fetch(gateway.url + path, { method })
    expect([path, response.status, (await bodyOf<ErrorBody>(response)).error.code]).toEqual([
      path,
      status,
      code,
    ])
  }
})

test('the SDK throws its typed errors', async () => {
  const { gateway } = await start([[answer('x')]], limits, { contextWindow: 4096 })
  const ask = (extra: object) => () =>
    gateway.client.chat.completions.create({
      model: 'auto',
      messages: [{ role: 'user', content: 'x' }],
      ...extra,
    })
  await expect(ask({ model: 'gpt-9' })).rejects.toThrow(OpenAI.NotFoundError)
  await expect(ask({ messages: [] })).rejects.toThrow(OpenAI.BadRequestError)
  await expect(ask({ model: 'auto@0.99' })).rejects.toThrow(OpenAI.PermissionDeniedError)
  await expect(ask({ max_tokens: 5000 })).rejects.toThrow(OpenAI.UnprocessableEntityError)
})

test('keys: unknown ones are refused, and each may only do what it was given', async () => {
  const keys = [
    {
      name: 'web',
      sha256: sha256('sk-web'),
      classes: ['bronze'],
      floors: { min: 0.5, max: 0.6 },
      pinned: false,
    },
    { name: 'ops', sha256: sha256('sk-ops') },
  ]
  const classes = [
    { name: 'gold', satisfaction: { floor: 0.8 }, policy: 'fixed:m0' },
    { name: 'bronze', satisfaction: { floor: 0.5 }, policy: 'fixed:m0' },
  ]
  const { gateway } = await start([[answer('x')]], { keys, classes })
  const ask = async (key: string | null, model: string): Promise<string> => {
    const headers = key === null ? {} : { authorization: `Bearer ${key}` }
    const response = await gateway.post('/v1/chat/completions', chat({ model }), headers)
    const sla = response.headers.get('x-plimsoll-sla')
    return response.status === 200
      ? `200 ${sla}`
      : `${response.status} ${(await bodyOf<ErrorBody>(response)).error.code}`
  }
  expect(await ask(null, 'auto')).toBe('401 invalid_api_key')
  expect(await ask('sk-wrong', 'auto')).toBe('401 invalid_api_key')
  expect(await ask('sk-web', 'auto')).toBe('200 bronze')
  expect(await ask('sk-web', 'auto/gold')).toBe('403 forbidden_class')
  expect(await ask('sk-web', 'auto@0.55')).toBe('200 bronze')
  expect(await ask('sk-web', 'auto@0.7')).toBe('403 forbidden_floor')
  expect(await ask('sk-web', 'p/m0')).toBe('403 forbidden_class')
  expect(await ask('sk-ops', 'auto')).toBe('200 gold')
  expect(await ask('sk-ops', 'p/m0')).toBe('200 (pinned)')
  const as = (key: string) => ({ authorization: `Bearer ${key}` })
  expect((await gateway.get('/v1/sla/gold', as('sk-web'))).status).toBe(403)
  expect((await gateway.get('/v1/models')).status).toBe(401)
  expect((await gateway.get('/health')).status).toBe(200)
  const gold = await gateway.post('/v1/chat/completions', chat({ model: 'auto/gold' }), as('sk-ops'))
  const statement = { decision_id: gold.headers.get('x-plimsoll-decision-id'), value: 1 }
  expect((await gateway.post('/v1/feedback', statement, as('sk-web'))).status).toBe(403)
  expect((await gateway.post('/v1/feedback', statement, as('sk-ops'))).status).toBe(202)
})

test('bytes that are no HTTP, and headers without end, get an answer and a closed connection', async () => {
  const { gateway } = await start([[answer('x')]])
  const { port } = new URL(gateway.url)
  const say = async (bytes: string): Promise<string> => {
    const socket = connect(Number(port), '127.0.0.1')
    let text = ''
    socket.on('data', data => {
      text += data.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.write(bytes)
    await once(socket, 'close')
    return text
  }
  expect(await say('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*invalid_request/s)
  expect(await say(`GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  )
})
