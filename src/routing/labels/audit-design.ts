/** How often decisions are audited. */
export interface AuditDesign {
  /** kappa > 0: audits per unit of uncertainty. */
  readonly scale: number
  /** qmin, in (0, most]: no decision is audited with less, so that no weight exceeds 1/qmin. */
  readonly least: number
  /** In [least, 1]; absent: 1. */
  readonly most?: number
}

/**
 * Probability of an audit, a function of what is known before the coin falls and never of the label:
 * q = clip(kappa sqrt(f (1 - f)), qmin, most). The variance (1 - q)/q E(S - f)^2 of the doubly robust stand-in at a given mean
 * of q is least where q is proportional to the deviation of S around f (Neyman 1934), which is sqrt(f (1 - f)) for a
 * calibrated f in [0, 1].
 */
export function auditProbability(prediction: number, { scale, least, most = 1 }: AuditDesign): number {
  return Math.min(most, Math.max(least, scale * deviation(prediction)))
}

/**
 * The design within a budget that no decision exceeds: kappa = 2 budget, since sqrt(f (1 - f)) <= 1/2, and qmin = budget / 2.
 * The mean is then at most the budget on every stream, so that whoever enforces the budget never cuts a probability short.
 * `budget` in (0, 1].
 */
export function designWithin(budget: number): AuditDesign {
  return { scale: 2 * budget, least: budget / 2, most: budget }
}

/**
 * The largest kappa at which the mean of clip(kappa sqrt(f (1 - f)), least, 1) over these predictions is at most the budget, by
 * bisection; 0 where `least` alone exceeds it. Spends a budget in full on a stream that resembles the sample.
 */
export function scaleForBudget(predictions: ArrayLike<number>, budget: number, least: number): number {
  const spent = (scale: number): number => {
    let sum = 0
    for (let i = 0; i < predictions.length; i++) {
      sum += auditProbability(predictions[i] ?? 0, { scale, least })
    }
    return sum / Math.max(1, predictions.length)
  }
  if (spent(0) > budget) return 0
  let [low, high] = [0, LARGEST_SCALE]
  if (spent(high) <= budget) return high
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2
    if (spent(middle) <= budget) low = middle
    else high = middle
  }
  return low
}

const LARGEST_SCALE = 1e4
const BISECTIONS = 60

/**
 * The prediction that an audit after a complaint corrects: 0 where complaints are never false, so that the audit costs nothing
 * in variance and teaches the complaint rate alone; else P(S = 1 | complaint). `prediction` f in [0, 1] is the one
 * before anybody spoke; a satisfied user complains with probability `falseRate`, an unsatisfied one with `rate`, in [0, 1].
 */
export function predictionAfterComplaint(prediction: number, rate: number, falseRate = 0): number {
  const wrongly = prediction * falseRate
  const rightly = (1 - prediction) * rate
  return wrongly === 0 ? 0 : wrongly / (wrongly + rightly)
}

function deviation(prediction: number): number {
  return Math.sqrt(Math.max(0, prediction * (1 - prediction)))
}
