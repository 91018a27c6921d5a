/** Requests that are added to the decisions so far: early debts are few requests, however large their share looks. */
const HEAD_START = 500
/** Variance of a label around its prediction, as it usually is. */
const LABEL_VARIANCE = 0.15
/** A debt beyond chance of this share of the requests multiplies what may be paid by e. */
const URGENCY = 0.002
const MOST = 1e3

/** How far behind a class is. */
export interface Arrears {
  /** Sum of (floor - satisfaction), in requests; positive: behind. */
  readonly debt: number
  readonly decisions: number
  /** Standard deviations of the sum of so many labels that count as chance. */
  readonly chance: number
}

/**
 * How many times the usual price a class may pay to catch up, from 1 to 1000: exp(e / .002) with
 * e = max(0, debt - chance * sqrt(.15 decisions)) / (decisions + 500). A debt that chance explains is repaid while that is
 * cheap; one that would break the promise is repaid at almost any price.
 */
export function impatience({ debt, decisions, chance }: Arrears): number {
  const beyondChance = Math.max(0, debt - chance * Math.sqrt(LABEL_VARIANCE * decisions))
  return Math.min(MOST, Math.exp(beyondChance / (decisions + HEAD_START) / URGENCY))
}
