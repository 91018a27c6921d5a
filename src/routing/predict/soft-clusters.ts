import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { sphericalKMeans, toUnit } from './spherical-k-means.ts'

const SHARPNESS = 20
const ROWS_PER_CLUSTER = 25
const FEWEST_CLUSTERS = 4
const MOST_CLUSTERS = 48
/** How many rows the mean over all prompts weighs against a cluster's own. */
const SHRINKAGES = [2, 5, 10, 20, 40, 80]

/**
 * Predicts by topic: a prompt belongs to clusters in shares A_k(x) = softmax_k(20 cos(z, c_k)), each of which knows the
 * shrunk mean of its training rows. Immutable.
 */
export class SoftClusters {
  /** Number of outputs. */
  readonly outputs: number
  /** Row-major [clusters x dimension], unit norm. */
  readonly #centroids: Float32Array
  /** Row-major [clusters x outputs]. */
  readonly #levels: Float32Array
  readonly #shares: Float64Array
  readonly #unit: Float64Array

  constructor(outputs: number, centroids: Float32Array, levels: Float32Array) {
    this.outputs = outputs
    this.#centroids = centroids
    this.#levels = levels
    const clusters = levels.length / outputs
    this.#shares = new Float64Array(clusters)
    this.#unit = new Float64Array(centroids.length / clusters)
  }

  /** Number of clusters. */
  get clusters(): number {
    return this.#shares.length
  }

