import type { LabelReport } from '../learner/label-ledger.ts'
import type { SlaReport } from '../learner/sla-ledger.ts'
import { createConfidenceSequence } from '../routing/certify/confidence-sequence.ts'
import { usersSayBoth } from '../routing/policies/usable-label.ts'
import type { ClassConfig } from './config.ts'
import type { Gateway } from './gateway.ts'

/** A promise that audits carry is looked at over so many days. */
const HORIZON_DAYS = 30
/** Where nothing is known yet, a plan assumes that satisfaction lies so far above its floor. */
const ASSUMED_MARGIN = 0.02

/** Labels that a verdict takes: from the certificate, or planned where it cannot say. */
interface NeededLabels {
  readonly labels: number
  /** Assumed distance from the floor, where there are no labels to tell it. */
  readonly assumedMargin?: number
}

/** What is known of a class beside its audits. */
interface Known {
  readonly floor: number
  readonly ledger: SlaReport | null
}

/** The audits of a class; `null` where its users praise as well as complain and nothing is audited. */
export function auditsView(gateway: Gateway, config: ClassConfig, { floor, ledger }: Known) {
  const { name, feedback, delta } = config.sla
  const report = gateway.audits.report(name)
  if (report === null && usersSayBoth(feedback)) return null
  const labels = gateway.learner.labelReport(name)
  const needed = neededLabels(ledger, floor, delta)
  return {
    state: report?.state ?? 'none',
    judge: config.audits?.judge.kind ?? null,
    share: config.auditBudget,
    usdPerDay: report?.usdPerDay ?? null,
    spentTodayUsd: report?.spentTodayUsd ?? 0,
    usdPerAudit: report?.usdPerAudit ?? null,
    waiting: report?.waiting ?? 0,
    waitingForHumans: report?.waitingForHumans ?? 0,
    drawn: labels?.drawn ?? 0,
    labelled: ledger?.audits ?? 0,
    missed: labels?.missed ?? 0,
    perDay: labels?.auditsPerDay ?? null,
    judgeError: labels?.judge ?? null,
    needed:
      needed === null ? null : { ...needed, ...plan(needed.labels, report?.usdPerAudit ?? null, labels) },
  }
}

/** What the labels would take: a rate and dollars over a month, and days at the rate of today. */
function plan(labels: number, usdPerAudit: number | null, report: LabelReport | null) {
  const perDay = Math.ceil(labels / HORIZON_DAYS)
  const rate = report?.auditsPerDay ?? null
  return {
    withinDays: HORIZON_DAYS,
    auditsPerDay: perDay,
    usdPerDay: usdPerAudit === null ? null : perDay * usdPerAudit,
    daysAtPresentRate: rate === null || rate === 0 ? null : labels / rate,
  }
}

/**
 * `null` with a verdict, and where the estimate lies on the floor itself: no number of labels settles that. Without an estimate
 * (no labels yet, or too many decisions that could not be audited) it is a plan.
 */
function neededLabels(ledger: SlaReport | null, floor: number, delta: number): NeededLabels | null {
  const certificate = ledger?.certificate ?? null
  if (certificate !== null && certificate.state !== 'undecided') return null
  if (certificate !== null && certificate.labelsNeeded !== null) return { labels: certificate.labelsNeeded }
  if (certificate !== null && certificate.estimate !== null) return null
  const variance = floor * (1 - floor)
  const sequence = createConfidenceSequence(
    { delta, lowerScale: 1, upperScale: 1 },
    { count: 1, sum: ASSUMED_MARGIN, variance },
  )
  const labels = sequence.countNeeded(0)
  return labels === null ? null : { labels, assumedMargin: ASSUMED_MARGIN }
}
