import type { ModelId } from '../model.ts'
import { modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Shortfall per label that counts as chance, and the sum of the rest at which a change is declared. */
export interface ChangeTestLimits {
  readonly slack: number
  readonly threshold: number
}

/**
 * One-sided CUSUM per model on predicted minus actual satisfaction (Page 1954):
 * W = max(0, W + (p - s) - slack); a change for the worse is declared at W > threshold, and W starts again from 0.
 */
export class ChangeTest {
  readonly #limits: ChangeTestLimits
  readonly #sums = new Map<ModelId, number>()

  constructor(limits: ChangeTestLimits) {
    this.#limits = limits
  }

  /** Takes one label; true when the model has got worse than predicted. */
  observe(model: ModelId, predicted: number, label: number): boolean {
    const sum = Math.max(0, (this.#sums.get(model) ?? 0) + predicted - label - this.#limits.slack)
    const changed = sum > this.#limits.threshold
    this.#sums.set(model, changed ? 0 : sum)
    return changed
  }

  write(writer: ByteWriter): void {
    writer.list([...this.#sums], ([model, sum]) => {
      writer.text(model)
      writer.number(sum)
    })
  }

  static read(reader: ByteReader, limits: ChangeTestLimits): ChangeTest {
    const test = new ChangeTest(limits)
    reader.list(() => test.#sums.set(modelId(reader.text()), reader.number()))
    return test
  }
}
