import { stitchedBoundary } from '../certify/confidence-sequence.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Values that the prior variance counts as. */
const PRIOR_VALUES = 50
/** Beyond so many values a certificate counts as out of reach. */
const MOST_VALUES = 1e9

/** What a certificate rests on; fixed before the first value. */
export interface CertificateTerms {
  /** Probability of a wrong certificate, in (0, 1). */
  readonly delta: number
  /** How far a value may lie from its prediction: 1 for labels, 1 / q where audits are drawn with probability q. */
  readonly scale: number
}

/** Values folded: how many, the sum of (satisfaction - floor), and the sum of squared surprises. */
export interface CertificateProgress {
  readonly count: number
  /** In requests. */
  readonly surplus: number
  readonly variance: number
}

/** Variance of one value, with floor * (1 - floor) * scale standing for the first 50. */
export function varianceOfValue(progress: CertificateProgress, floor: number, scale: number): number {
  const prior = PRIOR_VALUES * floor * (1 - floor) * scale
  return (progress.variance + prior) / (progress.count + PRIOR_VALUES)
}

/**
 * The surplus, in requests, that certifies a floor after `values` values of variance `spread` each: u(values * spread), the
 * stitched boundary of the confidence sequence. The floor is certified while the sum of (satisfaction - floor) is at least that.
 */
export function surplusRequired(values: number, spread: number, { delta, scale }: CertificateTerms): number {
  return stitchedBoundary(values * spread, scale, delta)
}

/**
 * Least number n of further values with surplus + n * margin >= u((count + n) * spread): 0 while certified, `null` where
 * no billion is enough.
 */
export function valuesUntilCertified(
  progress: CertificateProgress,
  margin: number,
  spread: number,
  terms: CertificateTerms,
): number | null {
  const passed = (more: number): boolean =>
    progress.surplus + more * margin >= surplusRequired(progress.count + more, spread, terms)
  if (progress.count > 0 && passed(0)) return 0
  let enough = 64
  while (!passed(enough)) {
    if (enough > MOST_VALUES) return null
    enough *= 2
  }
  let short = enough === 64 ? 0 : enough / 2
  while (enough - short > 1) {
    const middle = Math.floor((short + enough) / 2)
    if (passed(middle)) enough = middle
    else short = middle
  }
  return enough
}

/**
 * What a class's certificate holds, kept by its policy from the labels that it sees so as to know how far it has to go. It
 * decides nothing about compliance: labels are folded as they come, which a certificate must not do.
 */
export class OwnCertificate {
  #count = 0
  #surplus = 0
  #variance = 0
  #floorSum = 0

  get progress(): CertificateProgress {
    return { count: this.#count, surplus: this.#surplus, variance: this.#variance }
  }

  /** A label in [0, 1] of a class whose users say both good and bad; the mean so far predicts it. */
  label(value: number, floor: number): void {
    const mean = this.#count === 0 ? 0.5 : (this.#surplus + this.#floorSum) / this.#count
    this.#add(value, floor, value - Math.min(1, Math.max(0, mean)))
  }

  /** A decision of a class that rests on audits: its stand-in is the prediction, unless an audit corrects it. */
  standIn(predicted: number, floor: number): void {
    this.#add(predicted, floor, 0)
  }

  /** An audit of a decision that has its stand-in: adds (S - f) / q. */
  audited(value: number, predicted: number, probability: number): void {
    const correction = (value - predicted) / probability
    this.#surplus += correction
    this.#variance += correction * correction
  }

  /** Begins anew: another window. */
  restart(): void {
    this.#count = 0
    this.#surplus = 0
    this.#variance = 0
    this.#floorSum = 0
  }

  #add(value: number, floor: number, surprise: number): void {
    this.#count++
    this.#surplus += value - floor
    this.#floorSum += floor
    this.#variance += surprise * surprise
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.of(this.#count, this.#surplus, this.#variance, this.#floorSum))
  }

  static read(reader: ByteReader): OwnCertificate {
    const own = new OwnCertificate()
    const [count = 0, surplus = 0, variance = 0, floorSum = 0] = reader.float64()
    own.#count = count
    own.#surplus = surplus
    own.#variance = variance
    own.#floorSum = floorSum
    return own
  }
}
