import type { ClassConfig } from './config.ts'

/** Names a policy instance: classes with the same policy, parameters and audit budget share one. */
export function policyKey(config: Pick<ClassConfig, 'policy' | 'policyParameters' | 'auditBudget'>): string {
  const parameters = Object.entries(config.policyParameters).sort(([a], [b]) => (a < b ? -1 : 1))
  const stated = parameters.map(([name, value]) => `${name}=${value}`)
  if (config.auditBudget > 0) stated.push(`auditBudget=${config.auditBudget}`)
  return stated.length === 0 ? config.policy : `${config.policy}?${stated.join('&')}`
}
