import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import {
  backwardDense,
  backwardRectify,
  type DenseLayer,
  forwardDense,
  initialiseDense,
  rectify,
  sigmoid,
  softplus,
} from '../numeric/dense-layer.ts'
import type { Random } from '../numeric/random.ts'

/** Sizes of the network. */
export interface ProteusShape {
  /** Coordinates of a prompt. */
  readonly inputs: number
  /** Units of every hidden layer. */
  readonly width: number
  readonly models: number
}

/** The parameters by name: views into one flat array. The gradient has the same form. */
export interface ProteusParts {
  readonly first: DenseLayer
  readonly second: DenseLayer
  /** z to one logit of satisfaction per model. */
  readonly head: DenseLayer
  /** (z, floor, lambda) to the hidden layer of the policy head. */
  readonly policy: DenseLayer
  /** Hidden layer to (u1, u2, value). */
  readonly action: DenseLayer
  /** [width]: the gate 2 sigmoid(slope * logLambda + offset) of each hidden unit. */
  readonly gateSlopes: Float32Array
  readonly gateOffsets: Float32Array
  /** [models]: b_i = .05 tanh of it. */
  readonly boosts: Float32Array
  /** [1]: gamma = 2 + 6 sigmoid of it. */
  readonly gamma: Float32Array
}

/** Outputs of the policy head: two shapes before their softplus, and the critic's value. */
export const ACTION_OUTPUTS = 3
/** Inputs of the policy head beside z: floor and lambda. */
const TARGET_INPUTS = 2
/** Larger boosts learn to undo what mu does to cost, and mu loses its effect. */
export const LARGEST_BOOST = 0.05
/** gamma = 3 at the start. */
const FIRST_GAMMA = Math.log(1 / 5)

/** Activations of one batch; reused from batch to batch. All row-major. */
export interface ProteusPass {
  /** [rows x inputs], to be filled by the caller. */
  readonly x: Float32Array
  readonly hidden: Float32Array
  readonly z: Float32Array
  /** [rows x models]. */
  readonly logits: Float32Array
  /** [rows x (width + 2)]. */
  readonly state: Float32Array
  readonly acting: Float32Array
  readonly gated: Float32Array
  /** [rows x 3]. */
  readonly actions: Float32Array
}

/** What the policy head is told beside the prompt, scaled. */
export interface ProteusTarget {
  /** Floor on the scale where training drew from [-1, 1]. */
  readonly floor: number
  /** ln(1 + lambda). */
  readonly logLambda: number
}

/**
 * PROTEUS's network on prompt coordinates instead of DeBERTa: z = relu(W2 relu(W1 x)); p = sigmoid(W z);
 * h = relu(U (z, tau, l)) * 2 sigmoid(a l + d) with l = ln(1 + lambda), the lambda gate; (u1, u2, V) = U2 h. Boosts and gamma stand beside it.
 */
export class ProteusNetwork {
  readonly shape: ProteusShape
  /** All parameters, laid out as `layoutOf` says. */
  readonly weights: Float32Array
  readonly parts: ProteusParts

  private constructor(shape: ProteusShape, weights: Float32Array) {
    this.shape = shape
    this.weights = weights
    this.parts = partsOf(shape, weights)
  }

  static initial(shape: ProteusShape, random: Random): ProteusNetwork {
    const layout = layoutOf(shape)
    const network = new ProteusNetwork(shape, new Float32Array(layout.head + layout.policy))
    const { first, second, head, policy, action, gamma } = network.parts
    for (const layer of [first, second, policy]) initialiseDense(layer, 2, random)
    initialiseDense(head, 1, random)
    // Every prompt starts with almost the same mu.
    initialiseDense(action, 0.01, random)
    gamma[0] = FIRST_GAMMA
    return network
  }

  static read(reader: ByteReader): ProteusNetwork {
    const [inputs, width, models] = [reader.count(), reader.count(), reader.count()]
    return new ProteusNetwork({ inputs, width, models }, reader.float32())
  }

  write(writer: ByteWriter): void {
    const { inputs, width, models } = this.shape
    for (const size of [inputs, width, models]) writer.count(size)
    writer.array(this.weights)
  }

