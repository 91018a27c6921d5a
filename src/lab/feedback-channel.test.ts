import { describe, expect, it } from 'vitest'
import { type DecisionRecord, decisionId } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { modelId } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import { createChannel, feedbackKind, parseChannel, type Truth } from './feedback-channel.ts'

const models = ['a', 'b', 'c'].map(modelId)

const record: DecisionRecord = {
  id: decisionId('decision'),
  context: {
    sla: { name: 'class', floor: 0.8, feedback: 'chosen', promise: 'on-average', delta: 0.05 },
    floor: 0.8,
    atMs: 0,
    models: models.map(id => ({ id, priceUsdPerMillion: null, typicalCostUsd: null })),
    features: {
      encoder: 'none',
      buckets: new Uint16Array(),
      counts: new Uint16Array(),
      statistics: new Float32Array(),
    },
    promptTokens: 1,
    load: [],
  },
  decision: {
    chosen: modelId('b'),
    mode: 'explore',
    shadows: [modelId('c')],
    prices: [],
    probabilities: Float64Array.of(0, 1, 0),
    estimates: [],
  },
  learnedUpTo: 0,
}

const truth: Truth = new Map([
  [modelId('a'), 1],
  [modelId('b'), 0],
  [modelId('c'), 0.5],
])

const brief = (event: LearningEvent): string =>
  event.kind === 'feedback' ? `${event.model}=${event.value}` : event.kind

const say = (channel: string, seed = 'seed', of: Truth = truth): string[] =>
  createChannel(parseChannel(channel, models))(of, record, 5, createRandom(seed)).map(brief)

/** Share of 4,000 draws in which somebody speaks. */
const spoken = (channel: string, of: Truth = truth): number => {
  const draws = Array.from({ length: 4000 }, (_, i) => say(channel, `draw-${i}`, of))
  return draws.filter(said => said[0] !== 'silence').length / draws.length
}

describe('createChannel', () => {
  it('tells every label, those of the called models, or none', () => {
    expect(say('full')).toEqual(['a=1', 'b=0', 'c=0.5'])
    expect(say('chosen')).toEqual(['b=0', 'c=0.5'])
    expect(say('none')).toEqual(['silence'])
    expect(say('sparse:1')).toEqual(['b=0', 'c=0.5'])
    expect(say('sparse:0')).toEqual(['silence'])
  })

  it('labels a share of the requests where it is sparse', () => {
    // Standard error of a share of .3 over 4,000 draws: .0072.
    expect(Math.abs(spoken('sparse:.3') - 0.3)).toBeLessThan(0.03)
  })

  it('complains of unsatisfied answers alone, at the rate of the model that served', () => {
    expect(say('one-sided:1')).toEqual(['b=0'])
    expect(Math.abs(spoken('one-sided:.2') - 0.2)).toBeLessThan(0.03)
    expect(Math.abs(spoken('one-sided-by-model:1,.4,0') - 0.4)).toBeLessThan(0.03)
    expect(spoken('one-sided-by-model:1,0,1')).toBe(0)
    expect(spoken('one-sided:1', new Map([[modelId('b'), 1]]))).toBe(0)
    expect(Math.abs(spoken('one-sided:.8', new Map([[modelId('b'), 0.5]])) - 0.4)).toBeLessThan(0.03)
  })

  it('says everything of satisfaction, by users, at the time of its arrival', () => {
    const events = createChannel(parseChannel('chosen', models))(truth, record, 5, createRandom(1))
    expect(events[0]).toEqual({
      kind: 'feedback',
      atMs: 5,
      record,
      model: 'b',
      metric: 'satisfaction',
      value: 0,
      source: 'user',
    })
  })

  it('names its kind without its rates', () => {
    expect(feedbackKind(parseChannel('one-sided-by-model:.1,.2,.3', models))).toBe('one-sided')
    expect(feedbackKind(parseChannel('sparse:.2', models))).toBe('sparse')
  })
})

describe('parseChannel', () => {
  it.each([
    ['some', 'expected full, chosen, sparse:p'],
    ['sparse', 'expected full, chosen, sparse:p'],
    ['chosen:1', 'expected full, chosen, sparse:p'],
    ['sparse:2', 'a number from 0 to 1'],
    ['one-sided:', 'a number from 0 to 1'],
    ['one-sided-by-model:.1,.2', 'expected 3 rates, one per model in the order a, b, c; given 2'],
  ])('refuses %s', (text, expected) => {
    expect(() => parseChannel(text, models)).toThrow(expected)
    expect(() => parseChannel(text, models)).toThrow(`feedback '${text}'`)
  })
})
