import { describe, expect, it } from 'vitest'
import { lagrangianScores } from '../choose.ts'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom, type Random } from '../numeric/random.ts'
import { AdaptiveDual, priceScale } from './adaptive-dual.ts'

const options = { kappa: 1, leastStep: 0.005, slack: 10 }
const scale = { scaleUsd: 2, capUsd: 50 }

function dualAt(priceUsd: number, slack = options.slack): AdaptiveDual {
  const dual = new AdaptiveDual({ ...options, slack })
  dual.rescale(scale)
  dual.start(priceUsd)
  return dual
}

function chosen(costUsd: Float64Array, satisfaction: Float64Array, priceUsd: number): number {
  const scores = lagrangianScores(costUsd, satisfaction, priceUsd)
  return scores.indexOf(Math.min(...scores))
}

function draw(random: Random, models: number, highest: number): Float64Array {
  return Float64Array.from({ length: models }, () => highest * random.next())
}

describe('AdaptiveDual', () => {
  it('takes the steps that the rule says, by hand', () => {
    const dual = dualAt(0)
    dual.move(0.8, dual.step)
    // theta = .8, at a scale of 2 USD
    expect(dual.priceUsd).toBeCloseTo(1.6, 12)
    // G2 = .64: eta = 1 / sqrt(1.64)
    expect(dual.step).toBeCloseTo(1 / Math.sqrt(1.64), 12)
    dual.move(-0.2, dual.step)
    expect(dual.priceUsd).toBeCloseTo(1.6 - (0.2 * 2) / Math.sqrt(1.64), 12)
    // Beyond the scale a step multiplies the price.
    const high = dualAt(10)
    high.move(0.5, 0.1)
    expect(high.priceUsd).toBeCloseTo(10 * Math.exp(0.05), 12)
  })

  it('starts from a price with steps as short as after so many squares', () => {
    const dual = dualAt(0)
    dual.start(5, 99)
    expect(dual.priceUsd).toBeCloseTo(5, 12)
    expect(dual.step).toBeCloseTo(0.1, 12)
    dual.watch(Math.sqrt(300))
    expect(dual.priceUsd).toBeCloseTo(5, 12)
    expect(dual.step).toBeCloseTo(0.05, 12)
  })

  it('never steps below the least step', () => {
    const dual = dualAt(10)
    for (let i = 0; i < 100; i++) dual.move(i % 2 === 0 ? 30 : -30, 1e-9)
    expect(dual.step).toBe(options.leastStep)
  })

  it('keeps the price between nothing and the cap, whatever comes', () => {
    const random = createRandom('bounds')
    const dual = dualAt(0)
    for (let i = 0; i < 5000; i++) {
      dual.move(40 * (random.next() - 0.5), dual.step)
      if (i % 100 === 0) dual.rescale({ scaleUsd: 0.1 + random.next(), capUsd: 1 + 50 * random.next() })
      expect(dual.priceUsd).toBeGreaterThanOrEqual(0)
      expect(dual.priceUsd).toBeLessThanOrEqual(51)
    }
  })

  it('keeps the price in USD when the scale changes, and every decision with it', () => {
    const dual = dualAt(7)
    dual.rescale({ scaleUsd: 0.04, capUsd: 50 })
    expect(dual.priceUsd).toBeCloseTo(7, 9)
    expect(dual.scaleUsd).toBe(0.04)
    dual.rescale({ scaleUsd: 800, capUsd: 1e5 })
    expect(dual.priceUsd).toBeCloseTo(7, 9)
  })

  it('leads prediction and correction back to the label, at the step of the decision', () => {
    const [prompt, late] = [dualAt(10, 1e9), dualAt(10, 1e9)]
    const step = 0.01
    const random = createRandom('late')
    const open: number[] = []
    for (let i = 0; i < 500; i++) {
      const label = random.next() < 0.7 ? 1 : 0
      prompt.move(0.8 - label, step)
      late.move(0.8 - 0.6, step)
      open.push(0.6 - label)
      if (open.length > 200) late.move(open.shift() ?? 0, step)
    }
    for (const correction of open) late.move(correction, step)
    expect(late.priceUsd).toBeCloseTo(prompt.priceUsd, 9)
  })

  it('drifts when corrections take the present step instead of the logged one', () => {
    const endOf = (logged: boolean): number => {
      const dual = dualAt(10, 1e9)
      // Predictions of .9 where .5 satisfy, at a floor of .5: with the logged step all of it cancels.
      const open: number[] = []
      for (let i = 0; i < 400; i++) {
        const { step } = dual
        dual.move(0.5 - 0.9, step)
        open.push(step)
      }
      for (const step of open) dual.move(0.9 - 0.5, logged ? step : dual.step)
      return dual.priceUsd
    }
    expect(endOf(true)).toBeCloseTo(10, 9)
    expect(endOf(false)).toBeLessThan(9)
  })

  it('keeps room for corrections at the bounds, and no more than that', () => {
    const priceAfter = (slack: number): number => {
      const dual = dualAt(0, slack)
      const { step } = dual
      for (let i = 0; i < 5; i++) dual.move(-0.2, step)
      for (let i = 0; i < 5; i++) dual.move(0.2, step)
      return dual.priceUsd
    }
    expect(priceAfter(1e9)).toBeCloseTo(0, 12)
    expect(priceAfter(0)).toBeGreaterThan(1)
    // A long surplus does not wind up: ten steps' worth of shortfall bring the price back.
    const dual = dualAt(0)
    for (let i = 0; i < 10_000; i++) dual.move(-0.2, dual.step)
    let requests = 0
    while (dual.priceUsd === 0 && requests < 1e6) {
      dual.move(0.2, dual.step)
      requests++
    }
    expect(requests).toBeLessThanOrEqual(options.slack / 0.2 + 1)
  })

  it('does not sink by noise alone, as lambda *= 1 + eta g would', () => {
    const random = createRandom('noise')
    const dual = dualAt(10)
    let naive = 10
    for (let i = 0; i < 4000; i++) {
      const noise = random.next() < 0.5 ? 1 : -1
      dual.move(noise, 0.05)
      naive *= 1 + 0.05 * noise
    }
    expect(naive).toBeLessThan(1)
    expect(dual.priceUsd).toBeGreaterThan(0.1)
  })

  it('goes on from its bytes', () => {
    const dual = dualAt(3)
    dual.move(0.4, dual.step)
    const writer = new ByteWriter()
    dual.write(writer)
    const restored = AdaptiveDual.read(new ByteReader(writer.finish()), options)
    for (const each of [dual, restored]) each.move(-0.1, each.step)
    expect(restored.priceUsd).toBe(dual.priceUsd)
    expect(restored.step).toBe(dual.step)
  })
})

