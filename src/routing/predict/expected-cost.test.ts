import { describe, expect, it } from 'vitest'
import type { Outcome } from '../learning-event.ts'
import { type ModelSpec, modelId } from '../model.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { ExpectedCost } from './expected-cost.ts'
import { COORDINATES, PromptReader, type PromptView } from './prompt-reader.ts'

const reader = PromptReader.blank()
const nothing = new Float32Array(0)

function spec(
  name: string,
  price: ModelSpec['priceUsdPerMillion'] = null,
  typical: number | null = null,
): ModelSpec {
  return { id: modelId(name), priceUsdPerMillion: price, typicalCostUsd: typical }
}

function prompt(promptTokens = 100, first = 0): PromptView {
  const x = new Float32Array(COORDINATES)
  x[0] = first
  return { x, promptTokens, trained: nothing, trainedCostsUsd: nothing }
}

function outcome(
  costUsd: number | null,
  completionTokens: number | null = null,
  error: string | null = null,
): Outcome {
  return {
    costUsd,
    promptTokens: null,
    completionTokens,
    latencyMs: null,
    firstTokenMs: null,
    error,
    shadow: false,
  }
}

function expected(cost: ExpectedCost, model: ModelSpec, view: PromptView): number {
  const out = new Float64Array(1)
  cost.predict([model], view, out)
  return out[0] ?? 0
}

describe('ExpectedCost', () => {
  it('knows nothing of a model without a price or a bill', () => {
    const cost = new ExpectedCost(reader)
    expect(expected(cost, spec('a'), prompt())).toBeNaN()
    cost.learn(spec('a'), prompt(), outcome(null))
    cost.learn(spec('a'), prompt(), outcome(0.5, null, 'upstream_timeout'))
    expect(expected(cost, spec('a'), prompt())).toBeNaN()
  })

  it('learns a mean from bills alone', () => {
    const cost = new ExpectedCost(reader)
    for (const usd of [1, 2, 3, 2]) cost.learn(spec('a'), prompt(), outcome(usd))
    expect(expected(cost, spec('a'), prompt())).toBeCloseTo(2, 1)
  })

  it('starts from the price list: 100 tokens in, 300 out', () => {
    const listed = spec('a', { input: 2, output: 10 })
    expect(expected(new ExpectedCost(reader), listed, prompt())).toBeCloseTo((100 * 2 + 300 * 10) / 1e6, 12)
    expect(expected(new ExpectedCost(reader), spec('b', null, 0.03), prompt())).toBe(0.03)
  })

  it('follows a change of price at once', () => {
    const cost = new ExpectedCost(reader)
    const before = spec('a', { input: 1, output: 4 })
    for (let i = 0; i < 200; i++) cost.learn(before, prompt(), outcome((100 * 1 + 900 * 4) / 1e6, 900))
    const usd = expected(cost, before, prompt())
    expect(usd).toBeCloseTo(3700 / 1e6, 5)
    expect(expected(cost, spec('a', { input: 10, output: 40 }), prompt())).toBeCloseTo(10 * usd, 9)
  })

  it('charges long prompts for their length', () => {
    const cost = new ExpectedCost(reader)
    const listed = spec('a', { input: 1, output: 1 })
    for (let i = 0; i < 300; i++) cost.learn(listed, prompt(1000), outcome((1000 + 50) / 1e6, 50))
    const ratio = expected(cost, listed, prompt(4000)) / expected(cost, listed, prompt(1000))
    expect(ratio).toBeGreaterThan(3.2)
    expect(ratio).toBeLessThan(4.2)
  })

  it('shares between models what makes a prompt dear', () => {
    const cost = new ExpectedCost(reader)
    const random = createRandom('costs')
    for (let i = 0; i < 600; i++) {
      const first = random.normal()
      const usd = (i % 2 === 0 ? 1 : 10) * Math.max(0.1, 1 + 0.5 * first)
      cost.learn(spec(i % 2 === 0 ? 'a' : 'b'), prompt(100, first), outcome(usd))
    }
    cost.learn(spec('new'), prompt(100, 0), outcome(5))
    const dear = expected(cost, spec('new'), prompt(100, 1))
    const cheap = expected(cost, spec('new'), prompt(100, -1))
    expect(dear / cheap).toBeGreaterThan(2)
    expect(expected(cost, spec('b'), prompt()) / expected(cost, spec('a'), prompt())).toBeCloseTo(10, 0)
  })

  it('never sees the bill that it predicts', () => {
    const cost = new ExpectedCost(reader)
    cost.learn(spec('a'), prompt(), outcome(1))
    const before = expected(cost, spec('a'), prompt())
    cost.learn(spec('a'), prompt(), outcome(1000))
    expect(before).toBeCloseTo(1, 6)
  })

  it('survives being written and read', () => {
    const cost = new ExpectedCost(reader)
    const listed = spec('a', { input: 1, output: 4 })
    for (let i = 0; i < 9; i++) cost.learn(listed, prompt(100 + i, i / 9), outcome(0.002 + i / 1e4, 400 + i))
    const writer = new ByteWriter()
    cost.write(writer)
    const copy = ExpectedCost.read(new ByteReader(writer.finish()), reader)
    expect(expected(copy, listed, prompt(150, 0.3))).toBe(expected(cost, listed, prompt(150, 0.3)))
    expect(copy.calls(listed.id)).toBe(9)
  })
})