  /** b_i in (-.05, .05). */
  get boosts(): Float64Array {
    return Float64Array.from(this.parts.boosts, raw => LARGEST_BOOST * Math.tanh(raw))
  }

  /** In (2, 8). */
  get gamma(): number {
    return 2 + 6 * sigmoid(this.parts.gamma[0] ?? 0)
  }

  /** From `pass.x` to z and logits. */
  encode(pass: ProteusPass, rows: number): void {
    const { first, second, head } = this.parts
    const count = rows * this.shape.width
    forwardDense(first, pass.x, pass.hidden, rows)
    rectify(pass.hidden, count)
    forwardDense(second, pass.hidden, pass.z, rows)
    rectify(pass.z, count)
    forwardDense(head, pass.z, pass.logits, rows)
  }

  /** From z and a target to the actions of the first `rows` rows. */
  act(pass: ProteusPass, rows: number, target: ProteusTarget): void {
    const { width } = this.shape
    const stride = width + TARGET_INPUTS
    for (let row = 0; row < rows; row++) {
      pass.state.set(pass.z.subarray(row * width, (row + 1) * width), row * stride)
      pass.state[row * stride + width] = target.floor
      pass.state[row * stride + width + 1] = target.logLambda
    }
    forwardDense(this.parts.policy, pass.state, pass.acting, rows)
    rectify(pass.acting, rows * width)
    const gates = this.#gates(target.logLambda)
    for (let i = 0; i < rows * width; i++) pass.gated[i] = (pass.acting[i] ?? 0) * (gates[i % width] ?? 0)
    forwardDense(this.parts.action, pass.gated, pass.actions, rows)
  }

  /** Adds the derivatives by encoder and performance head to `gradient`; `byLogits` is row-major [rows x models], `from` the first of these rows. */
  backwardPerformance(gradient: ProteusParts, pass: ProteusPass, byLogits: Float32Array, from: number): void {
    const { width, inputs, models } = this.shape
    const { parts } = this
    const rows = byLogits.length / models
    const [z, hidden] = [pass.z, pass.hidden].map(each => each.subarray(from * width, (from + rows) * width))
    const x = pass.x.subarray(from * inputs, (from + rows) * inputs)
    if (z === undefined || hidden === undefined) return
    const byZ = new Float32Array(rows * width)
    backwardDense(parts.head, gradient.head, { x: z, byY: byLogits, rows }, byZ)
    backwardRectify(z, byZ, byZ.length)
    const byHidden = new Float32Array(rows * width)
    backwardDense(parts.second, gradient.second, { x: hidden, byY: byZ, rows }, byHidden)
    backwardRectify(hidden, byHidden, byHidden.length)
    backwardDense(parts.first, gradient.first, { x, byY: byHidden, rows }, null)
  }

  /** Adds the derivatives by the policy head to `gradient`; z is taken as given. `byActions` is row-major [rows x 3]. */
  backwardPolicy(
    gradient: ProteusParts,
    pass: ProteusPass,
    byActions: Float32Array,
    logLambda: number,
  ): void {
    const { parts } = this
    const rows = byActions.length / ACTION_OUTPUTS
    const byGated = new Float32Array(rows * this.shape.width)
    backwardDense(parts.action, gradient.action, { x: pass.gated, byY: byActions, rows }, byGated)
    this.#backwardGate(gradient, pass.acting, byGated, logLambda)
    backwardRectify(pass.acting, byGated, byGated.length)
    backwardDense(parts.policy, gradient.policy, { x: pass.state, byY: byGated, rows }, null)
  }

  #gates(logLambda: number): Float32Array {
    const { gateSlopes, gateOffsets } = this.parts
    return gateSlopes.map((slope, k) => 2 * sigmoid(slope * logLambda + (gateOffsets[k] ?? 0)))
  }

  /** From derivatives by gated units to those by ungated ones, in place; adds those by the gates. */
  #backwardGate(
    gradient: ProteusParts,
    acting: Float32Array,
    byGated: Float32Array,
    logLambda: number,
  ): void {
    const gates = this.#gates(logLambda)
    const { width } = this.shape
    const { gateSlopes, gateOffsets } = gradient
    for (let i = 0; i < byGated.length; i++) {
      const k = i % width
      const gate = gates[k] ?? 0
      const by = byGated[i] ?? 0
      const byArgument = by * (acting[i] ?? 0) * gate * (1 - gate / 2)
      gateSlopes[k] = (gateSlopes[k] ?? 0) + byArgument * logLambda
      gateOffsets[k] = (gateOffsets[k] ?? 0) + byArgument
      byGated[i] = by * gate
    }
  }
}

