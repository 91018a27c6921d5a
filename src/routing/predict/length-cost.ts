import { type ModelId, modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { BatchPredictor, TrainedBatch } from './batch-predictor.ts'
import { LengthLines, trainLengthLines } from './length-lines.ts'
import type { SparseVector, Vectorizer } from './prompt-vector.ts'

/** The length of a prompt in tokens, as a vector of one column. */
export const lengthVector = (): Vectorizer => {
  const out = { length: 1, columns: Int32Array.of(0), values: new Float64Array(1) }
  return {
    columns: 1,
    weigh(_features, promptTokens) {
      out.values[0] = promptTokens
      return out
    },
    write: () => undefined,
  }
}

/** Relative cost of each model as a straight line in the length of the prompt; reads what `lengthVector` makes. */
export class LengthCost implements BatchPredictor {
  readonly models: readonly ModelId[]
  readonly #lines: LengthLines

  constructor(models: readonly ModelId[], lines: LengthLines) {
    this.models = models
    this.#lines = lines
  }

  predict(prompt: SparseVector, out: Float64Array): void {
    this.#lines.predict(prompt.values[0] ?? 0, out)
  }

  write(writer: ByteWriter): void {
    writer.list(this.models, model => writer.text(model))
    this.#lines.write(writer)
  }

  static read(reader: ByteReader): LengthCost {
    const models = reader.list(() => modelId(reader.text()))
    return new LengthCost(models, LengthLines.read(reader))
  }
}

/** Least squares lines, each training row predicted by the others; `relative` is row-major [rows x models]. */
export function trainLengthCost(
  models: readonly ModelId[],
  promptTokens: readonly number[],
  relative: Float64Array,
): TrainedBatch<LengthCost> {
  const { lines, crossFitted } = trainLengthLines(promptTokens, relative)
  return { predictor: new LengthCost(models, lines), crossFitted }
}
