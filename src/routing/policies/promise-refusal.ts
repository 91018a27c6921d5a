import { unknowableRemark } from '../price/promise-remarks.ts'
import type { SlaClass } from '../sla.ts'
import { policyDefinitions } from './registry.ts'
import { bringsLabels } from './usable-label.ts'

/** A promise with what it would rest on. */
export interface StatedPromise {
  readonly sla: Pick<SlaClass, 'promise' | 'feedback' | 'floor' | 'delta'>
  /** As `createPolicy` takes it. */
  readonly policy: string
  /** Share of the decisions that may be audited, in [0, 1]. */
  readonly auditBudget: number
}

/** Why a promise cannot be made as it is stated, in one sentence with what to do; `null` where it can. */
export function promiseRefusal({ sla, policy, auditBudget }: StatedPromise): string | null {
  if (sla.promise !== 'certified') return null
  const certifying = policyDefinitions.filter(definition => definition.certifies === true)
  const name = policy.split(':')[0] ?? ''
  if (!certifying.some(definition => definition.name === name)) {
    const list = certifying.map(definition => definition.name).join(', ')
    return `a certified promise needs a policy that aims above the floor, and ${name} holds it on average at best; take ${list}, or promise on-average`
  }
  if (bringsLabels(sla.feedback, auditBudget)) return null
  return `${unknowableRemark(sla)}; give an audit budget, or promise on-average`
}
