import type { ConstraintPrice, DecisionRecord } from '../decision.ts'
import { auditProbability, designWithin } from '../labels/audit-design.ts'
import type { SlaClass } from '../sla.ts'
import type { SlaRouterShared } from './sla-router-state.ts'
import { usersSayBoth } from './usable-label.ts'

/**
 * What identifies the satisfaction of a class.
 * - `labels`: users say good and bad
 * - `audits`: they only complain, or say nothing, and decisions are audited
 * - `trusted`: they only complain, nothing is audited, but the operator states the complaint rate
 * - `nothing`: no observation tells a good model from a bad one with patient users
 */
export type Evidence = 'labels' | 'audits' | 'trusted' | 'nothing'

/** What identifies satisfaction here. */
export function evidenceOf({ settings, auditBudget }: SlaRouterShared, sla: SlaClass): Evidence {
  if (usersSayBoth(sla.feedback)) return 'labels'
  if (auditBudget > 0) return 'audits'
  return sla.feedback === 'one-sided' && settings.trustedRate > 0 ? 'trusted' : 'nothing'
}

/** Largest weight that one label or audit may have, in steps of the price, for each kind of evidence. */
export function slackOf({ settings, auditBudget }: SlaRouterShared, evidence: Evidence): number {
  switch (evidence) {
    case 'labels':
      return 10
    case 'audits':
      return 2 / designWithin(auditBudget).least
    case 'trusted':
      return 2 / settings.trustedRate
    case 'nothing':
      return 0
  }
}

/**
 * Mean squared increment of a decision, and how many decisions tell as much as one full label: with audits of probability q
 * a decision's stand-in has a variance of about .16/q, and 1/q decisions bring one label.
 */
export function squaresPerLabel({ settings, auditBudget }: SlaRouterShared, evidence: Evidence): number {
  switch (evidence) {
    case 'labels':
    case 'nothing':
      return LABEL_VARIANCE
    case 'audits':
      return LABEL_VARIANCE / auditBudget ** 2
    case 'trusted':
      return LABEL_VARIANCE / settings.trustedRate ** 2
  }
}

/** Of a label around a usual floor. */
export const LABEL_VARIANCE = 0.16

/**
 * Probability with which a decision should be audited: q = clip(2 b sqrt(f (1 - f)), b/2, b) for a budget b. It does not depend
 * on complaints, which are believed: audited labels then are a sample by the prompt alone, and may teach the predictor without
 * weights. Zero where users praise as well.
 */
export function auditWish(shared: SlaRouterShared, record: DecisionRecord): number {
  if (evidenceOf(shared, record.context.sla) !== 'audits') return 0
  return auditProbability(predictionIn(record), designWithin(shared.auditBudget))
}

/** f: the satisfaction that was predicted of the chosen model; its floor where nothing was predicted. */
export function predictionIn({ context, decision }: DecisionRecord): number {
  const estimate = decision.estimates.find(candidate => candidate.model === decision.chosen)
  return estimate?.satisfaction ?? context.floor
}

/** Name of the entry among a decision's prices that logs by how much a unit of shortfall moves the price, in USD. */
export const stepConstraint = 'satisfaction-step'
/** Name of the entry that logs cref, in USD. */
export const scaleConstraint = 'satisfaction-scale'

/** The prices that a decision logs: lambda, eta max(cref, lambda) and cref, all in USD. */
export function loggedPrices(dual: {
  readonly priceUsd: number
  readonly step: number
  readonly scaleUsd: number
}): readonly ConstraintPrice[] {
  const { priceUsd, step, scaleUsd } = dual
  return [
    { constraint: 'satisfaction', priceUsd },
    { constraint: stepConstraint, priceUsd: step * Math.max(scaleUsd, priceUsd) },
    { constraint: scaleConstraint, priceUsd: scaleUsd },
  ]
}

/** eta as it was logged with the decision; 0 while no cost was known. */
export function stepIn({ decision }: DecisionRecord): number {
  const priceOf = (constraint: string): number =>
    decision.prices.find(price => price.constraint === constraint)?.priceUsd ?? 0
  const unit = Math.max(priceOf(scaleConstraint), priceOf('satisfaction'))
  return unit > 0 ? priceOf(stepConstraint) / unit : 0
}
