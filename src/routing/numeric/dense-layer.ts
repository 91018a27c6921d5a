import type { Random } from './random.ts'

/** A fully connected layer y = W'x + v over one flat array of parameters, which the gradient's array mirrors. */
export interface DenseLayer {
  readonly inputs: number
  readonly outputs: number
  /** Row-major [inputs x outputs]. */
  readonly weights: Float32Array
  /** [outputs]. */
  readonly offsets: Float32Array
}

/** Draws weights from N(0, gain / inputs), He's initialisation for gain 2 (He et al. 2015); offsets become 0. */
export function initialiseDense(layer: DenseLayer, gain: number, random: Random): void {
  const deviation = Math.sqrt(gain / layer.inputs)
  for (let i = 0; i < layer.weights.length; i++) layer.weights[i] = deviation * random.normal()
  layer.offsets.fill(0)
}

/** Outputs of `rows` inputs, row-major [rows x outputs] into `y`. */
export function forwardDense(layer: DenseLayer, x: Float32Array, y: Float32Array, rows: number): void {
  const { inputs, outputs, weights, offsets } = layer
  for (let row = 0; row < rows; row++) {
    const from = row * inputs
    const to = row * outputs
    for (let o = 0; o < outputs; o++) y[to + o] = offsets[o] ?? 0
    // Four inputs at a time: each sum is fetched and stored once for all of them.
    let i = 0
    for (; i + 3 < inputs; i += 4) {
      const a = x[from + i] ?? 0
      const b = x[from + i + 1] ?? 0
      const c = x[from + i + 2] ?? 0
      const d = x[from + i + 3] ?? 0
      if (a === 0 && b === 0 && c === 0 && d === 0) continue
      const at = i * outputs
      for (let o = 0; o < outputs; o++) {
        const k = at + o
        y[to + o] =
          (y[to + o] ?? 0) +
          (a * (weights[k] ?? 0) +
            b * (weights[k + outputs] ?? 0) +
            (c * (weights[k + 2 * outputs] ?? 0) + d * (weights[k + 3 * outputs] ?? 0)))
      }
    }
    for (; i < inputs; i++) {
      const value = x[from + i] ?? 0
      const at = i * outputs
      for (let o = 0; o < outputs; o++) y[to + o] = (y[to + o] ?? 0) + value * (weights[at + o] ?? 0)
    }
  }
}

/** What a layer read and what a loss says of what it wrote. */
export interface DensePass {
  /** Row-major [rows x inputs], as `forwardDense` read it. */
  readonly x: Float32Array
  /** Derivative of the loss by the outputs, row-major [rows x outputs]. */
  readonly byY: Float32Array
  readonly rows: number
}

/** Adds the derivatives by the parameters to `gradient`, the layer's mirror; writes those by the inputs into `byX` if there is one. */
export function backwardDense(
  layer: DenseLayer,
  gradient: DenseLayer,
  { x, byY, rows }: DensePass,
  byX: Float32Array | null,
): void {
  const { inputs, outputs, weights } = layer
  addOuter(gradient, x, byY, rows)
  if (byX === null) return
  for (let row = 0; row < rows; row++) {
    const from = row * outputs
    const to = row * inputs
    for (let i = 0; i < inputs; i++) {
      const at = i * outputs
      let sum = 0
      for (let o = 0; o < outputs; o++) sum += (weights[at + o] ?? 0) * (byY[from + o] ?? 0)
      byX[to + i] = sum
    }
  }
}

/** dW += x dy', dv += dy, two rows of the batch at a time. */
function addOuter(gradient: DenseLayer, x: Float32Array, byY: Float32Array, rows: number): void {
  const { inputs, outputs, weights, offsets } = gradient
  for (let row = 0; row < rows; row += 2) {
    const [first, second] = [row * inputs, (row + 1) * inputs]
    const [from, next] = [row * outputs, (row + 1) * outputs]
    const paired = row + 1 < rows
    for (let i = 0; i < inputs; i++) {
      const a = x[first + i] ?? 0
      const b = paired ? (x[second + i] ?? 0) : 0
      if (a === 0 && b === 0) continue
      const at = i * outputs
      for (let o = 0; o < outputs; o++) {
        const other = paired ? (byY[next + o] ?? 0) : 0
        weights[at + o] = (weights[at + o] ?? 0) + (a * (byY[from + o] ?? 0) + b * other)
      }
    }
    for (let o = 0; o < outputs; o++) {
      offsets[o] = (offsets[o] ?? 0) + (byY[from + o] ?? 0) + (paired ? (byY[next + o] ?? 0) : 0)
    }
  }
}

/** max(0, v), in place. */
export function rectify(values: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) if ((values[i] ?? 0) < 0) values[i] = 0
}

/** Takes the derivatives by `rectify`'s outputs to those by its inputs, in place. */
export function backwardRectify(outputs: Float32Array, byOutputs: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) if ((outputs[i] ?? 0) <= 0) byOutputs[i] = 0
}

/** 1 / (1 + e^-v). */
export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value))
}

/** ln(1 + e^v), without overflow; its derivative is `sigmoid`. */
export function softplus(value: number): number {
  return value > 0 ? value + Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value))
}
