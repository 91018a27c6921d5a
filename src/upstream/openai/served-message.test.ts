import { expect, test } from 'vitest'
import { assembleMessage, messageOf } from './served-message.ts'

const event = (delta: unknown, index = 0): string =>
  `data: ${JSON.stringify({ choices: [{ index, delta, finish_reason: null }] })}\n\n`

const call = (index: number, more: object) => ({ tool_calls: [{ index, ...more }] })

const wire = Buffer.from(
  [
    event({ role: 'assistant', content: '' }),
    ': ping\n\n',
    event({ content: 'Grüße' }),
    event({ content: 'another choice' }, 1),
    event({ content: ', 世界' }),
    event(call(1, { id: 'b', function: { name: 'g', arguments: '{}' } })),
    event(call(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x"' } })),
    event(call(0, { function: { arguments: ':1}' } })),
    'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n',
    'data: [DONE]\n\n',
  ].join(''),
)

const whole = {
  role: 'assistant',
  content: 'Grüße, 世界',
  tool_calls: [
    { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
    { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
  ],
}

test('a stream amounts to one message, wherever the network cut it', () => {
  for (let at = 0; at <= wire.length; at++) {
    const message = assembleMessage(1000)
    message.push(wire.subarray(0, at))
    message.push(wire.subarray(at))
    expect(message.read()).toEqual({ message: whole, cut: false })
  }
})

test('no more is kept than the limit, and that it was more is said', () => {
  const message = assembleMessage(7)
  message.push(wire)
  expect(message.read()).toEqual({ message: { role: 'assistant', content: 'Grüße, ' }, cut: true })
  const exact = assembleMessage(5)
  exact.push(Buffer.from(event({ content: '12345' })))
  expect(exact.read()).toEqual({ message: { role: 'assistant', content: '12345' }, cut: false })
})

test('a broken stream gives what came, a strange one nothing', () => {
  const message = assembleMessage(100)
  message.push(Buffer.from(`${event({ content: 'half' })}data: {"choices":[{"delta":{"cont`))
  expect(message.read().message).toEqual({ role: 'assistant', content: 'half' })
  const strange = assembleMessage(100)
  strange.push(Buffer.from('data: 7\n\ndata: {"choices":[7,{"delta":null}]}\n\nnonsense\n\n'))
  expect(strange.read().message).toEqual({ role: 'assistant', content: null })
})

test('a whole answer is its first message', () => {
  const message = { role: 'assistant', content: 'x', refusal: null }
  const body = Buffer.from(JSON.stringify({ choices: [{ message }, {}] }))
  expect(messageOf(body, 1000)).toEqual({ message, cut: false })
  expect(messageOf(body, 1)).toEqual({ message, cut: false })
  const long = { role: 'assistant', content: 'long answer', refusal: null }
  expect(messageOf(Buffer.from(JSON.stringify({ choices: [{ message: long }] })), 4)).toEqual({
    message: { role: 'assistant', content: 'long' },
    cut: true,
  })
  for (const empty of ['', '[]', '{"choices":[]}', '{"choices":[{"message":null}]}'])
    expect(messageOf(Buffer.from(empty), 10)).toEqual({ message: null, cut: false })
})
