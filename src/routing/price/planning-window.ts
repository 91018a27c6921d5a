import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { PromptView } from '../predict/prompt-reader.ts'

/** Requests that a plan looks at. */
export const WINDOW = 400

/** One recent request of a class. */
export interface WindowEntry {
  readonly view: PromptView
  readonly floor: number
  /** Roster numbers of the models that were eligible. */
  readonly models: Int32Array
}

/** The last 400 requests of a class: the sample on which prices are planned. */
export class PlanningWindow {
  readonly #entries: WindowEntry[] = []
  #next = 0

  /** Oldest entries are overwritten first; the order is of no consequence. */
  get entries(): readonly WindowEntry[] {
    return this.#entries
  }

  push(entry: WindowEntry): void {
    this.#entries[this.#next] = entry
    this.#next = (this.#next + 1) % WINDOW
  }

  clear(): void {
    this.#entries.length = 0
    this.#next = 0
  }

  write(writer: ByteWriter): void {
    writer.count(this.#next)
    writer.list(this.#entries, ({ view, floor, models }) => {
      writer.array(view.x)
      writer.number(view.promptTokens)
      writer.array(view.trained)
      writer.array(view.trainedCostsUsd)
      writer.number(floor)
      writer.array(models)
    })
  }

  static read(reader: ByteReader): PlanningWindow {
    const window = new PlanningWindow()
    const next = reader.count()
    const entries = reader.list(() => ({
      view: {
        x: reader.float32(),
        promptTokens: reader.number(),
        trained: reader.float32(),
        trainedCostsUsd: reader.float32(),
      },
      floor: reader.number(),
      models: reader.int32(),
    }))
    for (const entry of entries) window.push(entry)
    window.#next = next
    return window
  }
}
