/** A label that was drawn by a coin of known probability. */
export interface DrawnLabel {
  /** Satisfaction as the label says it: in [0, 1], or an unbiased stand-in that may lie outside. */
  readonly value: number
  /** Probability with which the label was drawn, in (0, 1]. */
  readonly probability: number
}

/**
 * Doubly robust stand-in for the satisfaction S of one decision: sdr = f + (A/q) (S - f).
 * Its mean over the coin A ~ Bernoulli(q) is S for any prediction f that does not know A, right or wrong
 * (Robins, Rotnitzky & Zhao 1994; Dudik, Langford & Li 2011). `prediction` f in [0, 1] must be the one that stood before the
 * label came; `label` is `null` where the coin fell against it. Unbounded: values run from f - f/q to f + (1 - f)/q.
 * Throws a RangeError on a probability outside (0, 1].
 */
export function doublyRobust(prediction: number, label: DrawnLabel | null): number {
  if (label === null) return prediction
  return prediction + (label.value - prediction) / checkedProbability(label.probability)
}

/**
 * A judge's label corrected by a human sub-sample: J + (H/q2) (S - J), unbiased for the human's S whatever the judge's
 * bias, when H ~ Bernoulli(q2) depends on nothing but what was known before. As the label of `doublyRobust` it gives
 * f + (A/q) [J - f + (H/q2) (S - J)]. `judged` J in [0, 1]; `human` is `null` where no human looked.
 */
export function humanCorrected(judged: number, human: DrawnLabel | null): number {
  return doublyRobust(judged, human)
}

/** What the variance of a doubly robust stand-in depends on. */
export interface DoublyRobustDesign {
  /** f, in [0, 1]. */
  readonly prediction: number
  /** q, in (0, 1]. */
  readonly probability: number
  /** A judge labels instead of a human, who looks at a share q2 of the audits. */
  readonly judge?: {
    /** Chance that judge and human differ, given the human's label. */
    readonly disagreement: number
    /** q2, in (0, 1]. */
    readonly humanProbability: number
  }
}

/**
 * Variance that the coins add to the stand-in of one decision with satisfaction S in [0, 1]:
 * (1 - q)/q (S - f)^2, and with a judge + (1 - q2)/(q q2) P(S != J). A prediction near S is worth as much as a larger q.
 */
export function doublyRobustVariance(satisfaction: number, design: DoublyRobustDesign): number {
  const { prediction, judge } = design
  const q = checkedProbability(design.probability)
  const byAudit = ((1 - q) / q) * (satisfaction - prediction) ** 2
  if (judge === undefined) return byAudit
  const q2 = checkedProbability(judge.humanProbability)
  return byAudit + ((1 - q2) / (q * q2)) * judge.disagreement
}

/** A probability by which something is divided. Throws a RangeError outside (0, 1]. */
export function checkedProbability(probability: number): number {
  if (probability > 0 && probability <= 1) return probability
  throw new RangeError(
    `a label was drawn with probability ${probability}; give the one that was logged, in (0, 1]`,
  )
}
