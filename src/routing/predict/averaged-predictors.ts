import type { ModelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { BatchPredictor, TrainedBatch } from './batch-predictor.ts'
import type { SparseVector } from './prompt-vector.ts'

/** The plain mean of several predictors of the same models in the same order. */
export class AveragedPredictors implements BatchPredictor {
  readonly models: readonly ModelId[]
  readonly #parts: readonly BatchPredictor[]
  readonly #out: Float64Array

  /** Throws a RangeError without parts. */
  constructor(parts: readonly BatchPredictor[]) {
    const [first] = parts
    if (first === undefined) throw new RangeError('an average needs at least one predictor')
    this.models = first.models
    this.#parts = parts
    this.#out = new Float64Array(first.models.length)
  }

  predict(prompt: SparseVector, out: Float64Array): void {
    out.fill(0)
    for (const part of this.#parts) {
      part.predict(prompt, this.#out)
      for (let m = 0; m < this.#out.length; m++) {
        out[m] = (out[m] ?? 0) + (this.#out[m] ?? 0) / this.#parts.length
      }
    }
  }

  write(writer: ByteWriter): void {
    for (const part of this.#parts) part.write(writer)
  }

  /** Reads the parts in the order in which they were given. */
  static read(reader: ByteReader, parts: readonly ((reader: ByteReader) => BatchPredictor)[]) {
    return new AveragedPredictors(parts.map(read => read(reader)))
  }
}

/** Averages trained predictors and what they predict of left-out rows. */
export function averageTrained(parts: readonly TrainedBatch[]): TrainedBatch<AveragedPredictors> {
  const predictor = new AveragedPredictors(parts.map(part => part.predictor))
  const crossFitted = new Float64Array(parts[0]?.crossFitted.length ?? 0)
  for (const part of parts) {
    part.crossFitted.forEach((value, i) => {
      crossFitted[i] = (crossFitted[i] ?? 0) + value / parts.length
    })
  }
  return { predictor, crossFitted }
}
