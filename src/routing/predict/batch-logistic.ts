import { type ModelId, modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { SparseMatrix } from '../numeric/linear-algebra.ts'
import { createRandom, type Random } from '../numeric/random.ts'
import type { BatchPredictor, TrainedBatch } from './batch-predictor.ts'
import { addRows, type SparseVector } from './prompt-vector.ts'

/** Rows i, i + 5, i + 10, … are predicted by a regression that has not seen them. */
const FOLDS = 5
/** The dual ascent loses about two thirds of its distance to the optimum per pass. */
const PASSES = 12
const MOST_NEWTON_STEPS = 60
/** Of a logit. */
const PRECISION = 1e-6
/** Keeps the logit of a mean finite for a model that always, or never, satisfied. */
const SMALLEST_SHARE = 0.001

/** One logistic regression per model on the sparse prompt vector: p_m = sigma(o_m + w_m.x). */
export class BatchLogistic implements BatchPredictor {
  readonly models: readonly ModelId[]
  /** o_m: logit of the training mean plus a learned intercept. */
  readonly #offsets: Float64Array
  /** Row-major [columns x models]. */
  readonly #weights: Float32Array

  constructor(models: readonly ModelId[], offsets: Float64Array, weights: Float32Array) {
    this.models = models
    this.#offsets = offsets
    this.#weights = weights
  }

  predict(prompt: SparseVector, out: Float64Array): void {
    out.set(this.#offsets)
    addRows(prompt, this.#weights, out, this.models.length)
    for (let m = 0; m < this.models.length; m++) out[m] = sigmoid(out[m] ?? 0)
  }

  write(writer: ByteWriter): void {
    writer.list(this.models, model => writer.text(model))
    writer.array(this.#offsets)
    writer.array(this.#weights)
  }

  static read(reader: ByteReader): BatchLogistic {
    return new BatchLogistic(
      reader.list(() => modelId(reader.text())),
      reader.float64(),
      reader.float32(),
    )
  }
}

/** Prompts, what is to be predicted of them, and how freely. */
export interface LogisticProblem {
  readonly models: readonly ModelId[]
  /** [rows x columns]. */
  readonly prompts: SparseMatrix
  /** Row-major [rows x models], in [0, 1]; fractions are allowed. */
  readonly targets: Float64Array
  /** C > 0: weight of the log loss, summed over rows, against half the squared norm of the weights. */
  readonly c: number
}

/**
 * Minimises C * sum_i logloss(y_i, sigma(o + w.x_i)) + |w|^2 / 2 for every model at once, by stochastic dual coordinate
 * ascent (Shalev-Shwartz & Zhang 2013) in a fixed pseudo-random order, and predicts each row by a fit on four fifths of
 * the others. Deterministic.
 */
export function trainBatchLogistic(problem: LogisticProblem): TrainedBatch<BatchLogistic> {
  const { models, prompts, targets } = problem
  const rows = Array.from({ length: prompts.rows }, (_, row) => row)
  const crossFitted = new Float64Array(targets.length)
  for (let fold = 0; fold < FOLDS; fold++) {
    const fit = ascend(problem, Int32Array.from(rows.filter(row => row % FOLDS !== fold)))
    const out = new Float64Array(models.length)
    for (let row = fold; row < prompts.rows; row += FOLDS) {
      logits(problem, fit, row, out)
      crossFitted.set(out.map(sigmoid), row * models.length)
    }
  }
  const { offsets, weights } = ascend(problem, Int32Array.from(rows))
  return { predictor: new BatchLogistic(models, offsets, Float32Array.from(weights)), crossFitted }
}

interface Fit {
  readonly offsets: Float64Array
  /** Row-major [columns x models]. */
  readonly weights: Float64Array
}

/**
 * At the optimum w = C * sum_i (y_i - p_i) x_i with p_i = sigma(o + w.x_i). Each step makes that hold for one row:
 * it solves u + q * sigma(u) = z + q * p_i, q = C * |x_i|^2, and moves w by C * (p_i - sigma(u)) * x_i.
 */
function ascend(problem: LogisticProblem, rows: Int32Array): Fit {
  const { models, prompts, targets, c } = problem
  const width = models.length
  const fit = {
    offsets: baseLogits(targets, rows, width),
    weights: new Float64Array(prompts.columns * width),
  }
  const duals = Float64Array.from(targets)
  const norms = squaredNorms(prompts)
  const random = createRandom('batch-logistic')
  const z = new Float64Array(width)
  const steps = new Float64Array(width)
  for (let pass = 0; pass < PASSES; pass++) {
    shuffle(rows, random)
    for (const row of rows) {
      logits(problem, fit, row, z)
      // The intercept is a column of ones, hence the one beside the norm.
      const curvature = c * ((norms[row] ?? 0) + 1)
      for (let m = 0; m < width; m++) {
        const before = duals[row * width + m] ?? 0
        const after = sigmoid(stationaryLogit(z[m] ?? 0, before, curvature))
        duals[row * width + m] = after
        steps[m] = c * (before - after)
        fit.offsets[m] = (fit.offsets[m] ?? 0) + (steps[m] ?? 0)
      }
      move(prompts, row, steps, fit.weights)
    }
  }
  return fit
}

/**
 * The root u of u + q * sigma(u) = z + q * before, by Newton from z within a bracket: the left side rises with slope in
 * [1, 1 + q/4], and where sigma is flat on one side a step that trusts the slope alone jumps past the root and back.
 */
function stationaryLogit(z: number, before: number, curvature: number): number {
  const right = z + curvature * before
  let [low, high] = [right - curvature, right]
  let u = z
  for (let step = 0; step < MOST_NEWTON_STEPS; step++) {
    const p = sigmoid(u)
    const excess = u + curvature * p - right
    if (Math.abs(excess) < PRECISION) break
    if (excess > 0) high = u
    else low = u
    const next = u - excess / (1 + curvature * p * (1 - p))
    u = next > low && next < high ? next : (low + high) / 2
  }
  return u
}

function baseLogits(targets: Float64Array, rows: Int32Array, width: number): Float64Array {
  const sums = new Float64Array(width)
  for (const row of rows) {
    for (let m = 0; m < width; m++) sums[m] = (sums[m] ?? 0) + (targets[row * width + m] ?? 0)
  }
  return sums.map(sum => {
    const mean = sum / Math.max(1, rows.length)
    const share = Math.min(1 - SMALLEST_SHARE, Math.max(SMALLEST_SHARE, mean))
    return Math.log(share / (1 - share))
  })
}

function logits({ prompts, models }: LogisticProblem, fit: Fit, row: number, out: Float64Array): void {
  const width = models.length
  out.set(fit.offsets)
  for (let e = prompts.starts[row] ?? 0; e < (prompts.starts[row + 1] ?? 0); e++) {
    const value = prompts.values[e] ?? 0
    const from = (prompts.indices[e] ?? 0) * width
    for (let m = 0; m < width; m++) out[m] = (out[m] ?? 0) + value * (fit.weights[from + m] ?? 0)
  }
}

function move(prompts: SparseMatrix, row: number, steps: Float64Array, weights: Float64Array): void {
  const width = steps.length
  for (let e = prompts.starts[row] ?? 0; e < (prompts.starts[row + 1] ?? 0); e++) {
    const value = prompts.values[e] ?? 0
    const to = (prompts.indices[e] ?? 0) * width
    for (let m = 0; m < width; m++) weights[to + m] = (weights[to + m] ?? 0) + value * (steps[m] ?? 0)
  }
}

function squaredNorms({ rows, starts, values }: SparseMatrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0
    for (let e = starts[row] ?? 0; e < (starts[row + 1] ?? 0); e++) sum += (values[e] ?? 0) ** 2
    return sum
  })
}

function shuffle(rows: Int32Array, random: Random): void {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const kept = rows[i] ?? 0
    rows[i] = rows[j] ?? 0
    rows[j] = kept
  }
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z))
}
