import type { Cancellation } from '../inference/cancellation.ts'
import type { DecisionId } from '../routing/decision.ts'
import type { ModelId } from '../routing/model.ts'

/** A served answer that was drawn for an audit. */
export interface AuditTask {
  readonly decisionId: DecisionId
  readonly className: string
  /** The model that answered. */
  readonly model: ModelId
  /** Probability with which it was drawn, in (0, 1]. */
  readonly probability: number
  /** `{"request": …, "answer": …, "complete": …}` as JSON: what was asked, what was served, and whether all of it was. */
  readonly transcript: string
}

/** What came of asking a judge. Cost is in USD, `null` where it is unknown. */
export type Verdict =
  /** `value` in [0, 1]; 1 satisfies. */
  | { readonly kind: 'label'; readonly value: number; readonly costUsd: number | null }
  /** The judge answered, and did not say. */
  | { readonly kind: 'no-verdict'; readonly costUsd: number | null }
  /** The judge could not be asked; `code` is of the closed list of errors. */
  | { readonly kind: 'failed'; readonly code: string; readonly costUsd: number | null }

/** Labels served answers by itself. */
export interface Judge {
  /** Never rejects; a cancelled call ends as `failed`. */
  judge(task: AuditTask, cancellation: Cancellation): Promise<Verdict>
  /** False while the judge is down: then nothing is drawn that it could not judge. */
  available(): boolean
}
