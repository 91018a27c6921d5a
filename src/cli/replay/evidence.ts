import { type Evidence, evidenceOf } from '../../routing/predict/evidence.ts'
import type { ReplayJob } from './job.ts'

/** What the rows that the policy starts from are good for; `null` for a cold start. */
export function evidenceOfJob({ request, prepared, warmStart }: ReplayJob): Evidence | null {
  switch (warmStart.kind) {
    case 'none':
      return null
    case 'trained':
      return warmStart.trained.evidence
    case 'share':
      return evidenceOf(Math.round(warmStart.share * (request.limit ?? prepared.trace.rows.length)))
    case 'trace':
      return evidenceOf(warmStart.prepared.trace.rows.length)
  }
}
