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
  if (byX !== null) backwardInputs(weights, { inputs, outputs, rows }, byY, byX)
}

/** dx = W dy: two inputs at a time share what they read of dy. */
function backwardInputs(
  weights: Float32Array,
  { inputs, outputs, rows }: { readonly inputs: number; readonly outputs: number; readonly rows: number },
  byY: Float32Array,
  byX: Float32Array,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * outputs
    const to = row * inputs
    for (let i = 0; i < inputs; i += 2) {
      const at = i * outputs
      const paired = i + 1 < inputs
      const next = paired ? at + outputs : at
      let sum = 0
      let other = 0
      for (let o = 0; o < outputs; o++) {
        const slope = byY[from + o] ?? 0
        sum += (weights[at + o] ?? 0) * slope
        other += (weights[next + o] ?? 0) * slope
      }
      byX[to + i] = sum
      if (paired) byX[to + i + 1] = other
    }
  }
}

/** dW += x dy', dv += dy: four rows at a time, so that each sum is fetched and stored once for all of them. */
function addOuter(gradient: DenseLayer, x: Float32Array, byY: Float32Array, rows: number): void {
  const { inputs, outputs, weights, offsets } = gradient
  const whole = rows - (rows % 4)
  for (let row = 0; row < whole; row += 4) {
    const p = row * outputs
    const [q, r, s] = [p + outputs, p + 2 * outputs, p + 3 * outputs]
    for (let i = 0; i < inputs; i++) {
      const at = row * inputs + i
      const a = x[at] ?? 0
      const b = x[at + inputs] ?? 0
      const c = x[at + 2 * inputs] ?? 0
      const d = x[at + 3 * inputs] ?? 0
      if (a === 0 && b === 0 && c === 0 && d === 0) continue
      const to = i * outputs
      for (let o = 0; o < outputs; o++) {
        weights[to + o] =
          (weights[to + o] ?? 0) +
          (a * (byY[p + o] ?? 0) + b * (byY[q + o] ?? 0) + (c * (byY[r + o] ?? 0) + d * (byY[s + o] ?? 0)))
      }
    }
  }
  for (let row = whole; row < rows; row++) {
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i] ?? 0
      const to = i * outputs
      for (let o = 0; o < outputs; o++) {
        weights[to + o] = (weights[to + o] ?? 0) + value * (byY[row * outputs + o] ?? 0)
      }
    }
  }
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) offsets[o] = (offsets[o] ?? 0) + (byY[row * outputs + o] ?? 0)
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
