/**
 * Share of the time steps after the first `warmUp` at which the mean satisfaction of everything so far lies below the floor:
 * what MESS+ plots (arXiv 2505.19947). `null` for streams that are not longer.
 */
export function runningMeanViolations(
  satisfaction: Float64Array,
  floor: number,
  warmUp = 100,
): number | null {
  let sum = 0
  let below = 0
  for (const [i, value] of satisfaction.entries()) {
    sum += value
    if (i >= warmUp && sum / (i + 1) < floor - 1e-12) below++
  }
  return satisfaction.length > warmUp ? below / (satisfaction.length - warmUp) : null
}

/** One reading of a certificate, and the truth that it speaks about. */
export interface CertifiedStep {
  /** Certified lower bound of the mean satisfaction so far. */
  readonly lower: number
  /** Mean over the requests so far of their true probability of satisfaction under what was chosen. */
  readonly trueMean: number
  readonly floor: number
}

/** Certified time: requests until the lower bound first meets the floor; `null` where it never does. */
export function certifiedTime(steps: readonly Pick<CertifiedStep, 'lower' | 'floor'>[]): number | null {
  const first = steps.findIndex(step => step.lower >= step.floor)
  return first < 0 ? null : first + 1
}

/**
 * False certificate rate: the share of runs in which the certificate says compliant at some step whose true mean lies below
 * the floor. An anytime-valid certificate keeps it at or below delta.
 */
export function falseCertificateRate(runs: readonly (readonly CertifiedStep[])[]): number {
  const wrong = runs.filter(steps =>
    steps.some(({ lower, trueMean, floor }) => lower >= floor && trueMean < floor),
  )
  return wrong.length / runs.length
}