/** Shapes of the Beta distribution, 1 + softplus(u): unimodal. */
export function shapesOf(actions: Float32Array, row: number): { readonly a: number; readonly b: number } {
  return {
    a: 1 + softplus(actions[row * ACTION_OUTPUTS] ?? 0),
    b: 1 + softplus(actions[row * ACTION_OUTPUTS + 1] ?? 0),
  }
}

/** Inputs and outputs of every layer; the first three make the first half. */
function layersOf({ inputs, width, models }: ProteusShape) {
  return {
    head: [
      [inputs, width],
      [width, width],
      [width, models],
    ],
    policy: [
      [width + TARGET_INPUTS, width],
      [width, ACTION_OUTPUTS],
    ],
  } as const
}

/** How the flat array is divided. */
export interface ProteusLayout {
  /** Parameters of encoder and performance head, which come first; the policy head's, with gates, boosts and gamma, follow. */
  readonly head: number
  readonly policy: number
  /** How many at the beginning of each half are weights of layers, which decay. */
  readonly headWeights: number
  readonly policyWeights: number
}

/** Sizes of the stretches of the flat array for a shape. */
export function layoutOf(shape: ProteusShape): ProteusLayout {
  const { head, policy } = layersOf(shape)
  const [headWeights, policyWeights] = [weightCount(head), weightCount(policy)]
  return {
    head: headWeights + 2 * shape.width + shape.models,
    policy: policyWeights + shape.width + ACTION_OUTPUTS + 2 * shape.width + shape.models + 1,
    headWeights,
    policyWeights,
  }
}

function weightCount(sizes: readonly (readonly [number, number])[]): number {
  return sizes.reduce((sum, [inputs, outputs]) => sum + inputs * outputs, 0)
}

/** Views into a flat array, in the order of its layout. */
export function partsOf(shape: ProteusShape, flat: Float32Array): ProteusParts {
  const layout = layoutOf(shape)
  const expected = layout.head + layout.policy
  if (flat.length !== expected) {
    throw new RangeError(`a network of this shape has ${expected} parameters, given ${flat.length}`)
  }
  let at = 0
  const take = (count: number): Float32Array => {
    at += count
    return flat.subarray(at - count, at)
  }
  const layers = (sizes: readonly (readonly [number, number])[]): readonly DenseLayer[] => {
    const weights = sizes.map(([inputs, outputs]) => take(inputs * outputs))
    return sizes.map(([inputs, outputs], i) => ({
      inputs,
      outputs,
      weights: weights[i] ?? new Float32Array(0),
      offsets: take(outputs),
    }))
  }
  const sizes = layersOf(shape)
  const [first, second, head] = layers(sizes.head)
  const [policy, action] = layers(sizes.policy)
  if (!first || !second || !head || !policy || !action) throw new RangeError('five layers are laid out')
  const { width, models } = shape
  return {
    ...{ first, second, head, policy, action },
    gateSlopes: take(width),
    gateOffsets: take(width),
    boosts: take(models),
    gamma: take(1),
  }
}

/** Memory for the activations of up to `rows` rows. */
export function createPass({ inputs, width, models }: ProteusShape, rows: number): ProteusPass {
  return {
    x: new Float32Array(rows * inputs),
    hidden: new Float32Array(rows * width),
    z: new Float32Array(rows * width),
    logits: new Float32Array(rows * models),
    state: new Float32Array(rows * (width + TARGET_INPUTS)),
    acting: new Float32Array(rows * width),
    gated: new Float32Array(rows * width),
    actions: new Float32Array(rows * ACTION_OUTPUTS),
  }
}
