import type { UpstreamFailure } from '../../inference/attempt.ts'
import type { Usage } from '../../inference/usage.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** True for a JSON object: not null, no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const count = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : null

/**
 * Reads the usage of a completion or of a stream's chunk; `null` when it carries none.
 * Groq repeats the same usage under `x_groq`, so the top level wins and neither is added to the other.
 */
export function usageOf(message: JsonObject): Usage | null {
  const nested = isObject(message.x_groq) ? message.x_groq.usage : undefined
  const usage = isObject(message.usage) ? message.usage : nested
  if (!isObject(usage)) return null
  const promptTokens = count(usage.prompt_tokens)
  const completion = count(usage.completion_tokens)
  if (promptTokens === null && completion === null) return null
  const input = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {}
  const output = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {}
  const reasoning = count(output.reasoning_tokens) ?? count(usage.reasoning_tokens) ?? 0
  // xAI counts reasoning outside completion_tokens in most answers; only the total tells which of the two it is.
  const outside =
    reasoning > 0 && (promptTokens ?? 0) + (completion ?? 0) + reasoning === count(usage.total_tokens)
  return {
    promptTokens: promptTokens ?? 0,
    completionTokens: (completion ?? 0) + (outside ? reasoning : 0),
    cachedTokens: count(input.cached_tokens) ?? count(usage.prompt_cache_hit_tokens),
    reportedCostUsd: count(usage.cost),
    estimated: false,
  }
}

/** The finish reason of the first choice that has one. */
export function finishReasonOf(message: JsonObject): string | null {
  if (!Array.isArray(message.choices)) return null
  for (const choice of message.choices)
    if (isObject(choice) && typeof choice.finish_reason === 'string') return choice.finish_reason
  return null
}

const OUTPUT_FIELDS = [
  'content',
  'refusal',
  'reasoning',
  'reasoning_content',
  'tool_calls',
  'function_call',
  'audio',
]

/** Characters of output that a chunk or message carries; -1 when it has no output at all (a role, a keep-alive). */
export function outputLength(message: JsonObject, part: 'delta' | 'message'): number {
  if (!Array.isArray(message.choices)) return -1
  let length = -1
  for (const choice of message.choices) {
    const body = isObject(choice) ? choice[part] : null
    if (!isObject(body)) continue
    for (const field of OUTPUT_FIELDS) {
      const value = body[field]
      if (typeof value === 'string' && value.length > 0) length = Math.max(0, length) + value.length
      else if (typeof value === 'object' && value !== null && !(Array.isArray(value) && value.length === 0))
        length = Math.max(0, length) + JSON.stringify(value).length
    }
  }
  return length
}

/** A usual answer has about four characters per token. */
export function tokensOfLength(characters: number): number {
  return characters <= 0 ? 0 : Math.ceil(characters / 4)
}

const MESSAGE_LIMIT = 500

/** The provider's own words, whatever the shape of its error; shortened, because some providers echo the request. */
export function errorMessageOf(body: unknown): string | null {
  const inner = Array.isArray(body) ? body[0] : body
  if (!isObject(inner)) return null
  const error = isObject(inner.error) ? inner.error : inner
  const message = typeof inner.error === 'string' ? inner.error : error.message
  return typeof message === 'string' ? message.slice(0, MESSAGE_LIMIT) : null
}

const BILLING_CODES =
  /insufficient_quota|credit_balance_exhausted|spend_limit_exceeded|usage_limit_exceeded|billing/
const OVERFLOW =
  /context window|context length|context_length|prompt is too long|reduce the length of the messages|maximum allowed input length|available context size|maximum prompt length/i

/** What a provider's error status and body mean for the caller and for what may be tried next. */
export function failureOf(status: number, body: unknown, retryAfterMs: number | null): UpstreamFailure {
  const said = errorMessageOf(body)
  const failure = (
    code: UpstreamFailure['code'],
    message: string,
    next: { readonly retryable: boolean; readonly fallback: boolean },
  ): UpstreamFailure => ({ code, message, status, retryAfterMs, ...next })
  const answered = `the provider answered ${status}${said === null ? '' : `: ${said}`}`
  const text = JSON.stringify(body ?? '').slice(0, 2000)
  if (status === 401 || status === 402 || status === 403)
    // The provider's words may quote a part of the key, so they are not shown.
    return failure(
      'upstream_credentials',
      `the provider answered ${status}: the operator must check its key and credit`,
      {
        retryable: false,
        fallback: true,
      },
    )
  if (status === 429) {
    const billing = BILLING_CODES.test(text)
    return failure('upstream_rate_limited', answered, { retryable: !billing, fallback: true })
  }
  if (status === 404)
    return failure('upstream_not_found', `${answered}; the operator must check baseUrl and upstreamModel`, {
      retryable: false,
      fallback: true,
    })
  if (status === 408 || status === 409 || status === 425)
    return failure('upstream_unavailable', answered, { retryable: true, fallback: true })
  if ((status === 400 || status === 413 || status === 422) && OVERFLOW.test(text))
    return failure('context_length_exceeded', answered, { retryable: false, fallback: true })
  if (status >= 400 && status < 500)
    return failure('upstream_rejected', answered, { retryable: false, fallback: false })
  if (status === 503 || status === 529)
    return failure('upstream_unavailable', answered, { retryable: true, fallback: true })
  if (status === 504) return failure('upstream_timeout', answered, { retryable: true, fallback: true })
  return failure('upstream_error', answered, { retryable: true, fallback: true })
}

/** An error inside a 200 answer or a stream: its own code decides where it is a status, else it is the provider's failure. */
export function embeddedFailure(message: JsonObject): UpstreamFailure | null {
  const error = message.error
  if (error === undefined || error === null || error === false) return null
  const code = isObject(error) ? error.code : null
  const status = isObject(error) ? (error.status_code ?? code) : null
  const numeric = typeof status === 'number' && status >= 400 && status < 600 ? status : null
  if (numeric !== null) return failureOf(numeric, message, null)
  const limited = typeof code === 'string' && /rate_limit|slow_down/.test(code)
  return {
    code: limited ? 'upstream_rate_limited' : 'upstream_error',
    message: `the provider reported an error inside its answer: ${errorMessageOf(message) ?? 'no message'}`,
    status: 200,
    retryAfterMs: null,
    retryable: true,
    fallback: true,
  }
}

/** What `retry-after-ms` (float milliseconds) or `retry-after` (seconds or an HTTP date) ask for; `null` without either. */
export function retryAfterOf(headers: Readonly<Record<string, unknown>>, nowMs: number): number | null {
  const ms = Number.parseFloat(String(headers['retry-after-ms'] ?? ''))
  if (Number.isFinite(ms)) return Math.max(0, ms)
  const header = headers['retry-after']
  if (typeof header !== 'string') return null
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number.parseFloat(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs)
}
