import type { FeedbackKind } from '../sla.ts'
import { valuesUntilCertified } from './own-certificate.ts'

const NOTHING_YET = { count: 0, surplus: 0, variance: 0 }

/** Audits, each a plain label, after which a floor is certified at error `delta` if the true mean lies `margin` above it. */
export function auditsForCertificate(floor: number, margin: number, delta: number): number | null {
  return valuesUntilCertified(NOTHING_YET, margin, floor * (1 - floor), { delta, scale: 1 })
}

/** A promise that nobody's words can judge. */
export interface UnknowablePromise {
  readonly feedback: FeedbackKind
  /** In (0, 1). */
  readonly floor: number
  /** Probability of a wrong certificate, in (0, 1). */
  readonly delta: number
  /** What judging one answer may cost, USD; absent: unknown. */
  readonly auditUsd?: number
}

/** Says why nothing can be known of a floor without audits, and how many audits would change that. */
export function unknowableRemark({ feedback, floor, delta, auditUsd }: UnknowablePromise): string {
  const why = feedback === 'one-sided' ? 'users only complain' : 'users say nothing'
  const [wideMargin, narrowMargin] = [Math.min(0.05, (1 - floor) / 2), Math.min(0.02, (1 - floor) / 4)]
  const wide = auditsForCertificate(floor, wideMargin, delta)
  const narrow = auditsForCertificate(floor, narrowMargin, delta)
  const takes = `a certificate takes about ${wide} audits where satisfaction lies ${points(wideMargin)} above it, ${narrow} at ${points(narrowMargin)}`
  const bill =
    auditUsd === undefined || auditUsd <= 0
      ? ''
      : `; at the price of a call of the dearest model for each, ${dollars((wide ?? 0) * auditUsd)} or ${dollars((narrow ?? 0) * auditUsd)}`
  return `${why} and nothing is audited, so whether the floor ${floor} is kept cannot be known; ${takes}${bill}`
}

function points(margin: number): string {
  return `${Number((100 * margin).toFixed(2))} points`
}

function dollars(amount: number): string {
  return `$${Number(amount.toPrecision(2))}`
}
