import type { ModelId } from '../model.ts'
import type { ByteWriter } from '../numeric/byte-codec.ts'
import type { SparseVector } from './prompt-vector.ts'

/** Predicts one number per model and prompt from weights that were trained once, on fully labelled rows. */
export interface BatchPredictor {
  /** The models it was trained on, in the order of its outputs. */
  readonly models: readonly ModelId[]
  /** Writes one prediction per model into `out`. */
  predict(prompt: SparseVector, out: Float64Array): void
  write(writer: ByteWriter): void
}

/** A trained predictor with what it predicts of each training row when that row is left out. */
export interface TrainedBatch<Predictor extends BatchPredictor = BatchPredictor> {
  readonly predictor: Predictor
  /** Row-major [rows x models]. */
  readonly crossFitted: Float64Array
}
