import { HUMAN_METRIC, JUDGE_METRIC, MISSED_METRIC } from '../audit/audit-events.ts'

/** What the gateway says of an answer by itself, as feedback that nobody else may give under these names. */
export const OWN_METRICS: ReadonlySet<string> = new Set([
  MISSED_METRIC,
  JUDGE_METRIC,
  HUMAN_METRIC,
  'regenerated',
  'rephrased',
  'abandoned',
])
