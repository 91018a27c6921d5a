import { type ModelId, modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { BatchPredictor, TrainedBatch } from './batch-predictor.ts'
import { NeighbourIndex } from './neighbour-index.ts'
import type { SparseVector } from './prompt-vector.ts'

/** Predicts the mean target of the k training prompts nearest by cosine. */
export class NearestNeighbours implements BatchPredictor {
  readonly models: readonly ModelId[]
  readonly #index: NeighbourIndex
  /** Row-major [rows x models]. */
  readonly #targets: Float64Array
  readonly #neighbours: number

  constructor(models: readonly ModelId[], index: NeighbourIndex, targets: Float64Array, neighbours: number) {
    this.models = models
    this.#index = index
    this.#targets = targets
    this.#neighbours = neighbours
  }

  predict(prompt: SparseVector, out: Float64Array): void {
    meanOfRows(this.#index.nearest(prompt, this.#neighbours), this.#targets, out)
  }

  write(writer: ByteWriter): void {
    writer.list(this.models, model => writer.text(model))
    this.#index.write(writer)
    writer.array(this.#targets)
    writer.count(this.#neighbours)
  }

  static read(reader: ByteReader): NearestNeighbours {
    const models = reader.list(() => modelId(reader.text()))
    const index = NeighbourIndex.read(reader)
    return new NearestNeighbours(models, index, reader.float64(), reader.count())
  }
}

/** Training prompts with their targets, and for each row the rows nearest to it. */
export interface NeighbourProblem {
  readonly models: readonly ModelId[]
  readonly index: NeighbourIndex
  /** As `NeighbourIndex.nearestOthers` gives them, at least as many as are asked for where there are so many rows. */
  readonly others: { readonly neighbours: Int32Array; readonly stride: number }
  /** Row-major [rows x models]. */
  readonly targets: Float64Array
}

/** Means over `neighbours` rows; each training row is predicted by the nearest others (leave-one-out). */
export function trainNearestNeighbours(
  problem: NeighbourProblem,
  neighbours: number,
): TrainedBatch<NearestNeighbours> {
  const { models, index, others, targets } = problem
  const crossFitted = new Float64Array(targets.length)
  const used = Math.min(neighbours, others.stride)
  for (let row = 0; row * models.length < targets.length; row++) {
    const nearest = others.neighbours.subarray(row * others.stride, row * others.stride + used)
    meanOfRows(nearest, targets, crossFitted.subarray(row * models.length, (row + 1) * models.length))
  }
  return { predictor: new NearestNeighbours(models, index, targets, neighbours), crossFitted }
}

/** Mean of some rows of `targets`, written into `out`; zeros without rows. */
function meanOfRows(rows: Int32Array, targets: Float64Array, out: Float64Array): void {
  const width = out.length
  out.fill(0)
  for (const row of rows) {
    for (let m = 0; m < width; m++) out[m] = (out[m] ?? 0) + (targets[row * width + m] ?? 0)
  }
  for (let m = 0; m < width; m++) out[m] = (out[m] ?? 0) / Math.max(1, rows.length)
}
