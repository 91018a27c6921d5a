import { type DecisionId, decisionId } from '../decision.ts'
import {
  type ComplaintRates,
  type ComplaintRatesState,
  createComplaintRates,
} from '../labels/complaint-rates.ts'
import type { ModelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Latest decisions that somebody complained of or audited; earlier ones count as closed. */
const REMEMBERED = 4096
/** Audits that must be due before their absence means anything. */
const DUE_AUDITS = 20
/** Share of the due audits that must have come. */
const LEAST_COVERAGE = 0.5
/** Largest weight of a label where only some users speak. */
const LARGEST_WEIGHT = 20

/** What was said of one decision so far. */
export interface Said {
  readonly complained: boolean
  /** The audit's value and probability; `null` without one. */
  readonly audit: { readonly value: number; readonly probability: number } | null
}

const nothingSaid: Said = { complained: false, audit: null }

/** What users and audits said in one SLA class: complaint rates, how many users speak, and what is still open. */
export class SlaRouterLabels {
  #rates: ComplaintRates
  readonly #said = new Map<DecisionId, Said>()
  /** Decisions with a label of users who say both, and without. */
  #spoken = 0
  #silent = 0
  /** Audits that were to be expected of closed decisions, and those that came. */
  #due = 0
  #audits = 0
  /** One-sided labels learned, by model. */
  readonly #oneSided = new Map<string, number>()

  constructor(rates: ComplaintRatesState | null = null) {
    this.#rates = createComplaintRates({}, rates)
  }

  get rates(): ComplaintRates {
    return this.#rates
  }

  /** What is remembered of a decision. */
  said(id: DecisionId): Said {
    return this.#said.get(id) ?? nothingSaid
  }

  /** Remembers something of a decision. */
  remember(id: DecisionId, said: Partial<Said>): void {
    this.#said.set(id, { ...this.said(id), ...said })
    if (this.#said.size <= REMEMBERED) return
    for (const oldest of this.#said.keys()) {
      this.#said.delete(oldest)
      return
    }
  }

  /** Counts a user who might have praised: spoke or was silent. */
  countUser(spoke: boolean): void {
    if (spoke) this.#spoken++
    else this.#silent++
  }

  /** 1 / (share of users who speak), missing completely at random; 1 without silence. */
  get labelWeight(): number {
    return Math.min(LARGEST_WEIGHT, (this.#spoken + this.#silent + 1) / (this.#spoken + 1))
  }

  /** Counts a decision that was to be audited with this probability. */
  expectAudit(probability: number): void {
    this.#due += probability
  }

  /** Counts an audit. */
  countAudit(): void {
    this.#audits++
  }

  /** True where audits do not come as they were asked for: then complaints outweigh silence and no rate is known. */
  get auditsAreMissing(): boolean {
    return this.#due >= DUE_AUDITS && this.#audits < LEAST_COVERAGE * this.#due
  }

  /** Counts a one-sided label of a model; returns how many there are now. */
  countOneSided(model: ModelId): number {
    const count = (this.#oneSided.get(model) ?? 0) + 1
    this.#oneSided.set(model, count)
    return count
  }

  write(writer: ByteWriter): void {
    writer.text(JSON.stringify(this.#rates.state()))
    writer.array(Float64Array.of(this.#spoken, this.#silent, this.#due, this.#audits))
    writer.list([...this.#oneSided], ([model, count]) => {
      writer.text(model)
      writer.count(count)
    })
    writer.list([...this.#said], ([id, { complained, audit }]) => {
      writer.text(id)
      writer.flag(complained)
      writer.array(Float64Array.from(audit === null ? [] : [audit.value, audit.probability]))
    })
  }

  /** Restores what `write` wrote. */
  static read(reader: ByteReader): SlaRouterLabels {
    const rates: ComplaintRatesState = JSON.parse(reader.text())
    const labels = new SlaRouterLabels(rates)
    const [spoken = 0, silent = 0, due = 0, audits = 0] = reader.float64()
    labels.#spoken = spoken
    labels.#silent = silent
    labels.#due = due
    labels.#audits = audits
    reader.list(() => labels.#oneSided.set(reader.text() as ModelId, reader.count()))
    reader.list(() => {
      const id = decisionId(reader.text())
      const complained = reader.flag()
      const [value, probability] = reader.float64()
      const audit = value === undefined || probability === undefined ? null : { value, probability }
      labels.#said.set(id, { complained, audit })
    })
    return labels
  }
}
