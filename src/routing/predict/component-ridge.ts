import type { ModelId } from '../model.ts'
import { modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { gram, type TruncatedSvd } from '../numeric/linear-algebra.ts'
import { symmetricEigen } from '../numeric/symmetric-eigen.ts'
import type { BatchPredictor, TrainedBatch } from './batch-predictor.ts'
import { addRows, type SparseVector } from './prompt-vector.ts'

const PENALTIES = [0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000]
const SMALLEST_LEFT_OUT = 0.05

/** A table that holds the weights of several linear predictors side by side. */
export interface LinearTarget {
  /** [stride]. */
  readonly intercepts: Float64Array
  /** Row-major [columns x stride]. */
  readonly rows: Float32Array
}

/** Ridge regression of all models at once, solved in the principal components of the label matrix. */
export class ComponentRidge implements BatchPredictor {
  readonly models: readonly ModelId[]
  readonly #means: Float64Array
  /** Row-major [columns x models]. */
  readonly #weights: Float32Array

  constructor(models: readonly ModelId[], means: Float64Array, weights: Float32Array) {
    this.models = models
    this.#means = means
    this.#weights = weights
  }

  predict(prompt: SparseVector, out: Float64Array): void {
    out.set(this.#means)
    addRows(prompt, this.#weights, out, this.models.length)
  }

  /** Copies intercepts and weights into a wider table [columns x stride], from position `offset` of each of its rows on. */
  copyTo(table: LinearTarget, offset: number): void {
    const width = this.models.length
    const stride = table.intercepts.length
    table.intercepts.set(this.#means, offset)
    for (let column = 0; column * width < this.#weights.length; column++) {
      table.rows.set(this.#weights.subarray(column * width, (column + 1) * width), column * stride + offset)
    }
  }

  write(writer: ByteWriter): void {
    writer.list(this.models, model => writer.text(model))
    writer.array(this.#means)
    writer.array(this.#weights)
  }

  static read(reader: ByteReader): ComponentRidge {
    const models = reader.list(() => modelId(reader.text()))
    return new ComponentRidge(models, reader.float64(), reader.float32())
  }
}

/**
 * Trains the ridge: targets are rotated into their principal components, each component gets the penalty with the least
 * exact leave-one-out error and is shrunk by the slope of target on left-out prediction; then rotated back.
 * `svd` decomposes the prompts' sparse vectors; `targets` is row-major [rows x models].
 */
export function trainComponentRidge(
  models: readonly ModelId[],
  svd: TruncatedSvd,
  targets: Float64Array,
): TrainedBatch<ComponentRidge> {
  const width = models.length
  const rows = targets.length / width
  const means = columnMeans(targets, rows, width)
  const centred = targets.map((value, i) => value - (means[i % width] ?? 0))
  const { vectors } = symmetricEigen(gram(centred, rows, width), width)
  const columns = svd.right.length / svd.rank
  const weights = new Float64Array(columns * width)
  const crossFitted = Float64Array.from(targets, (_, i) => means[i % width] ?? 0)
  for (let component = 0; component < width; component++) {
    const direction = vectors.subarray(component * width, (component + 1) * width)
    const target = rotated(centred, direction, rows)
    const { leftOut, coefficients } = fitColumn(svd, target)
    addOuter(crossFitted, leftOut, direction)
    addOuter(weights, unprojected(svd, coefficients), direction)
  }
  return { predictor: new ComponentRidge(models, means, Float32Array.from(weights)), crossFitted }
}

function columnMeans(values: Float64Array, rows: number, width: number): Float64Array {
  const means = new Float64Array(width)
  values.forEach((value, i) => {
    means[i % width] = (means[i % width] ?? 0) + value / rows
  })
  return means
}

function rotated(values: Float64Array, direction: Float64Array, rows: number): Float64Array {
  const width = direction.length
  const out = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    let sum = 0
    for (let m = 0; m < width; m++) sum += (values[i * width + m] ?? 0) * (direction[m] ?? 0)
    out[i] = sum
  }
  return out
}

interface FittedColumn {
  /** Leave-one-out prediction of each row. */
  readonly leftOut: Float64Array
  /** Weight of each singular direction. */
  readonly coefficients: Float64Array
}

/** Ridge of one column on the singular directions, penalty by exact leave-one-out. */
function fitColumn(svd: TruncatedSvd, target: Float64Array): FittedColumn {
  const inner = innerProducts(svd, target)
  let best: { readonly penalty: number; readonly leftOut: Float64Array } | null = null
  let least = Number.POSITIVE_INFINITY
  for (const penalty of PENALTIES) {
    const leftOut = leaveOneOut(svd, target, inner, penalty)
    let error = 0
    for (let i = 0; i < target.length; i++) error += ((leftOut[i] ?? 0) - (target[i] ?? 0)) ** 2
    if (error < least) {
      least = error
      best = { penalty, leftOut }
    }
  }
  if (best === null) throw new RangeError('targets of a ridge regression must be finite numbers')
  const { penalty, leftOut } = best
  let cross = 0
  let square = 0
  for (let i = 0; i < target.length; i++) {
    cross += (leftOut[i] ?? 0) * (target[i] ?? 0)
    square += (leftOut[i] ?? 0) ** 2
  }
  const slope = square > 0 ? Math.min(1, Math.max(0, cross / square)) : 0
  const coefficients = inner.map((value, k) => {
    const singular = svd.singular[k] ?? 0
    return (slope * value * singular) / (singular * singular + penalty)
  })
  return { leftOut: leftOut.map(value => value * slope), coefficients }
}

function innerProducts(svd: TruncatedSvd, target: Float64Array): Float64Array {
  const out = new Float64Array(svd.rank)
  for (let i = 0; i < target.length; i++) {
    for (let k = 0; k < svd.rank; k++) {
      out[k] = (out[k] ?? 0) + (svd.left[i * svd.rank + k] ?? 0) * (target[i] ?? 0)
    }
  }
  return out
}

/** y_i - (y_i - yhat_i) / (1 - h_i), the prediction of row i from all others (Allen's PRESS). */
function leaveOneOut(
  svd: TruncatedSvd,
  target: Float64Array,
  inner: Float64Array,
  penalty: number,
): Float64Array {
  const { rank, left, singular } = svd
  const shrink = singular.map(s => (s * s) / (s * s + penalty))
  const scaled = inner.map((value, k) => value * (shrink[k] ?? 0))
  return target.map((y, i) => {
    let fitted = 0
    let leverage = 1 / target.length
    for (let k = 0; k < rank; k++) {
      const u = left[i * rank + k] ?? 0
      fitted += u * (scaled[k] ?? 0)
      leverage += u * u * (shrink[k] ?? 0)
    }
    return y - (y - fitted) / Math.max(1 - leverage, SMALLEST_LEFT_OUT)
  })
}

/** V c: weights of the sparse columns. */
function unprojected(svd: TruncatedSvd, coefficients: Float64Array): Float64Array {
  const columns = svd.right.length / svd.rank
  const out = new Float64Array(columns)
  for (let column = 0; column < columns; column++) {
    let sum = 0
    for (let k = 0; k < svd.rank; k++) sum += (svd.right[column * svd.rank + k] ?? 0) * (coefficients[k] ?? 0)
    out[column] = sum
  }
  return out
}

/** out[i, m] += column[i] * direction[m]. */
function addOuter(out: Float64Array, column: Float64Array, direction: Float64Array): void {
  const width = direction.length
  column.forEach((value, i) => {
    for (let m = 0; m < width; m++)
      out[i * width + m] = (out[i * width + m] ?? 0) + value * (direction[m] ?? 0)
  })
}