  /** Writes the prediction for a prompt's coordinates into `out` [outputs]; coordinates beyond those known are ignored. */
  predict(coordinates: Float64Array, out: Float64Array): void {
    const unit = this.#unit
    for (let k = 0; k < unit.length; k++) unit[k] = coordinates[k] ?? 0
    toUnit(unit, 0, unit.length)
    writeShares(unit, 0, this.#centroids, this.#shares)
    out.fill(0)
    for (let c = 0; c < this.#shares.length; c++) {
      const share = this.#shares[c] ?? 0
      const from = c * this.outputs
      for (let m = 0; m < this.outputs; m++) out[m] = (out[m] ?? 0) + share * (this.#levels[from + m] ?? 0)
    }
  }

  write(writer: ByteWriter): void {
    writer.count(this.outputs)
    writer.array(this.#centroids)
    writer.array(this.#levels)
  }

  static read(reader: ByteReader): SoftClusters {
    return new SoftClusters(reader.count(), reader.float32(), reader.float32())
  }
}

/** Clusters with what the other rows predict of each training row. */
export interface TrainedClusters {
  readonly clusters: SoftClusters
  /** Leave-one-out, row-major [rows x outputs]. */
  readonly crossFitted: Float64Array
}

/** What clusters are trained on. */
export interface ClusterProblem {
  /** Row-major [rows x dimension]. */
  readonly coordinates: Float64Array
  readonly dimension: number
  /** Row-major [rows x outputs]. */
  readonly targets: Float64Array
  readonly outputs: number
}

/**
 * Finds clusters of prompts without looking at targets, then the means p(x) = sum_k A_k(x) (T_k + kappa mu) / (N_k + kappa)
 * with N_k = sum_i A_ik and T_k = sum_i A_ik y_i; kappa has the least leave-one-out error. Deterministic.
 */
export function trainSoftClusters(problem: ClusterProblem): TrainedClusters {
  const { dimension, targets, outputs } = problem
  const rows = targets.length / outputs
  const units = problem.coordinates.slice()
  for (let i = 0; i < rows; i++) toUnit(units, i * dimension, dimension)
  const wanted = Math.floor(rows / ROWS_PER_CLUSTER)
  const count = Math.min(rows, MOST_CLUSTERS, Math.max(FEWEST_CLUSTERS, wanted))
  const centroids = Float32Array.from(sphericalKMeans({ values: units, dimension }, count))
  const tally = tallyClusters(units, centroids, problem)
  let best = { kappa: 0, error: Number.POSITIVE_INFINITY, leftOut: targets }
  for (const kappa of SHRINKAGES) {
    const leftOut = leaveOneOut(problem, tally, kappa)
    const error = leftOut.reduce((sum, p, i) => sum + (p - (targets[i] ?? 0)) ** 2, 0)
    if (error < best.error) best = { kappa, error, leftOut }
  }
  const levels = Float32Array.from(tally.sums, (sum, at) => {
    const mean = (tally.total[at % outputs] ?? 0) / rows
    return (sum + best.kappa * mean) / ((tally.sizes[Math.floor(at / outputs)] ?? 0) + best.kappa)
  })
  return { clusters: new SoftClusters(outputs, centroids, levels), crossFitted: best.leftOut }
}

/** Sums over the rows of a training set. */
interface ClusterTally {
  /** A: row-major [rows x clusters]. */
  readonly shares: Float64Array
  /** N: [clusters]. */
  readonly sizes: Float64Array
  /** T: row-major [clusters x outputs]. */
  readonly sums: Float64Array
  /** Sum of the targets over all rows, [outputs]. */
  readonly total: Float64Array
}

function tallyClusters(
  units: Float64Array,
  centroids: Float32Array,
  { dimension, targets, outputs }: ClusterProblem,
): ClusterTally {
  const clusters = centroids.length / dimension
  const rows = targets.length / outputs
  const shares = new Float64Array(rows * clusters)
  const sizes = new Float64Array(clusters)
  const sums = new Float64Array(clusters * outputs)
  const total = new Float64Array(outputs)
  for (let i = 0; i < rows; i++) {
    const own = shares.subarray(i * clusters, (i + 1) * clusters)
    writeShares(units, i * dimension, centroids, own)
    const target = targets.subarray(i * outputs, (i + 1) * outputs)
    for (let m = 0; m < outputs; m++) total[m] = (total[m] ?? 0) + (target[m] ?? 0)
    for (let c = 0; c < clusters; c++) {
      const share = own[c] ?? 0
      sizes[c] = (sizes[c] ?? 0) + share
      for (let m = 0; m < outputs; m++) {
        sums[c * outputs + m] = (sums[c * outputs + m] ?? 0) + share * (target[m] ?? 0)
      }
    }
  }
  return { shares, sizes, sums, total }
}

/** What all clusters say of a row once its own share is taken out of them, and out of the mean. */
function leaveOneOut({ targets, outputs }: ClusterProblem, tally: ClusterTally, kappa: number): Float64Array {
  const clusters = tally.sizes.length
  const others = Math.max(1, targets.length / outputs - 1)
  return targets.map((target, at) => {
    const row = Math.floor(at / outputs)
    const m = at % outputs
    const mean = ((tally.total[m] ?? 0) - target) / others
    let sum = 0
    for (let c = 0; c < clusters; c++) {
      const share = tally.shares[row * clusters + c] ?? 0
      const known = (tally.sums[c * outputs + m] ?? 0) - share * target
      sum += (share * (known + kappa * mean)) / ((tally.sizes[c] ?? 0) - share + kappa)
    }
    return sum
  })
}

/** softmax_k(20 z.c_k) of the point that begins at `start`. */
function writeShares(points: Float64Array, start: number, centroids: Float32Array, out: Float64Array): void {
  const dimension = centroids.length / out.length
  let largest = Number.NEGATIVE_INFINITY
  for (let c = 0; c < out.length; c++) {
    let sum = 0
    const from = c * dimension
    for (let k = 0; k < dimension; k++) sum += (points[start + k] ?? 0) * (centroids[from + k] ?? 0)
    out[c] = SHARPNESS * sum
    largest = Math.max(largest, SHARPNESS * sum)
  }
  let total = 0
  for (let c = 0; c < out.length; c++) {
    const share = Math.exp((out[c] ?? 0) - largest)
    out[c] = share
    total += share
  }
  for (let c = 0; c < out.length; c++) out[c] = (out[c] ?? 0) / total
}
