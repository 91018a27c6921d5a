import { doublyRobust } from '../labels/doubly-robust.ts'

/** The coin of one decision and what came of it. */
export interface AuditDraw {
  /** Probability q with which the decision was audited, fixed before anything was known of the answer, in [0, 1]; 0: it could not be. */
  readonly probability: number
  readonly drawn: boolean
  /**
   * The label; `null` where it was not drawn, or drawn and no label came in time. With humans beside a judge it is
   * J + (H/q2)(S - J), outside [0, 1] where the two differ.
   */
  readonly value: number | null
}

/** What audits can be at their thinnest; fixed before the first of them. */
export interface ThinnestAudits {
  /** Least probability q of an audit, in (0, 1]. */
  readonly leastProbability: number
  /** Share q2 of the audits, in (0, 1], in which a human corrects the judge; 1: labels are taken as the truth. */
  readonly humanShare: number
}

/** How far stand-ins may lie from their predictions, and the largest that one can be. */
export interface StandInRange {
  readonly lowerScale: number
  readonly upperScale: number
  readonly largestValue: number
}

/** Predictions are cut to at least this: it keeps stand-ins from lying far above them, which narrows the upper bound. */
export const LEAST_PREDICTION = 0.5

/**
 * Doubly robust stand-in of a label: f + (A/q)(V - f), A the coin, q its probability, V the label, f a prediction made without it.
 * Its mean given everything before the coin is the mean of V, whatever f is, because A is independent of V and E[A/q] = 1.
 * Variance given V: (1-q)/q (V - f)^2. A drawn label that never came counts as `missing`.
 */
export function standIn(prediction: number, draw: AuditDraw, missing: number): number {
  const { drawn, value, probability } = draw
  return doublyRobust(prediction, drawn ? { value: value ?? missing, probability } : null)
}

/** The prediction as stand-ins use it: in [1/2, 1]. */
export function usablePrediction(prediction: number): number {
  return Math.min(1, Math.max(LEAST_PREDICTION, prediction))
}

/** Least and largest value that an audit can give: 0 and 1, or 1 - 1/q2 and 1/q2 where humans correct a judge. */
export function auditValueRange({ humanShare }: Pick<ThinnestAudits, 'humanShare'>): {
  readonly least: number
  readonly largest: number
} {
  return { least: 1 - 1 / humanShare, largest: 1 / humanShare }
}

/**
 * One-sided scales of stand-ins with predictions f in [fmin, 1], q >= qmin: they lie at most (f - 1 + 1/q2)/q <= 1/(qmin q2)
 * below f, at most (1/q2 - f)/q <= (1/q2 - fmin)/qmin above it. Throws a RangeError outside (0, 1].
 */
export function standInRange({ leastProbability, humanShare }: ThinnestAudits): StandInRange {
  for (const [name, value] of [
    ['least audit probability', leastProbability],
    ['share of the audits that a human sees', humanShare],
  ] as const) {
    if (!(value > 0 && value <= 1)) throw new RangeError(`the ${name} is ${value}; it must lie in (0, 1]`)
  }
  const upperScale = Math.max(1 / humanShare - LEAST_PREDICTION, 0) / leastProbability
  return {
    lowerScale: 1 / (leastProbability * humanShare),
    upperScale,
    largestValue: Math.max(1, LEAST_PREDICTION + upperScale),
  }
}
