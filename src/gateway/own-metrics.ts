import { auditMetrics } from '../routing/audit-plan.ts'

/** What the gateway says of an answer by itself, as feedback that nobody else may give under these names. */
export const OWN_METRICS: ReadonlySet<string> = new Set([
  ...Object.values(auditMetrics),
  'regenerated',
  'rephrased',
  'abandoned',
])
