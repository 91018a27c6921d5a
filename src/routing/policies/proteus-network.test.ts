import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createRandom } from '../numeric/random.ts'
import { createPass, layoutOf, ProteusNetwork, partsOf, shapesOf } from './proteus-network.ts'

const shape = { inputs: 5, width: 6, models: 3 }
const rows = 4
const target = { floor: 0.3, logLambda: 0.7 }
const random = createRandom('network')
const drawn = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal())
const inner = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0)

/** A network away from its start, where gates and offsets are zero. */
function someNetwork(): ProteusNetwork {
  const network = ProteusNetwork.initial(shape, createRandom('start'))
  network.weights.forEach((weight, i) => {
    network.weights[i] = weight + 0.4 * random.normal()
  })
  return network
}

describe('ProteusNetwork', () => {
  const network = someNetwork()
  const pass = createPass(shape, rows)
  pass.x.set(drawn(rows * shape.inputs))
  const forward = (): void => {
    network.encode(pass, rows)
    network.act(pass, rows, target)
  }
  /** Slope of a loss by one parameter, from both sides. */
  const difference = (i: number, loss: () => number): number => {
    const step = 2e-3
    const weight = network.weights[i] ?? 0
    const at = (value: number): number => {
      network.weights[i] = value
      forward()
      return loss()
    }
    const slope = (at(weight + step) - at(weight - step)) / (2 * step)
    network.weights[i] = weight
    forward()
    return slope
  }
  const layout = layoutOf(shape)

  it('has the derivatives of finite differences in its first half', () => {
    const byLogits = drawn(rows * shape.models)
    const gradient = new Float32Array(network.weights.length)
    forward()
    network.backwardPerformance(partsOf(shape, gradient), pass, byLogits, 0)
    for (let i = 0; i < layout.head; i++) {
      expect(gradient[i]).toBeCloseTo(
        difference(i, () => inner(pass.logits, byLogits)),
        2,
      )
    }
    expect(gradient.subarray(layout.head).every(v => v === 0)).toBe(true)
  })

  it('takes the rows from the given one on', () => {
    const byLogits = drawn(2 * shape.models)
    const whole = new Float32Array(rows * shape.models)
    whole.set(byLogits, 2 * shape.models)
    const [part, full] = [new Float32Array(network.weights.length), new Float32Array(network.weights.length)]
    forward()
    network.backwardPerformance(partsOf(shape, part), pass, byLogits, 2)
    network.backwardPerformance(partsOf(shape, full), pass, whole, 0)
    expect([...part]).toEqual([...full].map(v => expect.closeTo(v, 5)))
  })

  it('has the derivatives of finite differences in its policy head, gates included', () => {
    const byActions = drawn(rows * 3)
    const gradient = new Float32Array(network.weights.length)
    forward()
    network.backwardPolicy(partsOf(shape, gradient), pass, byActions, target.logLambda)
    const { boosts, gamma } = partsOf(shape, gradient)
    for (let i = layout.head; i < network.weights.length - boosts.length - gamma.length; i++) {
      expect(gradient[i]).toBeCloseTo(
        difference(i, () => inner(pass.actions, byActions)),
        2,
      )
    }
    expect(gradient.subarray(0, layout.head).every(v => v === 0)).toBe(true)
  })

  it('starts with no boosts, gamma 3, open gates and almost the same shapes for every prompt', () => {
    const start = ProteusNetwork.initial(shape, createRandom('start'))
    expect([...start.boosts]).toEqual([0, 0, 0])
    expect(start.gamma).toBeCloseTo(3, 6)
    start.encode(pass, rows)
    start.act(pass, rows, target)
    expect([...pass.gated]).toEqual([...pass.acting])
    for (let row = 0; row < rows; row++) {
      const { a, b } = shapesOf(pass.actions, row)
      expect(a / (a + b)).toBeGreaterThan(0.4)
      expect(a / (a + b)).toBeLessThan(0.6)
    }
  })

  it('reads what it wrote, and refuses another number of parameters', () => {
    const writer = new ByteWriter()
    network.write(writer)
    const read = ProteusNetwork.read(new ByteReader(writer.finish()))
    expect(read.shape).toEqual(shape)
    expect(read.weights).toEqual(network.weights)
    expect(() => partsOf(shape, new Float32Array(7))).toThrow('parameters, given 7')
  })
})
