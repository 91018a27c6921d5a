import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { JointRidge, type JointRidgePrior } from './joint-ridge.ts'

const PRIOR: JointRidgePrior = {
  shared: 2,
  own: 1,
  sharedIntercept: 0.1,
  sharedWeight: 0.3,
  ownIntercept: 0.2,
  ownWeight: 0.05,
  noise: 0.17,
}

interface Label {
  readonly x: Float32Array
  readonly model: number
  readonly residual: number
  readonly weight: number
}

function drawLabels(count: number): Label[] {
  const random = createRandom('labels')
  return Array.from({ length: count }, () => ({
    x: Float32Array.of(random.normal(), random.normal()),
    model: random.integer(2),
    residual: random.normal(),
    weight: random.next() < 0.3 ? 0.5 : 1,
  }))
}

/** Regressors in the order u0, u1, u2, b0, w0, b1, w1. */
function regressors(x: Float32Array, model: number): number[] {
  const own = (m: number): number[] => (m === model ? [1, x[0] ?? 0] : [0, 0])
  return [1, x[0] ?? 0, x[1] ?? 0, ...own(0), ...own(1)]
}

/** Posterior mean by solving (Z'WZ + noise * Prior^-1) theta = Z'W y with Gaussian elimination. */
function naiveMean(labels: readonly Label[]): number[] {
  const variances = [0.1, 0.3, 0.3, 0.2, 0.05, 0.2, 0.05]
  const rows = variances.map((variance, i) => variances.map((_, j) => (i === j ? PRIOR.noise / variance : 0)))
  const right = variances.map(() => 0)
  for (const { x, model, residual, weight } of labels) {
    const z = regressors(x, model)
    z.forEach((zi, i) => {
      right[i] = (right[i] ?? 0) + weight * zi * residual
      z.forEach((zj, j) => {
        const row = rows[i] ?? []
        row[j] = (row[j] ?? 0) + weight * zi * zj
      })
    })
  }
  return eliminate(rows, right)
}

function eliminate(rows: number[][], right: number[]): number[] {
  const n = right.length
  for (let k = 0; k < n; k++) {
    const pivot = rows[k]?.[k] ?? 1
    for (let i = 0; i < n; i++) {
      if (i === k) continue
      const factor = (rows[i]?.[k] ?? 0) / pivot
      for (let j = 0; j < n; j++) (rows[i] ?? [])[j] = (rows[i]?.[j] ?? 0) - factor * (rows[k]?.[j] ?? 0)
      right[i] = (right[i] ?? 0) - factor * (right[k] ?? 0)
    }
  }
  return right.map((value, i) => value / (rows[i]?.[i] ?? 1))
}

function predict(ridge: JointRidge, x: Float32Array, model: number): number {
  return ridge.sharedMean(x) + ridge.ownMean(x, model)
}

describe('JointRidge', () => {
  it('equals the batch posterior after any number of labels', () => {
    const labels = drawLabels(60)
    const ridge = new JointRidge(PRIOR)
    ridge.addModel()
    ridge.addModel()
    for (const { x, model, residual, weight } of labels) ridge.learn(x, model, residual, weight)
    const mean = naiveMean(labels)
    const x = Float32Array.of(0.7, -1.2)
    for (const model of [0, 1]) {
      const expected = regressors(x, model).reduce((sum, z, i) => sum + z * (mean[i] ?? 0), 0)
      expect(predict(ridge, x, model)).toBeCloseTo(expected, 9)
    }
  })

  it('halves by hand: one label with noise equal to the prior variance', () => {
    const ridge = new JointRidge({ ...PRIOR, sharedIntercept: 0.17, ownIntercept: 0 })
    ridge.addModel()
    const origin = new Float32Array(2)
    ridge.learn(origin, 0, 1)
    expect(predict(ridge, origin, 0)).toBeCloseTo(0.5, 12)
    const deviation = new Float64Array(1)
    ridge.deviations(origin, Int32Array.of(0), deviation)
    expect(deviation[0]).toBeCloseTo(Math.sqrt(0.085), 12)
  })

  it('teaches other models only what is shared', () => {
    const ridge = new JointRidge(PRIOR)
    ridge.addModel()
    ridge.addModel()
    const x = Float32Array.of(1, 0)
    for (let i = 0; i < 50; i++) ridge.learn(x, 0, -0.4)
    expect(predict(ridge, x, 0)).toBeLessThan(-0.35)
    expect(predict(ridge, x, 1)).toBeLessThan(-0.1)
    expect(predict(ridge, x, 1)).toBeGreaterThan(predict(ridge, x, 0))
  })

  it('knows an added model, and one that was never added, by the prior alone', () => {
    const ridge = new JointRidge(PRIOR)
    ridge.addModel()
    const x = Float32Array.of(2, 1)
    const deviations = new Float64Array(2)
    ridge.deviations(x, Int32Array.of(0, -1), deviations)
    expect(deviations[0]).toBeCloseTo(Math.sqrt(0.1 + 0.3 * 5 + 0.2 + 0.05 * 4), 12)
    expect(deviations[1]).toBeCloseTo(deviations[0] ?? 0, 12)
    for (const { residual } of drawLabels(20)) ridge.learn(x, 0, residual)
    ridge.addModel()
    expect(ridge.ownMean(x, 1)).toBe(0)
    ridge.deviations(x, Int32Array.of(0, 1), deviations)
    expect(deviations[0]).toBeLessThan(deviations[1] ?? 0)
  })

  it('is unsure of a reopened model again, and keeps its mean', () => {
    const ridge = new JointRidge(PRIOR)
    ridge.addModel()
    const x = Float32Array.of(0, 0)
    for (let i = 0; i < 200; i++) ridge.learn(x, 0, 0.2)
    const before = predict(ridge, x, 0)
    const deviations = new Float64Array(1)
    ridge.deviations(x, Int32Array.of(0), deviations)
    expect(deviations[0]).toBeLessThan(0.05)
    ridge.reopen(0, 0.15 ** 2)
    expect(predict(ridge, x, 0)).toBe(before)
    ridge.deviations(x, Int32Array.of(0), deviations)
    expect(deviations[0]).toBeGreaterThan(0.15)
  })

  it('survives being written and read', () => {
    const ridge = new JointRidge(PRIOR)
    ridge.addModel()
    ridge.addModel()
    for (const { x, model, residual } of drawLabels(30)) ridge.learn(x, model, residual)
    const writer = new ByteWriter()
    ridge.write(writer)
    const copy = JointRidge.read(new ByteReader(writer.finish()), PRIOR)
    const x = Float32Array.of(0.1, 0.2)
    for (const each of [ridge, copy]) each.learn(x, 1, 0.5)
    expect(predict(copy, x, 1)).toBe(predict(ridge, x, 1))
  })
})
