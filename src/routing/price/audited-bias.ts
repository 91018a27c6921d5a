import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Audits that the predictions weigh: those that the training rows, fully labelled, stand for. */
const PRIOR_AUDITS = 300
/** How far above its floor a class aims before the first audit. */
const CAUTION = 0.01

/**
 * What random audits say of all decisions, audited or not: predictions exceed labels by
 * b = sum(p - s) / (n + 300) over the n audits, the posterior mean of a bias that is zero before the first
 * (a doubly robust mean, shrunk; without the shrinkage few audits would swing the debt by more than they know).
 * Audits must be drawn with one probability, or the mean over them would not be the mean over all.
 */
export class AuditedBias {
  #audits = 0
  #excess = 0
  /** Decisions whose debt counts, minus the audits among them. */
  #unaudited = 0
  #aimedAbove = 0

  /**
   * How far above its floor a class aims where users never praise: predictions overrate what is chosen by them, since it is chosen where
   * they err upwards, and until audits have shown by how much nothing corrects it. It shrinks as audits come in.
   */
  get caution(): number {
    return (CAUTION * PRIOR_AUDITS) / (this.#audits + PRIOR_AUDITS)
  }

  /** Counts a decision whose debt is to be repaid. */
  decided(): void {
    this.#unaudited++
    this.#aimedAbove += this.caution
  }

  /** Sum over the decisions that count of how far above the floor they aimed, in requests. */
  get aimedAbove(): number {
    return this.#aimedAbove
  }

  /** Takes what was predicted of an audited answer minus its label; `counts`: its decision is one of those that count. */
  observe(excess: number, counts: boolean): void {
    this.#audits++
    this.#excess += excess
    if (counts) this.#unaudited--
  }

  /** Debt, in requests, that predictions have hidden in the decisions that nobody audited. */
  get hiddenDebt(): number {
    return (this.#excess / (this.#audits + PRIOR_AUDITS)) * Math.max(0, this.#unaudited)
  }

  /** Forgets debts, and keeps what is known of the bias. */
  forgive(): void {
    this.#unaudited = 0
    this.#aimedAbove = 0
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.of(this.#audits, this.#excess, this.#unaudited, this.#aimedAbove))
  }

  static read(reader: ByteReader): AuditedBias {
    const bias = new AuditedBias()
    const [audits = 0, excess = 0, unaudited = 0, aimedAbove = 0] = reader.float64()
    bias.#audits = audits
    bias.#excess = excess
    bias.#unaudited = unaudited
    bias.#aimedAbove = aimedAbove
    return bias
  }
}
