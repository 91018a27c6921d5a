import type { ModelId } from '../routing/model.ts'
import type { ErrorCode } from './errors.ts'

/** One call of an upstream, as it is listed in errors and in the log. */
export interface Attempt {
  readonly provider: string
  readonly model: ModelId
  /** HTTP status that the provider answered; `null` when none arrived. */
  readonly status: number | null
  readonly ms: number
  /** `null` for an answer. */
  readonly code: ErrorCode | null
}

/** Why an upstream gave no answer; a value, because another upstream may still give one. */
export interface UpstreamFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly status: number | null
  /** What the provider asked to wait; `null` when it said nothing. */
  readonly retryAfterMs: number | null
  /** The same call may succeed when it is made again. */
  readonly retryable: boolean
  /** Another model may succeed where this one did not. */
  readonly fallback: boolean
}
