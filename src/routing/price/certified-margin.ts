import {
  type CertificateProgress,
  type CertificateTerms,
  surplusRequired,
  valuesUntilCertified,
  varianceOfValue,
} from './own-certificate.ts'
import { meanBought } from './price-hull.ts'
import type { PlanSample, PriceRange } from './price-plan.ts'

/** Margins beyond this are never aimed at. */
const LARGEST_MARGIN = 0.1
/** Margins below this certify nothing within a hundred thousand labels. */
const LEAST_MARGIN = 0.002
const RUNGS = 24
/** Deviations of the sum over the horizon that are held in reserve, so that chance does not undo a certificate. */
const RESERVE = 1.5
/** A request that is served without a certificate counts as this share of its cost: time is worth something as well. */
const UNDECIDED_SHARE = 0.1

/** One price with what it buys on a sample of requests. */
export interface Rung {
  /** USD per extra satisfied request. */
  readonly priceUsd: number
  /** Mean predicted satisfaction, in [0, 1]. */
  readonly satisfaction: number
  /** Mean predicted cost, USD per request. */
  readonly costUsd: number
}

/** What 24 prices of a range buy, evenly spaced in their logarithm, ascending. */
export function priceLadder(sample: PlanSample, { lowest, highest }: PriceRange): readonly Rung[] {
  return Array.from({ length: RUNGS }, (_, g) => {
    const priceUsd = lowest * (highest / lowest) ** (g / (RUNGS - 1))
    return { priceUsd, ...meanBought(sample, sample, priceUsd) }
  })
}

/** What the choice of a margin looks at. */
export interface MarginQuestion {
  readonly floor: number
  /** The lowest predicted mean that keeps the floor: the floor, and by how much predictions overrate. */
  readonly target: number
  /** From the price that meets the target upwards. */
  readonly ladder: readonly Rung[]
  readonly progress: CertificateProgress
  readonly terms: CertificateTerms
  /** Values over which a shortfall of the certificate is to be made up; > 0. */
  readonly horizon: number
  /** Values that the certificate may still get: infinite but in a window. */
  readonly valuesLeft: number
}

/**
 * The margin above the floor that a certified promise aims at, in [0, .1]:
 *
 *   m = max(0, min( argmin_m n(m) (c(m) - .9 c(0)),  (u(N + H) + 1.5 sd - surplus) / H ))
 *
 * n(m) is how many more values certify at margin m, c(m) the planned mean cost at it. The first term is the cheapest way to a
 * certificate: small margins take ever so long, large ones ever so much. The second is what is needed to stay certified over the
 * next H values, with one and a half standard deviations of their sum in reserve; it takes over once the certificate is near.
 * Margins that no price reaches, or that cannot certify with the values left, are not aimed at.
 */
export function certifiedMargin(question: MarginQuestion): number {
  const { floor, progress, terms, horizon } = question
  const spread = varianceOfValue(progress, floor, terms.scale)
  const reserve = RESERVE * Math.sqrt(spread * horizon)
  const ahead = surplusRequired(progress.count + horizon, spread, terms) + reserve - progress.surplus
  return Math.max(0, Math.min(cheapestMargin(question, spread), ahead / horizon))
}

function cheapestMargin(
  { target, ladder, progress, terms, valuesLeft }: MarginQuestion,
  spread: number,
): number {
  const base = ladder[0]?.costUsd ?? 0
  let best = 0
  let least = Number.POSITIVE_INFINITY
  for (const { satisfaction, costUsd } of ladder) {
    const margin = Math.min(LARGEST_MARGIN, satisfaction - target)
    if (margin < LEAST_MARGIN) continue
    const values = valuesUntilCertified(progress, margin, spread, terms)
    if (values === null || values > valuesLeft) continue
    const total = Math.max(1, values) * (costUsd - (1 - UNDECIDED_SHARE) * base)
    if (total >= least) continue
    least = total
    best = margin
  }
  return best
}
