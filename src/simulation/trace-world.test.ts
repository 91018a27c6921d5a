import { describe, expect, it } from 'vitest'
import { modelId } from '../routing/model.ts'
import { createTraceWorld, type RecordedRow, servedNames, withoutRepeatedPrompts } from './trace-world.ts'

const row = (prompt: string, extra: Partial<RecordedRow> = {}): RecordedRow => ({
  prompt,
  scores: [0, 1],
  costsUsd: [0.001, 0.02],
  promptTokens: null,
  completionTokens: null,
  answers: null,
  ...extra,
})

describe('trace world', () => {
  const world = createTraceWorld({
    name: 'tiny',
    models: ['a/small', 'large'],
    rows: [
      row('12345678'),
      row('two', { scores: [0.25, 0.5], promptTokens: 7, completionTokens: [3, 4], answers: ['s', 'l'] }),
    ],
    latency: { medianMs: 0, spread: 0 },
  })

  it('answers each prompt with its recorded quality and cost', () => {
    expect(world.rowOf('two')).toBe(1)
    expect(world.answer(1, modelId('trace/large'))).toEqual({
      satisfaction: 0.5,
      costUsd: 0.02,
      promptTokens: 7,
      completionTokens: 4,
      text: 'l',
    })
    expect(world.answer(0, modelId('a/small'))).toMatchObject({
      satisfaction: 0,
      costUsd: 0.001,
      promptTokens: 2,
    })
  })

  it('knows no prices and gives every model a provider', () => {
    expect(world.models.map(model => [model.id, model.name, model.priceUsdPerMillion])).toEqual([
      ['a/small', 'a/small', null],
      ['trace/large', 'large', null],
    ])
    expect(servedNames(['x/y/z', 'a b', 'a?b', 'p:1/m:2', '/m', '模型/小', '大'])).toEqual([
      'x/y/z',
      'trace/a-b',
      'trace/a-b-2',
      'p-1/m:2',
      'trace/m',
      'trace/model',
      'trace/model-2',
    ])
  })

  it('refuses what was not recorded', () => {
    expect(() => world.answer(2, modelId('a/small'))).toThrow(/row 2 of tiny/)
    expect(() => world.answer(0, modelId('large'))).toThrow(/model large/)
  })

  it('refuses repeated prompts; they can be left out first', () => {
    const rows = [row('x'), row('y'), row('x', { scores: [1, 1] })]
    const recording = { name: 'r', models: ['a/small', 'large'], rows, latency: { medianMs: 0, spread: 0 } }
    expect(() => createTraceWorld(recording)).toThrow(/1 prompts .* repeat/)
    expect(withoutRepeatedPrompts(rows)).toEqual([rows[0], rows[1]])
  })
})
