import type { Answer } from '../inference/answer.ts'
import type { Attempt, UpstreamFailure } from '../inference/attempt.ts'
import type { Cancellation } from '../inference/cancellation.ts'
import type { InferenceRequest } from '../inference/inference-request.ts'
import type { ModelId } from '../routing/model.ts'

/** What came of calling an upstream. A stream counts as an answer once its first output is there. */
export type CallResult =
  | { readonly ok: true; readonly status: number; readonly answer: Answer }
  | { readonly ok: false; readonly failure: UpstreamFailure }

/** What accompanies one request through all its calls. */
export interface CallContext {
  readonly cancellation: Cancellation
  /** Every call that was made, in order; whoever makes a call appends to it. */
  readonly attempts: Attempt[]
}

/** One model at one provider. */
export interface Upstream {
  readonly model: ModelId
  readonly provider: string
  /** Makes one call. Never rejects; a cancelled call ends with `client_closed_request`. */
  call(request: InferenceRequest, context: CallContext): Promise<CallResult>
}

/** How long one call may take. */
export interface CallTimeouts {
  readonly connect: number
  /** To the first output of a stream. */
  readonly firstToken: number
  readonly total: number
}
