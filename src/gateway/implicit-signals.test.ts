import { expect, test } from 'vitest'
import { decisionId } from '../routing/decision.ts'
import { modelId } from '../routing/model.ts'
import { createImplicitSignals, type ServedExchange } from './implicit-signals.ts'

function setUp() {
  const heard: string[] = []
  const signals = createImplicitSignals(({ decision }, metric) => heard.push(`${decision} ${metric}`))
  let count = 0
  const ask = (text: string, more: Partial<ServedExchange> & { readonly extra?: object } = {}): void => {
    const messages = [{ role: 'user', content: text }]
    const { extra, ...rest } = more
    signals.note(
      {
        decision: decisionId(`d${count}`),
        model: modelId('p/m'),
        className: 'gold',
        atMs: 1000 * count++,
        asker: 'web',
        session: 's',
        body: { messages, ...extra },
        messages,
        ...rest,
      },
      10_000,
    )
  }
  return { ask, heard }
}

test('the same body again is a regeneration of the answer before, streamed or not', () => {
  const { ask, heard } = setUp()
  ask('why is the sky blue')
  ask('write a poem about autumn')
  ask('why is the sky blue', { extra: { stream: true } })
  ask('why is the sky blue')
  expect(heard).toEqual(['d0 regenerated', 'd2 regenerated'])
})

test('nearly the same words in the same conversation are a rephrasing', () => {
  const { ask, heard } = setUp()
  ask('why is the sky blue')
  ask('can you explain why the sky is blue')
  ask('and what about the sea at night')
  ask('can you explain why the sky is blue please', { session: 'another' })
  expect(heard).toEqual(['d0 rephrased'])
})

test('other askers, other parameters, and what comes too late say nothing', () => {
  const { ask, heard } = setUp()
  ask('why is the sky blue')
  ask('why is the sky blue', { asker: 'app', session: 'other' })
  ask('why is the sky blue', { session: 'third', extra: { temperature: 1 } })
  ask('why is the sky blue', { atMs: 60_000 })
  ask('why is the sky blue', { atMs: 59_000 })
  expect(heard).toEqual([])
})

test('a bounded number is remembered', () => {
  const { ask, heard } = setUp()
  ask('the first question of all', { atMs: 0, session: 'first' })
  for (let i = 0; i < 10_000; i++) ask(`question number ${i}`, { atMs: 1, session: `s${i}` })
  ask('the first question of all', { atMs: 2, session: 'x' })
  ask('question number 9999', { atMs: 2, session: 'y' })
  expect(heard).toEqual(['d10000 regenerated'])
})
