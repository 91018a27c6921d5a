/** What tells policy instances apart. */
export interface PolicyIdentity {
  readonly policy: string
  readonly policyParameters: Readonly<Record<string, number>>
  readonly auditBudget: number
}

/** Names a policy instance: `mess-plus`, or `mess-plus?c=0.2&v=0.001` with parameters in alphabetical order. */
export function policyKey(identity: PolicyIdentity): string {
  const parameters = Object.entries(identity.policyParameters).sort(([a], [b]) => (a < b ? -1 : 1))
  const stated = parameters.map(([name, value]) => `${name}=${value}`)
  if (identity.auditBudget > 0) stated.push(`auditBudget=${identity.auditBudget}`)
  return stated.length === 0 ? identity.policy : `${identity.policy}?${stated.join('&')}`
}
