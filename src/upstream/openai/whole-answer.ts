import type { WholeAnswer } from '../../inference/answer.ts'
import type { UpstreamFailure } from '../../inference/attempt.ts'
import {
  embeddedFailure,
  finishReasonOf,
  isObject,
  outputLength,
  tokensOfLength,
  usageOf,
} from './from-wire.ts'

/** A complete body read, or what is wrong with it. */
export type WholeResult =
  | { readonly ok: true; readonly answer: Omit<WholeAnswer, 'rateLimits'> }
  | { readonly ok: false; readonly failure: UpstreamFailure }

/** Reads a complete answer for its usage and its end; the bytes stay as they are. */
export function parseWhole(body: Buffer): WholeResult {
  let message: unknown
  try {
    message = JSON.parse(body.toString('utf8'))
  } catch {
    message = null
  }
  if (!isObject(message)) return { ok: false, failure: invalid('the answer is no JSON object') }
  const failure = embeddedFailure(message)
  if (failure !== null) return { ok: false, failure }
  if (!Array.isArray(message.choices) || message.choices.length === 0)
    return { ok: false, failure: invalid('the answer has no choices') }
  const usage = usageOf(message)
  return {
    ok: true,
    answer: {
      kind: 'whole',
      body,
      usage,
      outputTokensEstimate: usage === null ? tokensOfLength(outputLength(message, 'message')) : 0,
      finishReason: finishReasonOf(message),
    },
  }
}

function invalid(message: string): UpstreamFailure {
  return {
    code: 'upstream_invalid_response',
    message,
    status: 200,
    retryAfterMs: null,
    retryable: true,
    fallback: true,
  }
}
