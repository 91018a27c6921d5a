/**
 * Labels from users who only complain: an unsatisfied user complains with probability rho, a satisfied one never, so that
 * Y = D (1 - S), D ~ Bernoulli(rho). rho is not identified from Y alone: (p, rho) and (p', rho') with
 * rho (1 - p) = rho' (1 - p') give the same complaints. It comes from audits (`complaint-rates.ts`) or is stated by whoever knows.
 */

/**
 * Unbiased label of one decision: stilde = 1 - Y/rho, in {1, 1 - 1/rho}, with E[stilde | x, m] = p_m(x).
 * Reading silence as satisfaction is the case rho = 1. `rate` rho in (0, 1]; throws a RangeError outside.
 */
export function pseudoLabel(complained: boolean, rate: number): number {
  checkRate(rate)
  return complained ? 1 - 1 / rate : 1
}

/** Variance of `pseudoLabel` for an answer that satisfies with probability p: (1 - p)/rho - (1 - p)^2. */
export function pseudoLabelVariance(satisfaction: number, rate: number): number {
  checkRate(rate)
  const failure = 1 - satisfaction
  return failure / rate - failure * failure
}

/**
 * Unbiased risk of a prediction from one-sided labels: l(f, 1) + (Y/rho) (l(f, 0) - l(f, 1)), whose mean is
 * p l(f, 1) + (1 - p) l(f, 0) for any loss (Elkan & Noto 2008; du Plessis, Niu & Sugiyama 2015). It may be negative, and must
 * not be cut at zero per sample: that would make it biased. `lossIfSatisfied` is l(f, 1), `lossIfNot` l(f, 0).
 */
export function unbiasedRisk(
  lossIfSatisfied: number,
  lossIfNot: number,
  complained: boolean,
  rate: number,
): number {
  checkRate(rate)
  return complained ? lossIfSatisfied + (lossIfNot - lossIfSatisfied) / rate : lossIfSatisfied
}

/**
 * Gradient of the unbiased logistic risk in the logit z: sigma(z) - (1 - Y/rho). Lies in (0 - 1, 1/rho): regularise, bound
 * the logit and shrink, for the risk has no lower bound on a finite sample.
 */
export function logisticGradient(logit: number, complained: boolean, rate: number): number {
  return 1 / (1 + Math.exp(-logit)) - pseudoLabel(complained, rate)
}

/**
 * Probability that a silent user was satisfied: p / (p + (1 - p) (1 - rho)) for predicted satisfaction p in [0, 1] and
 * `rate` rho in [0, 1].
 */
export function satisfactionGivenSilence(satisfaction: number, rate: number): number {
  const silent = satisfaction + (1 - satisfaction) * (1 - rate)
  return silent > 0 ? satisfaction / silent : satisfaction
}

function checkRate(rate: number): void {
  if (rate > 0 && rate <= 1) return
  throw new RangeError(
    `a complaint rate is ${rate}; it must lie in (0, 1]: without a known rate complaints say nothing of satisfaction`,
  )
}
