import { type AuditPlan, isDrawnForAudit } from '../routing/audit-plan.ts'
import type { DecisionId, DecisionRecord } from '../routing/decision.ts'
import type { ModelId } from '../routing/model.ts'
import type { Policy } from '../routing/policy.ts'
import type { EventQueue } from '../store/event-queue.ts'
import type { Observer } from './observe.ts'
import { PINNED_POLICY } from './pinned.ts'
import type { Routed } from './route-request.ts'

/** A served answer that was drawn for an audit. */
export interface AuditTask {
  readonly decisionId: DecisionId
  /** The model that answered. */
  readonly model: ModelId
}

/** Labels a served answer, in [0, 1]; `null` when it cannot tell. */
export type Judge = (task: AuditTask) => Promise<number | null>

/** Draws which answers are audited, has them judged and logs the labels with their probabilities. */
export interface Audits {
  /** How likely a decision is to be audited; `undefined` where it cannot be. To be logged with the decision. */
  plan(record: DecisionRecord, policy: string): AuditPlan | undefined
  /** To be called once for every served answer. */
  consider(routed: Pick<Routed, 'record' | 'policy'>, model: ModelId): void
}

/** What audits need. */
export interface AuditsOptions {
  /** Absent: nothing is audited. */
  readonly judge?: Judge
  readonly queue: Pick<EventQueue, 'offer'>
  readonly policy: (name: string) => Pick<Policy, 'auditProbability'>
  readonly observer: Pick<Observer, 'fault'>
  readonly now: () => number
}

/**
 * Audits by the policies' probabilities. They are fixed with the decision, and the coin follows from the decision's id, so that the
 * log alone tells which answers could have been labelled; judging happens beside the request path.
 */
export function createAudits({ judge, queue, policy, observer, now }: AuditsOptions): Audits {
  if (judge === undefined) return { plan: () => undefined, consider: () => undefined }
  const audit = async ({ id, audit: plan }: DecisionRecord, model: ModelId): Promise<void> => {
    if (plan === undefined || !isDrawnForAudit(id, plan.probability)) return
    const value = await judge({ decisionId: id, model })
    if (value === null) return
    queue.offer({ kind: 'audit', atMs: now(), decision: id, model, value, probability: plan.probability })
  }
  return {
    plan(record, name) {
      const probability = policy(name).auditProbability(record)
      return probability > 0 ? { probability, humanShare: 1 } : undefined
    },
    consider(routed, model) {
      if (routed.policy === PINNED_POLICY) return
      // Nothing of an audit, a policy that a reload removed included, may disturb the request that it is about.
      audit(routed.record, model).catch(error => observer.fault('audit', error))
    },
  }
}
