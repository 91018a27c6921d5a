import { describe, expect, it } from 'vitest'
import { createRandom } from '../numeric/random.ts'
import type { TrainingRows } from '../policy.ts'
import { createPolicy, createTrainer } from './registry.ts'
import { coldStart, spec } from './small-zoo.fixture.ts'
import { decidePair, pair, pairContext, pairPrompts, pairRows } from './two-kinds.fixture.ts'

const training = pairRows(600)
/** Enough where nothing depends on what is learned. */
const few = pairRows(60)
const setup = { ...coldStart, training }
const quick = { steps: 1200, decay: 3, width: 32, entropy: 0 }
const trainerOf = (parameters: Readonly<Record<string, number>>, rows: TrainingRows = training) => {
  const trainer = createTrainer('proteus', { ...setup, training: rows, parameters }, null)
  if (trainer === null) throw new Error('proteus trains in steps')
  return trainer
}
const trained = (parameters: Readonly<Record<string, number>>, rows: TrainingRows = training) => {
  const trainer = trainerOf(parameters, rows)
  trainer.advance(trainer.steps)
  return { policy: trainer.finish(), curve: trainer.curve }
}

const byFloor = trained(quick)

/** Mean estimate of the pair's models over prompts of one kind. */
function meanChances(policy: ReturnType<typeof createPolicy>, kind: 'easy' | 'hard'): readonly number[] {
  const prompts = pairPrompts(200, kind)
  return pair.map(({ id }) => {
    const chances = prompts.map(features => {
      const { estimates } = policy.decide(pairContext(features, 0.8), createRandom('x'))
      return estimates.find(({ model }) => model === id)?.satisfaction ?? Number.NaN
    })
    return chances.reduce((sum, chance) => sum + chance / chances.length, 0)
  })
}

/** Price of a hard prompt at a floor, (1 - mu)^(-gamma): it grows with mu. */
function priceAt(policy: ReturnType<typeof createPolicy>, floor: number): number {
  const prices = pairPrompts(50, 'hard').map(features => {
    const { prices } = policy.decide(pairContext(features, floor), createRandom('x'))
    return Math.log(prices[0]?.priceUsd ?? 0)
  })
  return prices.reduce((sum, price) => sum + price / prices.length, 0)
}

describe('the performance head', () => {
  it('recovers the chances that the labels were drawn with', () => {
    const { policy } = trained({ steps: 300, width: 32, rate: 2e-3, decay: 0.5, headShare: 1, heldOut: 0.1 })
    // Easy prompts: .95 and .95; hard ones: .35 and .9.
    for (const [kind, expected] of [
      ['easy', [0.95, 0.95]],
      ['hard', [0.35, 0.9]],
    ] as const) {
      const far = meanChances(policy, kind).map((chance, m) => Math.abs(chance - (expected[m] ?? 0)))
      expect(Math.max(...far)).toBeLessThan(0.08)
    }
  })
})

describe('proteus on prompts of two kinds', () => {
  const { policy, curve } = byFloor

  it('answers higher floors with a higher mu, on one and the same state', () => {
    const prices = [0.65, 0.7, 0.75, 0.8, 0.85, 0.9].map(floor => priceAt(policy, floor))
    expect(prices).toEqual(prices.toSorted((a, b) => a - b))
    expect(Math.exp((prices[5] ?? 0) - (prices[0] ?? 0))).toBeGreaterThan(2)
  })

  it('serves each request by its own floor, near it', () => {
    const achieved = [0.7, 0.75, 0.8, 0.85, 0.9].map(floor => decidePair(policy, floor, 400).satisfaction)
    const misses = achieved.map((value, i) => Math.abs(value - (0.7 + 0.05 * i)))
    expect(Math.max(...misses)).toBeLessThan(0.1)
    expect(achieved).toEqual(achieved.toSorted((a, b) => a - b))
  })

  it('tells how the training went', () => {
    expect(curve.columns.slice(0, 3)).toEqual(['return', 'lambda', 'violation'])
    expect(curve.points.at(-1)?.step).toBe(1200)
    const entropies = curve.points.map(({ values }) => values[3] ?? null)
    const known = entropies.filter(value => value !== null)
    expect(known.at(-1)).toBeLessThan(known[0] ?? 0)
    // The first half has stopped learning.
    expect(entropies.at(-1)).toBeNull()
  })
})