describe('the rule that is priced', () => {
  it('never chooses a lower predicted satisfaction at a higher price', () => {
    const random = createRandom('monotone')
    for (let round = 0; round < 500; round++) {
      const models = 2 + random.integer(8)
      const [costUsd, satisfaction] = [draw(random, models, 5), draw(random, models, 1)]
      let reached = -1
      for (let priceUsd = 0; priceUsd < 40; priceUsd += 0.5) {
        const now = satisfaction[chosen(costUsd, satisfaction, priceUsd)] ?? 0
        expect(now).toBeGreaterThanOrEqual(reached)
        reached = now
      }
    }
  })

  it('decides the same without a dear model that it never used, the scale being kept', () => {
    const random = createRandom('unused')
    const [whole, without] = [dualAt(1), dualAt(1)]
    let used = 0
    for (let i = 0; i < 2000; i++) {
      const costUsd = Float64Array.of(0.05, 0.2, 0.6, 500)
      const satisfaction = draw(random, 4, 1)
      const all = chosen(costUsd, satisfaction, whole.priceUsd)
      if (all === 3) used++
      const some = chosen(costUsd.subarray(0, 3), satisfaction.subarray(0, 3), without.priceUsd)
      expect(some).toBe(all)
      const label = random.next() < 0.7 ? 1 : 0
      for (const dual of [whole, without]) dual.move(0.6 - label, dual.step)
    }
    expect(used).toBe(0)
  })
})

describe('priceScale', () => {
  it('is the median slope of the hull, by hand', () => {
    // Slopes: .15 / .2 = .75, .4 / .1 = 4, 2.4 / .05 = 48
    const found = priceScale([0.5, 0.7, 0.8, 0.85], [0.05, 0.2, 0.6, 3])
    expect(found?.scaleUsd).toBeCloseTo(4, 12)
    expect(found?.capUsd).toBeCloseTo(2.95 / 0.02, 9)
  })

  it('does not let one dear model set the scale, as dearest minus cheapest would', () => {
    const usual = priceScale([0.5, 0.6, 0.7, 0.8], [1, 2, 4, 8])?.scaleUsd ?? 0
    const withDear = priceScale([0.5, 0.6, 0.7, 0.8, 0.81], [1, 2, 4, 8, 500])?.scaleUsd ?? 0
    expect(withDear).toBeLessThanOrEqual(2 * usual)
  })

  it('falls back on neighbouring costs, then on the dearest; free models have none', () => {
    expect(priceScale([0.8, 0.8, 0.8], [1, 3, 11])?.scaleUsd).toBe(2)
    expect(priceScale([0.8, 0.8], [3, 3])?.scaleUsd).toBe(3)
    expect(priceScale([0.8, 0.9], [0, 0])).toBeNull()
    expect(priceScale([], [])).toBeNull()
  })
})
