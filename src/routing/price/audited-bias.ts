import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Audits that the predictions weigh: those that the training rows, fully labelled, stand for. */
const PRIOR_AUDITS = 300

/**
 * What random audits say of all decisions, audited or not: predictions exceed labels by
 * b = sum(p - s) / (n + 300) over the n audits, the posterior mean of a bias that is zero before the first
 * (a doubly robust mean, shrunk; without the shrinkage few audits would swing the debt by more than they know).
 * Audits must be drawn with one probability, or the mean over them would not be the mean over all.
 */
export class AuditedBias {
  #audits = 0
  #excess = 0

  /** Takes what was predicted of an audited answer minus its label. */
  observe(excess: number): void {
    this.#audits++
    this.#excess += excess
  }

  /** Debt, in requests, that predictions have hidden in the decisions that nobody audited. */
  hiddenDebt(decisions: number): number {
    return (this.#excess / (this.#audits + PRIOR_AUDITS)) * Math.max(0, decisions - this.#audits)
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.of(this.#audits, this.#excess))
  }

  static read(reader: ByteReader): AuditedBias {
    const bias = new AuditedBias()
    const [audits = 0, excess = 0] = reader.float64()
    bias.#audits = audits
    bias.#excess = excess
    return bias
  }
}
