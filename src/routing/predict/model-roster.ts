import type { ModelId, ModelSpec } from '../model.ts'
import { modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** One model that was ever eligible. */
export interface RosterEntry {
  /** As last seen: prices may change. */
  spec: ModelSpec
  /** Decisions that called it, shadow calls included. */
  calls: number
  /** Labels of its answers: how many, and their sum. */
  labels: number
  labelSum: number
}

/** Numbers the models in the order in which they were first seen, and counts what became of them. */
export class ModelRoster {
  readonly entries: RosterEntry[] = []
  readonly #slots = new Map<ModelId, number>()

  /** Number of a model; -1 if it was never seen. */
  slot(model: ModelId): number {
    return this.#slots.get(model) ?? -1
  }

  /** Notes the models of a decision with their present prices; returns those that are new. */
  meet(specs: readonly ModelSpec[]): readonly ModelSpec[] {
    const added: ModelSpec[] = []
    for (const spec of specs) {
      const entry = this.entries[this.slot(spec.id)]
      if (entry !== undefined) entry.spec = spec
      else {
        this.#slots.set(spec.id, this.entries.length)
        this.entries.push({ spec, calls: 0, labels: 0, labelSum: 0 })
        added.push(spec)
      }
    }
    return added
  }

  write(writer: ByteWriter): void {
    writer.list(this.entries, ({ spec, calls, labels, labelSum }) => {
      const prices = spec.priceUsdPerMillion
      writer.text(spec.id)
      writer.array(prices === null ? new Float64Array(0) : Float64Array.of(prices.input, prices.output))
      writer.array(
        prices?.cachedInput === undefined ? new Float64Array(0) : Float64Array.of(prices.cachedInput),
      )
      writer.array(spec.typicalCostUsd === null ? new Float64Array(0) : Float64Array.of(spec.typicalCostUsd))
      writer.array(Float64Array.of(calls, labels, labelSum))
    })
  }

  static read(reader: ByteReader): ModelRoster {
    const roster = new ModelRoster()
    reader.list(() => {
      const id = modelId(reader.text())
      const [input, output] = reader.float64()
      const [cachedInput] = reader.float64()
      const [typicalCostUsd = null] = reader.float64()
      const [calls = 0, labels = 0, labelSum = 0] = reader.float64()
      const cached = cachedInput === undefined ? {} : { cachedInput }
      const prices = input === undefined || output === undefined ? null : { input, output, ...cached }
      roster.#slots.set(id, roster.entries.length)
      roster.entries.push({
        spec: { id, priceUsdPerMillion: prices, typicalCostUsd },
        calls,
        labels,
        labelSum,
      })
    })
    return roster
  }
}
