import { describe, expect, it } from 'vitest'
import { certain, choose, drawIndex, lagrangianScores, uniform, uniformOverMinima } from './choose.ts'
import type { RoutingContext } from './decision.ts'
import { modelId } from './model.ts'
import { createRandom, type Random } from './numeric/random.ts'

function contextOf(count: number): RoutingContext {
  return {
    sla: { name: 'gold', floor: 0.8, feedback: 'chosen', promise: 'on-average', delta: 0.05 },
    floor: 0.8,
    atMs: 0,
    models: Array.from({ length: count }, (_, m) => ({
      id: modelId(`test/${m}`),
      priceUsdPerMillion: null,
      typicalCostUsd: null,
    })),
    features: {
      encoder: 'none@1',
      buckets: new Uint16Array(),
      counts: new Uint16Array(),
      statistics: new Float32Array(),
    },
    promptTokens: 1,
    load: [],
  }
}

/** A source that gives the listed numbers. */
function scripted(...numbers: readonly number[]): Random {
  let position = 0
  const next = (): number => numbers[position++] ?? 0
  return { next, normal: next, integer: bound => Math.floor(next() * bound) }
}

function inputsOf(scores: Float64Array) {
  const context = contextOf(scores.length)
  return { context, scores, satisfaction: scores.map(() => 0.5), costUsd: scores.map(() => 1), prices: [] }
}

describe('lagrangianScores', () => {
  it('is cost minus price times satisfaction plus the other priced terms, by hand', () => {
    const costUsd = Float64Array.of(1, 4)
    const satisfaction = Float64Array.of(0.5, 0.75)
    expect(lagrangianScores(costUsd, satisfaction, 8)).toEqual(Float64Array.of(-3, -2))
    expect(lagrangianScores(costUsd, satisfaction, 8, Float64Array.of(0.5, -2))).toEqual(
      Float64Array.of(-2.5, -4),
    )
  })

  it('never chooses less satisfaction at a higher price', () => {
    const random = createRandom('monotone')
    for (let trial = 0; trial < 500; trial++) {
      const models = 2 + random.integer(8)
      const costUsd = Float64Array.from({ length: models }, () => random.integer(10) / 10)
      const satisfaction = Float64Array.from({ length: models }, () => random.integer(10) / 10)
      // Among ties the lottery may pick either, so the least satisfaction at the higher price is held against the greatest.
      const chosen = (priceUsd: number): number[] => {
        const share = uniformOverMinima(lagrangianScores(costUsd, satisfaction, priceUsd))
        return [...satisfaction].filter((_, m) => (share[m] ?? 0) > 0)
      }
      const low = random.next() * 5
      const high = low + 0.01 + random.next() * 5
      expect(Math.min(...chosen(high))).toBeGreaterThanOrEqual(Math.max(...chosen(low)) - 1e-12)
    }
  })

  it('chooses the cheapest at a price of zero and the best at a price beyond all costs', () => {
    const costUsd = Float64Array.of(3, 1, 2)
    const satisfaction = Float64Array.of(0.9, 0.5, 0.8)
    expect(uniformOverMinima(lagrangianScores(costUsd, satisfaction, 0))).toEqual(Float64Array.of(0, 1, 0))
    expect(uniformOverMinima(lagrangianScores(costUsd, satisfaction, 1000))).toEqual(Float64Array.of(1, 0, 0))
  })
})

describe('uniformOverMinima', () => {
  it('shares among ties and refuses scores that are no numbers', () => {
    expect(uniformOverMinima(Float64Array.of(2, 1, 1))).toEqual(Float64Array.of(0, 0.5, 0.5))
    expect(() => uniformOverMinima(Float64Array.of(1, Number.NaN))).toThrow('NaN')
  })
})

describe('drawIndex', () => {
  it('never draws what has no probability, whatever rounding leaves over', () => {
    expect(drawIndex(Float64Array.of(0, 0.3, 0.7, 0), scripted(0))).toBe(1)
    expect(drawIndex(Float64Array.of(0, 0.3, 0.7, 0), scripted(0.3))).toBe(2)
    expect(drawIndex(Float64Array.of(0, 0.3, 0.7 - 1e-9, 0), scripted(1 - 1e-12))).toBe(2)
  })
})

describe('choose', () => {
  const scores = Float64Array.of(3, 1, 2)
  const exploration = { probability: 0.1, distribution: uniform(3), callAll: false }

  it('takes the least score and lists the models from best to worst', () => {
    const decision = choose(inputsOf(scores), scripted(0.5, 0.5))
    expect(decision.chosen).toBe('test/1')
    expect(decision.mode).toBe('exploit')
    expect(decision.estimates.map(estimate => estimate.model)).toEqual(['test/1', 'test/2', 'test/0'])
    expect(decision.probabilities).toEqual(Float64Array.of(0, 1, 0))
  })

  it('states the probabilities of the whole mixture, whether it explores or not', () => {
    const exploiting = choose({ ...inputsOf(scores), exploration }, scripted(0.5, 0))
    const exploring = choose({ ...inputsOf(scores), exploration }, scripted(0.05, 0.99))
    expect(exploiting).toMatchObject({ mode: 'exploit', chosen: 'test/1', shadows: [] })
    expect(exploring).toMatchObject({ mode: 'explore', chosen: 'test/2', shadows: [] })
    expect(exploring.probabilities).toEqual(exploiting.probabilities)
    expect([...exploring.probabilities]).toEqual([
      expect.closeTo(0.1 / 3, 12),
      expect.closeTo(0.9 + 0.1 / 3, 12),
      expect.closeTo(0.1 / 3, 12),
    ])
  })

  it('calls all others as shadows where exploration says so', () => {
    const all = { probability: 1, distribution: certain(0, 3), callAll: true }
    const decision = choose({ ...inputsOf(scores), exploration: all }, scripted(0.5, 0.5))
    expect(decision).toMatchObject({ chosen: 'test/0', mode: 'explore', shadows: ['test/1', 'test/2'] })
    expect(decision.probabilities).toEqual(Float64Array.of(1, 0, 0))
  })

  it('breaks ties at random and evenly', () => {
    const random = createRandom('ties')
    const tied = inputsOf(Float64Array.of(1, 1, 5))
    const first = Array.from({ length: 1000 }, () => choose(tied, random).chosen).filter(
      id => id === 'test/0',
    )
    expect(first.length).toBeGreaterThan(430)
    expect(first.length).toBeLessThan(570)
  })

  it('consumes the same numbers whether it explores or not', () => {
    for (const coin of [0.01, 0.99]) {
      let used = 0
      const counting: Random = { ...scripted(), next: () => (used++ === 0 ? coin : 0.5) }
      choose({ ...inputsOf(scores), exploration }, counting)
      expect(used).toBe(2)
    }
  })
})