describe('the dual variable', () => {
  const lambdaOf = (parameters: Readonly<Record<string, number>>): number =>
    trained({ steps: 300, width: 8, ...parameters }, few).curve.points.at(-1)?.values[1] ?? Number.NaN

  it('grows where no policy meets the floor, and falls where every one does', () => {
    expect(lambdaOf({ lowFloor: 0.99, highFloor: 0.99 })).toBeGreaterThan(2)
    expect(lambdaOf({ lowFloor: 0.3, highFloor: 0.3 })).toBe(0)
  })

  it('stays away without its step', () => {
    expect(lambdaOf({ lambdaStart: 0, lambdaStep: 0 })).toBe(0)
  })
})

describe('the reward as published, one multiplier for all floors', () => {
  it('gives a policy that hardly answers to the floor: tau is a constant of the reward', () => {
    const { policy } = trained({ ...quick, lambdaKnots: 1 })
    const answer = (of: typeof policy): number => priceAt(of, 0.9) - priceAt(of, 0.65)
    expect(Math.abs(answer(policy))).toBeLessThan(0.3 * answer(byFloor.policy))
  })
})

describe('training in steps', () => {
  const short = { steps: 90, width: 16 }
  const whole = trained(short, few)

  it('gives the same bytes however the steps are cut, from a checkpoint too', () => {
    const first = trainerOf(short, few)
    for (const steps of [1, 36]) first.advance(steps)
    expect(first.done).toBe(37)
    expect(() => first.finish()).toThrow('stands at step 37 of 90')
    const second = createTrainer(
      'proteus',
      { ...setup, training: few, parameters: short },
      first.checkpoint(),
    )
    expect(second?.done).toBe(37)
    second?.advance(1000)
    expect(second?.finish().snapshot()).toEqual(whole.policy.snapshot())
    expect(second?.curve).toEqual(whole.curve)
    expect(createPolicy('proteus', { ...setup, training: few, parameters: short }).snapshot()).toEqual(
      whole.policy.snapshot(),
    )
  })

  it('depends on the seed', () => {
    expect(trained({ ...short, seed: 2 }, few).policy.snapshot().bytes).not.toEqual(
      whole.policy.snapshot().bytes,
    )
  })

  it.each([
    { reinforce: 1 },
    { critic: 1 },
    { heldOut: 0 },
    { gamma: 4 },
    { servedLambda: -1 },
    { headShare: 1 },
  ])('goes on from a checkpoint with %o', parameters => {
    const all = { ...short, steps: 30, ...parameters }
    const first = trainerOf(all, few)
    first.advance(13)
    const second = createTrainer('proteus', { ...setup, training: few, parameters: all }, first.checkpoint())
    second?.advance(17)
    expect(second?.finish().snapshot()).toEqual(trained(all, few).policy.snapshot())
  })

  it('refuses a checkpoint of another shape', () => {
    const first = trainerOf(short, few)
    expect(() =>
      createTrainer(
        'proteus',
        { ...setup, training: few, parameters: { ...short, width: 8 } },
        first.checkpoint(),
      ),
    ).toThrow('another shape')
  })

  it('exists for no policy that is trained at one go', () => {
    expect(createTrainer('lr', setup, null)).toBeNull()
  })
})

describe('proteus', () => {
  it('follows the price list of a model', () => {
    const rows = { ...few, models: [spec('small', 2), spec('large', 30)] }
    const policy = createPolicy('proteus', { ...setup, training: rows, parameters: { steps: 5 } })
    const [features] = pairPrompts(1)
    if (features === undefined) throw new Error('one prompt was asked for')
    const costAt = (price: number): number => {
      const models = [spec('small', price), spec('large', 30)]
      const { estimates } = policy.decide(pairContext(features, 0.8, models), createRandom('x'))
      return estimates.find(({ model }) => model === models[0]?.id)?.costUsd ?? Number.NaN
    }
    expect(costAt(6)).toBeCloseTo(3 * costAt(2), 12)
  })

  it('refuses floors the wrong way round', () => {
    expect(() => trainerOf({ lowFloor: 0.9, highFloor: 0.8 }, few)).toThrow(
      'lowFloor is 0.9 and highFloor 0.8',
    )
  })
})
