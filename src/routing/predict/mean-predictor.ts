import { type ModelId, modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { BatchPredictor, TrainedBatch } from './batch-predictor.ts'
import type { SparseVector } from './prompt-vector.ts'

/** Predicts each model's mean over the training rows, whatever the prompt. */
export class MeanPredictor implements BatchPredictor {
  readonly models: readonly ModelId[]
  readonly #means: Float64Array

  constructor(models: readonly ModelId[], means: Float64Array) {
    this.models = models
    this.#means = means
  }

  predict(_prompt: SparseVector, out: Float64Array): void {
    out.set(this.#means)
  }

  write(writer: ByteWriter): void {
    writer.list(this.models, model => writer.text(model))
    writer.array(this.#means)
  }

  static read(reader: ByteReader): MeanPredictor {
    return new MeanPredictor(
      reader.list(() => modelId(reader.text())),
      reader.float64(),
    )
  }
}

/**
 * Means of the columns of `targets`, row-major [rows x models]. Rows are not left out of their own mean: that would only
 * order the rows of a column by their own targets, the wrong way round.
 */
export function trainMeans(models: readonly ModelId[], targets: Float64Array): TrainedBatch<MeanPredictor> {
  const width = models.length
  const means = new Float64Array(width)
  targets.forEach((value, i) => {
    means[i % width] = (means[i % width] ?? 0) + (value * width) / targets.length
  })
  return {
    predictor: new MeanPredictor(models, means),
    crossFitted: targets.map((_, i) => means[i % width] ?? 0),
  }
}
