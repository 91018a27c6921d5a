import type { Attempt } from './attempt.ts'

/** Who has to act so that the error goes away. */
export type Responsible = 'caller' | 'provider' | 'operator' | 'plimsoll'

interface ErrorKind {
  readonly status: number
  /** The `type` of the OpenAI error object. */
  readonly type: string
  readonly responsible: Responsible
}

const caller = (status: number, type = 'invalid_request_error'): ErrorKind => ({
  status,
  type,
  responsible: 'caller',
})
const provider = (status: number, type = 'upstream_error'): ErrorKind => ({
  status,
  type,
  responsible: 'provider',
})

/** Every error that a client can be shown: the closed list of `error.code`. */
export const ERROR_KINDS = {
  invalid_request: caller(400),
  context_length_exceeded: caller(400),
  invalid_api_key: caller(401, 'authentication_error'),
  forbidden_class: caller(403, 'permission_error'),
  forbidden_floor: caller(403, 'permission_error'),
  forbidden_origin: caller(403, 'permission_error'),
  model_not_found: caller(404),
  class_not_found: caller(404),
  decision_not_found: caller(404),
  audit_not_found: caller(404),
  feedback_expired: caller(410),
  path_not_found: caller(404),
  method_not_allowed: caller(405),
  request_timeout: caller(408),
  request_too_large: caller(413),
  no_eligible_model: caller(422),
  upstream_rejected: caller(400),
  client_closed_request: caller(499),
  upstream_rate_limited: provider(429, 'rate_limit_error'),
  upstream_error: provider(502),
  upstream_invalid_response: provider(502),
  upstream_truncated: provider(502),
  upstream_unavailable: provider(503),
  upstream_timeout: provider(504),
  upstream_credentials: { status: 502, type: 'upstream_error', responsible: 'operator' },
  upstream_not_found: { status: 502, type: 'upstream_error', responsible: 'operator' },
  store_unavailable: { status: 503, type: 'service_unavailable', responsible: 'operator' },
  internal: { status: 500, type: 'server_error', responsible: 'plimsoll' },
} as const satisfies Readonly<Record<string, ErrorKind>>

export type ErrorCode = keyof typeof ERROR_KINDS

/** Looks a code's status, type and responsible party up. */
export function errorKind(code: ErrorCode): ErrorKind {
  return ERROR_KINDS[code]
}

/** What an error carries beyond its code and message. */
export interface ErrorDetails {
  /** The field of the request that is at fault, as a path. */
  readonly param?: string
  readonly decisionId?: string
  readonly attempts?: readonly Attempt[]
  /** Why each model was ruled out. */
  readonly reasons?: Readonly<Record<string, string>>
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** The one base of all errors that end a request. The message is shown to the client: no secret, no prompt text. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.details = details
  }

  get status(): number {
    return errorKind(this.code).status
  }
}

/** Turns anything thrown into an error that may be shown: an unknown one becomes `internal`, its message hidden. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError(
    'internal',
    'something went wrong inside the gateway; the log names it by the request id',
    {
      cause: thrown,
    },
  )
}
