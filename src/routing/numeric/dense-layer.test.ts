import { describe, expect, it } from 'vitest'
import {
  backwardDense,
  backwardRectify,
  type DenseLayer,
  forwardDense,
  initialiseDense,
  rectify,
  sigmoid,
  softplus,
} from './dense-layer.ts'
import { createRandom } from './random.ts'

const random = createRandom('dense')
const drawn = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal())
const blank = (inputs: number, outputs: number): DenseLayer => ({
  inputs,
  outputs,
  weights: new Float32Array(inputs * outputs),
  offsets: new Float32Array(outputs),
})
const inner = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0)

describe.each([
  [4, 3, 2],
  [7, 5, 3],
  [9, 1, 1],
])('a layer of %d inputs and %d outputs on %d rows', (inputs, outputs, rows) => {
  const layer = { ...blank(inputs, outputs), weights: drawn(inputs * outputs), offsets: drawn(outputs) }
  const x = drawn(rows * inputs)
  x[1] = 0
  const byY = drawn(rows * outputs)
  const outputsOf = (of: DenseLayer, at: Float32Array): Float32Array => {
    const y = new Float32Array(rows * outputs)
    forwardDense(of, at, y, rows)
    return y
  }

  it('is the matrix product', () => {
    const y = outputsOf(layer, x)
    for (let row = 0; row < rows; row++) {
      for (let o = 0; o < outputs; o++) {
        let sum = layer.offsets[o] ?? 0
        for (let i = 0; i < inputs; i++)
          sum += (x[row * inputs + i] ?? 0) * (layer.weights[i * outputs + o] ?? 0)
        expect(y[row * outputs + o]).toBeCloseTo(sum, 5)
      }
    }
  })

  it('has the derivatives of finite differences', () => {
    const gradient = blank(inputs, outputs)
    const byX = new Float32Array(rows * inputs)
    backwardDense(layer, gradient, { x, byY, rows }, byX)
    const loss = (of: DenseLayer, at: Float32Array): number => inner(outputsOf(of, at), byY)
    // The loss is linear in each of the three: a difference over a wide step is exact but for rounding.
    const moved = (values: Float32Array, i: number): Float32Array =>
      values.map((v, k) => (k === i ? v + 1 : v))
    const base = loss(layer, x)
    gradient.weights.forEach((slope, i) => {
      expect(slope).toBeCloseTo(loss({ ...layer, weights: moved(layer.weights, i) }, x) - base, 4)
    })
    gradient.offsets.forEach((slope, i) => {
      expect(slope).toBeCloseTo(loss({ ...layer, offsets: moved(layer.offsets, i) }, x) - base, 4)
    })
    byX.forEach((slope, i) => {
      expect(slope).toBeCloseTo(loss(layer, moved(x, i)) - base, 4)
    })
  })

  it('adds to a gradient that is there', () => {
    const [once, twice] = [blank(inputs, outputs), blank(inputs, outputs)]
    backwardDense(layer, once, { x, byY, rows }, null)
    for (let time = 0; time < 2; time++) backwardDense(layer, twice, { x, byY, rows }, null)
    expect([...twice.weights]).toEqual([...once.weights].map(v => expect.closeTo(2 * v, 4)))
  })
})

describe('the functions between layers', () => {
  it('rectify and take derivatives back', () => {
    const values = Float32Array.of(-1, 2, 0, -3)
    rectify(values, 3)
    expect([...values]).toEqual([0, 2, 0, -3])
    const by = Float32Array.of(5, 6, 7, 8)
    backwardRectify(values, by, 3)
    expect([...by]).toEqual([0, 6, 0, 8])
  })

  it('are smooth without overflow', () => {
    expect(softplus(0)).toBeCloseTo(Math.LN2, 12)
    expect(softplus(800)).toBe(800)
    expect(softplus(-800)).toBe(0)
    for (const v of [-3, 0, 2]) {
      expect(sigmoid(v)).toBeCloseTo((softplus(v + 1e-5) - softplus(v - 1e-5)) / 2e-5, 8)
    }
  })

  it('start with the variance of the gain', () => {
    const layer = blank(200, 100)
    layer.offsets.fill(1)
    initialiseDense(layer, 2, createRandom('start'))
    const square = layer.weights.reduce((sum, v) => sum + v * v, 0) / layer.weights.length
    expect(square).toBeCloseTo(2 / 200, 3)
    expect(layer.offsets.every(v => v === 0)).toBe(true)
  })
})
