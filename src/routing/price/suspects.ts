import type { ModelId } from '../model.ts'
import { modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { ComplaintWatch, type Heard } from './complaint-watch.ts'
import type { PlanSample } from './price-plan.ts'

/** Audits that one suspicion may take. */
const BURST = 60

/**
 * What is done about models that complaints made suspect: audits that were saved before are spent on their answers, at most 60 a
 * suspicion, and, where the operator wants it, another model serves for a number of decisions.
 */
export class Suspects {
  /** Audits that the budget allowed and nobody asked for. */
  #saved = 0
  #decisions = 0
  /** Audits left of each burst. */
  readonly #bursts = new Map<ModelId, number>()
  /** Decision up to which each suspect is passed over. */
  readonly #until = new Map<ModelId, number>()
  #retreat: ModelId | null = null
  #watch = new ComplaintWatch()

  /** Takes a request that somebody complained of, or nobody in time; the models that are suspect by it. */
  heard(heard: Heard, complained: boolean): readonly ModelId[] {
    return complained ? this.#watch.complained(heard) : this.#watch.silent(heard)
  }

  /** Makes a model suspect; it is passed over for `decisions` in favour of `retreat`, if there is one. */
  add(model: ModelId, decisions: number, retreat: ModelId | null): void {
    this.#bursts.set(model, BURST)
    if (decisions <= 0 || retreat === null) return
    this.#until.set(model, this.#decisions + decisions)
    this.#retreat = retreat
  }

  /** Whether a model is passed over now. */
  isPassedOver(model: ModelId): boolean {
    return this.#decisions < (this.#until.get(model) ?? 0)
  }

  /** The model that serves instead while a suspect is passed over; `null` otherwise. */
  get retreat(): ModelId | null {
    for (const until of this.#until.values()) if (this.#decisions < until) return this.#retreat
    return null
  }

  /** Probability with which an answer of a model is to be audited, given the ordinary one. */
  auditProbability(model: ModelId, ordinary: number): number {
    const left = this.#bursts.get(model) ?? 0
    return left > 0 ? Math.min(1, ordinary + Math.min(left, Math.max(0, this.#saved))) : ordinary
  }

  /** Takes a decision of a class that may have a share `budget` of its answers audited. */
  decided(model: ModelId, ordinary: number, budget: number): void {
    const asked = this.auditProbability(model, ordinary)
    const left = this.#bursts.get(model) ?? 0
    if (left > 0) this.#bursts.set(model, Math.max(0, left - (asked - ordinary)))
    this.#saved += budget - asked
    this.#decisions++
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.of(this.#saved, this.#decisions))
    for (const map of [this.#bursts, this.#until]) {
      writer.list([...map], ([model, value]) => {
        writer.text(model)
        writer.number(value)
      })
    }
    writer.text(this.#retreat ?? '')
    this.#watch.write(writer)
  }

  static read(reader: ByteReader): Suspects {
    const suspects = new Suspects()
    const [saved = 0, decisions = 0] = reader.float64()
    suspects.#saved = saved
    suspects.#decisions = decisions
    for (const map of [suspects.#bursts, suspects.#until]) {
      reader.list(() => map.set(modelId(reader.text()), reader.number()))
    }
    const retreat = reader.text()
    suspects.#retreat = retreat === '' ? null : modelId(retreat)
    suspects.#watch = ComplaintWatch.read(reader)
    return suspects
  }
}

/** One model's means over recent requests. */
export interface FixedRecord {
  readonly model: ModelId
  /** Predicted, in [0, 1]. */
  readonly satisfaction: number
  /** USD per request. */
  readonly costUsd: number
}

/** Means of every model over the requests of a sample that may use it; `models` in the order of its columns. */
export function fixedRecords(sample: PlanSample, models: readonly ModelId[]): readonly FixedRecord[] {
  return models.flatMap((model, m) => {
    let [usable, satisfied, spentUsd] = [0, 0, 0]
    for (let i = m; i < sample.requests * sample.models; i += sample.models) {
      const costUsd = sample.costUsd[i] ?? Number.POSITIVE_INFINITY
      if (costUsd === Number.POSITIVE_INFINITY) continue
      usable++
      satisfied += sample.satisfaction[i] ?? 0
      spentUsd += costUsd
    }
    return usable === 0 ? [] : [{ model, satisfaction: satisfied / usable, costUsd: spentUsd / usable }]
  })
}

/** The cheapest model that keeps the floor by itself, by prediction; else the most satisfying one; `null` without any. */
export function retreatModel(records: readonly FixedRecord[], floor: number): ModelId | null {
  const keeping = records.filter(({ satisfaction }) => satisfaction >= floor)
  const better = (a: FixedRecord, b: FixedRecord): FixedRecord =>
    keeping.length > 0 ? (b.costUsd < a.costUsd ? b : a) : b.satisfaction > a.satisfaction ? b : a
  const [first, ...others] = keeping.length > 0 ? keeping : records
  return first === undefined ? null : others.reduce(better, first).model
}
