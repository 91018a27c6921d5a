import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Sizes and beliefs of a joint ridge before its first label. */
export interface JointRidgePrior {
  /** Coordinates of a prompt; the first `own` of them have weights per model as well. */
  readonly shared: number
  readonly own: number
  /** Prior variances: intercept and weights that all models share, then those of one model. */
  readonly sharedIntercept: number
  readonly sharedWeight: number
  readonly ownIntercept: number
  readonly ownWeight: number
  /** Variance of a label around its probability. */
  readonly noise: number
}

/**
 * One Bayesian linear regression for all models: residual_m(x) = u0 + u.x + b_m + w_m.x[0..own),
 * Gaussian prior, exact posterior kept as mean and full covariance and updated label by label
 * (recursive least squares; Kalman gain k = P z / (z'P z + noise), P -= k (P z)').
 * What one model's label teaches of hard prompts, all models learn. Models are added at any time.
 */
export class JointRidge {
  readonly prior: JointRidgePrior
  readonly #sharedSize: number
  readonly #ownSize: number
  #size: number
  #models = 0
  #mean: Float64Array
  /** Row-major [size x size], symmetric. */
  #covariance: Float64Array
  #gain: Float64Array
  readonly #sharedProduct: Float64Array

  constructor(prior: JointRidgePrior) {
    this.prior = prior
    this.#sharedSize = 1 + prior.shared
    this.#ownSize = 1 + prior.own
    this.#size = this.#sharedSize
    this.#mean = new Float64Array(this.#size)
    this.#covariance = new Float64Array(this.#size * this.#size)
    this.#gain = new Float64Array(this.#size)
    this.#sharedProduct = new Float64Array(this.#sharedSize)
    for (let i = 0; i < this.#sharedSize; i++) {
      this.#covariance[i * this.#size + i] = i === 0 ? prior.sharedIntercept : prior.sharedWeight
    }
  }

  /** Number of models; they are numbered in the order in which they were added. */
  get models(): number {
    return this.#models
  }

