import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** A model counts as gone after this many decisions in a row without it. */
const ABSENCE = 16

/** Which models, by roster number, requests of a class could use lately. */
export class EligibleModels {
  /** Decision at which each model was last eligible. */
  readonly #last = new Map<number, number>()
  #now = 0

  /** Takes the eligible models of a decision; says whether one has joined, and whether one has just gone. */
  note(models: Int32Array): { readonly joined: boolean; readonly left: boolean } {
    this.#now++
    let joined = false
    for (const model of models) {
      joined ||= !this.has(model)
      this.#last.set(model, this.#now)
    }
    const left = [...this.#last.values()].includes(this.#now - ABSENCE - 1)
    return { joined, left }
  }

  has(model: number): boolean {
    const last = this.#last.get(model)
    return last !== undefined && this.#now - last <= ABSENCE
  }

  /** Those that are available now, in the order in which they first came. */
  get present(): readonly number[] {
    return [...this.#last.keys()].filter(model => this.has(model))
  }

  write(writer: ByteWriter): void {
    writer.array(Int32Array.of(this.#now))
    writer.list([...this.#last], pair => writer.array(Int32Array.from(pair)))
  }

  static read(reader: ByteReader): EligibleModels {
    const models = new EligibleModels()
    models.#now = reader.int32()[0] ?? 0
    reader.list(() => {
      const [model = 0, last = 0] = reader.int32()
      models.#last.set(model, last)
    })
    return models
  }
}
