import { type Bounds, type ConfidenceSequenceState, createConfidenceSequence } from './confidence-sequence.ts'

/** What may be said of a floor: nothing is guaranteed while it is undecided. */
export type CertificateState = 'compliant' | 'breached' | 'undecided'

/** The verdict on one class at this moment. */
export interface CertificateReading {
  readonly state: CertificateState
  /** Mean satisfaction of what was folded; `null` without labels. */
  readonly estimate: number | null
  /** Bounds of the running mean satisfaction, in [0, 1]; each holds at all times with probability at least 1 - delta. */
  readonly lower: number
  readonly upper: number
  readonly delta: number
  /** Labels folded. */
  readonly labels: number
  /** Labels more that a verdict needs at the present mean and variance: 0 with a verdict, `null` if there is no telling. */
  readonly labelsNeeded: number | null
}

/** One decision's satisfaction, folded in decision order. */
export interface CertifiedLabel {
  /** The label in [0, 1], or its unbiased stand-in f + (A/q)(S - f) where only audits are labelled. */
  readonly satisfaction: number
  /** Floor of the request, in (0, 1). */
  readonly floor: number
  /** Predicted satisfaction in [0, 1], made before the label was known; absent: the mean of the labels before. */
  readonly prediction?: number
  /** Whether somebody labelled it; a stand-in without an audit counts as a value, not as a label. Absent: yes. */
  readonly labelled?: boolean
}

/** How a certificate is set up. */
export interface CertificateOptions {
  /** Probability of a wrong certificate, in (0, 1), per verdict. */
  readonly delta: number
  /** How far values may lie below and above their predictions, fixed in advance (`standInRange`); absent: labels in [0, 1]. */
  readonly scales?: { readonly lower: number; readonly upper: number }
}

/** Serialisable form of a certificate. */
export interface CertificateStateRecord {
  readonly margins: ConfidenceSequenceState
  readonly floorSum: number
  readonly labels: number
}

/** Anytime-valid verdict on a floor that may differ from request to request. */
export interface Certificate {
  add(label: CertifiedLabel): void
  reading(): CertificateReading
  /** The state of `reading` alone, at a fraction of its price. */
  verdict(): CertificateState
  state(): CertificateStateRecord
}

/**
 * Creates a certificate: a confidence sequence over satisfaction minus floor. Compliant once the lower bound of the mean
 * margin is at least zero, breached once the upper bound lies below it.
 * Labels must be folded in decision order, up to the first decision whose drawn label is still open: labels folded as
 * they arrive, where arrival depends on satisfaction, give false certificates.
 */
export function createCertificate(
  options: CertificateOptions,
  from: CertificateStateRecord | null = null,
): Certificate {
  const { delta, scales = { lower: 1, upper: 1 } } = options
  const margins = createConfidenceSequence(
    { delta, lowerScale: scales.lower, upperScale: scales.upper },
    from?.margins,
  )
  let floorSum = from?.floorSum ?? 0
  let labels = from?.labels ?? 0
  return {
    add({ satisfaction, floor, prediction, labelled }) {
      margins.add(satisfaction - floor, (prediction ?? meanBefore(margins.state(), floorSum)) - floor)
      floorSum += floor
      if (labelled !== false) labels += 1
    },
    verdict: () => stateOf(margins.bounds()),
    reading() {
      const { count } = margins.state()
      const bounds = margins.bounds()
      const { estimate, lower, upper } = bounds
      const meanFloor = count === 0 ? 0 : floorSum / count
      const needed = margins.countNeeded(0)
      return {
        state: stateOf(bounds),
        estimate: estimate === null ? null : estimate + meanFloor,
        lower: Math.max(0, lower + meanFloor),
        upper: Math.min(1, upper + meanFloor),
        delta,
        labels,
        labelsNeeded: needed === null ? null : Math.ceil((needed * labels) / Math.max(1, count)),
      }
    },
    state: () => ({ margins: margins.state(), floorSum, labels }),
  }
}

/** Of a margin over the floor. */
function stateOf({ lower, upper }: Bounds): CertificateState {
  return lower >= 0 ? 'compliant' : upper < 0 ? 'breached' : 'undecided'
}

/** Mean satisfaction so far, clipped to [0, 1] because stand-ins may leave it; 1/2 before the first label. */
function meanBefore(margins: ConfidenceSequenceState, floorSum: number): number {
  if (margins.count === 0) return 0.5
  return Math.max(0, Math.min(1, (margins.sum + floorSum) / margins.count))
}