  /** Adds a model with mean zero and the own variances of a prior. */
  addModel(
    { ownIntercept, ownWeight }: Pick<JointRidgePrior, 'ownIntercept' | 'ownWeight'> = this.prior,
  ): void {
    const oldSize = this.#size
    const size = oldSize + this.#ownSize
    const mean = new Float64Array(size)
    mean.set(this.#mean)
    const covariance = new Float64Array(size * size)
    for (let i = 0; i < oldSize; i++) {
      covariance.set(this.#covariance.subarray(i * oldSize, (i + 1) * oldSize), i * size)
    }
    for (let i = oldSize; i < size; i++) {
      covariance[i * size + i] = i === oldSize ? ownIntercept : ownWeight
    }
    this.#size = size
    this.#mean = mean
    this.#covariance = covariance
    this.#gain = new Float64Array(size)
    this.#models++
  }

  /** Part of the residual that all models share at a prompt. */
  sharedMean(x: Float32Array): number {
    let sum = this.#mean[0] ?? 0
    for (let k = 0; k < this.prior.shared; k++) sum += (this.#mean[k + 1] ?? 0) * (x[k] ?? 0)
    return sum
  }

  /** A model's own part of the residual; 0 for a model that was not added (a negative number). */
  ownMean(x: Float32Array, model: number): number {
    if (model < 0) return 0
    const first = this.#sharedSize + model * this.#ownSize
    let sum = this.#mean[first] ?? 0
    for (let k = 0; k < this.prior.own; k++) sum += (this.#mean[first + 1 + k] ?? 0) * (x[k] ?? 0)
    return sum
  }

  /**
   * Posterior standard deviations of the residual at a prompt, one per entry of `models`, written into `out`.
   * Entries below zero stand for models that were not added.
   */
  deviations(x: Float32Array, models: Int32Array, out: Float64Array): void {
    const shared = this.#sharedVariance(x)
    let unknown = this.prior.ownIntercept
    for (let k = 0; k < this.prior.own; k++) unknown += this.prior.ownWeight * (x[k] ?? 0) ** 2
    for (let m = 0; m < models.length; m++) {
      const model = models[m] ?? -1
      const variance = shared + (model < 0 ? unknown : this.#ownVariance(x, model))
      out[m] = Math.sqrt(Math.max(0, variance))
    }
  }

  #sharedVariance(x: Float32Array): number {
    const size = this.#size
    const n = this.#sharedSize
    let variance = 0
    for (let i = 0; i < n; i++) {
      const row = i * size
      let sum = this.#covariance[row] ?? 0
      for (let k = 1; k < n; k++) sum += (this.#covariance[row + k] ?? 0) * (x[k - 1] ?? 0)
      this.#sharedProduct[i] = sum
      variance += sum * (i === 0 ? 1 : (x[i - 1] ?? 0))
    }
    return variance
  }

  /** Own variance plus twice the covariance with the shared part. */
  #ownVariance(x: Float32Array, model: number): number {
    const size = this.#size
    const first = this.#sharedSize + model * this.#ownSize
    let variance = 0
    for (let i = 0; i < this.#ownSize; i++) {
      const zi = i === 0 ? 1 : (x[i - 1] ?? 0)
      const row = (first + i) * size
      let cross = this.#covariance[row] ?? 0
      for (let k = 1; k < this.#sharedSize; k++) cross += (this.#covariance[row + k] ?? 0) * (x[k - 1] ?? 0)
      let own = this.#covariance[row + first] ?? 0
      for (let k = 1; k < this.#ownSize; k++)
        own += (this.#covariance[row + first + k] ?? 0) * (x[k - 1] ?? 0)
      variance += zi * (2 * cross + own)
    }
    return variance
  }

  /** Learns that a model's label at prompt `x` exceeded its base prediction by `residual`; weight 1 is an ordinary label. */
  learn(x: Float32Array, model: number, residual: number, weight = 1): void {
    const size = this.#size
    const gain = this.#gain
    const first = this.#sharedSize + model * this.#ownSize
    for (let i = 0; i < size; i++) {
      const row = i * size
      let sum = (this.#covariance[row] ?? 0) + (this.#covariance[row + first] ?? 0)
      for (let k = 0; k < this.prior.shared; k++) sum += (this.#covariance[row + 1 + k] ?? 0) * (x[k] ?? 0)
      for (let k = 0; k < this.prior.own; k++)
        sum += (this.#covariance[row + first + 1 + k] ?? 0) * (x[k] ?? 0)
      gain[i] = sum
    }
    let variance = this.prior.noise / weight + (gain[0] ?? 0) + (gain[first] ?? 0)
    for (let k = 0; k < this.prior.shared; k++) variance += (gain[k + 1] ?? 0) * (x[k] ?? 0)
    for (let k = 0; k < this.prior.own; k++) variance += (gain[first + 1 + k] ?? 0) * (x[k] ?? 0)
    const surprise = (residual - this.sharedMean(x) - this.ownMean(x, model)) / variance
    for (let i = 0; i < size; i++) this.#mean[i] = (this.#mean[i] ?? 0) + (gain[i] ?? 0) * surprise
    this.#shrink(variance)
  }

  /** P -= gain gain' / variance. */
  #shrink(variance: number): void {
    const size = this.#size
    for (let i = 0; i < size; i++) {
      const factor = (this.#gain[i] ?? 0) / variance
      if (factor === 0) continue
      const row = i * size
      for (let j = 0; j < size; j++) {
        this.#covariance[row + j] = (this.#covariance[row + j] ?? 0) - factor * (this.#gain[j] ?? 0)
      }
    }
  }

  /** Forgets how sure the intercept of a model was, keeping its mean: the model has changed, by how much is open. */
  reopen(model: number, varianceIntercept: number): void {
    const size = this.#size
    const at = this.#sharedSize + model * this.#ownSize
    for (let k = 0; k < size; k++) {
      this.#covariance[at * size + k] = 0
      this.#covariance[k * size + at] = 0
    }
    this.#covariance[at * size + at] = varianceIntercept
  }

  write(writer: ByteWriter): void {
    writer.count(this.#models)
    writer.array(this.#mean)
    writer.array(this.#covariance)
  }

  /** Restores a posterior that was written under the same prior. */
  static read(reader: ByteReader, prior: JointRidgePrior): JointRidge {
    const ridge = new JointRidge(prior)
    ridge.#models = reader.count()
    ridge.#mean = reader.float64()
    ridge.#covariance = reader.float64()
    ridge.#size = ridge.#mean.length
    ridge.#gain = new Float64Array(ridge.#size)
    return ridge
  }
}
