import type { Pool } from 'undici'
import type { Answer } from '../inference/answer.ts'
import type { UpstreamFailure } from '../inference/attempt.ts'
import type { Cancellation } from '../inference/cancellation.ts'
import type { InferenceRequest } from '../inference/inference-request.ts'
import { type ModelId, modelId } from '../routing/model.ts'
import type { CircuitBreaker } from '../upstream/circuit-breaker.ts'
import type { ConnectionPools } from '../upstream/openai/connection-pools.ts'
import { failureOf, retryAfterOf } from '../upstream/openai/from-wire.ts'
import type { CallResult, Upstream } from '../upstream/upstream.ts'
import type { AuditTask, Judge } from './judge.ts'

const CONNECT_TIMEOUT_MS = 5_000
const ANSWER_LIMIT_BYTES = 64 * 1024

/** Where a check runs. */
export interface CallbackOptions {
  readonly url: string
  /** Sent as a bearer token; `null`: none. */
  readonly apiKey: string | null
  readonly timeoutMs: number
}

/**
 * A callback as an upstream, so that it is retried and rested like one: POSTs the bytes of a request and answers with the
 * bytes of the response.
 */
export function createCallbackUpstream(options: CallbackOptions, pools: ConnectionPools): Upstream {
  const url = new URL(options.url)
  const pool = pools.pool(url.origin, CONNECT_TIMEOUT_MS)
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(options.apiKey === null ? {} : { authorization: `Bearer ${options.apiKey}` }),
  }
  const model: ModelId = modelId(`callback/${url.host}`)
  const path = `${url.pathname}${url.search}`
  return {
    model,
    provider: url.host,
    call: (request, { cancellation }) =>
      post(
        pool,
        { path, headers, body: request.body('', false), timeoutMs: options.timeoutMs },
        cancellation,
      ),
  }
}

interface Post {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly timeoutMs: number
}

async function post(pool: Pool, sent: Post, cancellation: Cancellation): Promise<CallResult> {
  const { path, headers, body, timeoutMs } = sent
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort('timeout'), timeoutMs)
  cancellation.onCancel({ cancel: () => stop.abort('cancelled') })
  try {
    const response = await pool.request({
      method: 'POST',
      path,
      headers: { ...headers },
      body: Buffer.from(body),
      signal: stop.signal,
    })
    const bytes = await readBounded(response.body)
    const status = response.statusCode
    if (status < 200 || status >= 300)
      return { ok: false, failure: failureOf(status, null, retryAfterOf(response.headers, Date.now())) }
    return { ok: true, status, answer: wholeAnswer(bytes) }
  } catch (error) {
    return { ok: false, failure: brokenCall(error, stop.signal) }
  } finally {
    clearTimeout(timer)
    cancellation.onCancel(null)
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > ANSWER_LIMIT_BYTES) throw new RangeError('the answer of the callback is longer than 64 KiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function wholeAnswer(body: Buffer): Answer {
  return { kind: 'whole', rateLimits: [], body, usage: null, outputTokensEstimate: 0, finishReason: null }
}

function brokenCall(error: unknown, signal: AbortSignal): UpstreamFailure {
  const failure = { status: null, retryAfterMs: null, retryable: true, fallback: false } as const
  if (signal.reason === 'cancelled')
    return { ...failure, code: 'client_closed_request', message: 'cancelled', retryable: false }
  if (signal.aborted)
    return { ...failure, code: 'upstream_timeout', message: 'the callback did not answer in time' }
  if (error instanceof RangeError)
    return { ...failure, code: 'upstream_invalid_response', message: error.message, retryable: false }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
  return { ...failure, code: 'upstream_unavailable', message: `the callback cannot be reached (${code})` }
}

/** An HTTP callback that judges. */
export interface CallbackJudgeOptions {
  /** A callback upstream with its wrappers. */
  readonly upstream: Upstream
  readonly breaker: Pick<CircuitBreaker, 'allows'>
  /** Wall clock in milliseconds. */
  readonly now: () => number
}

/** A judge that POSTs `{decision_id, class, model, request, answer, complete}` and is answered `{"value": x}`, x in [0, 1]. */
export function createCallbackJudge({ upstream, breaker, now }: CallbackJudgeOptions): Judge {
  return {
    available: () => breaker.allows(now()),
    async judge(task, cancellation) {
      const result = await upstream.call(callbackRequest(task), { cancellation, attempts: [] })
      if (!result.ok) return { kind: 'failed', code: result.failure.code, costUsd: null }
      const value = result.answer.kind === 'whole' ? judgedValue(result.answer.body) : null
      return value === null ? { kind: 'no-verdict', costUsd: null } : { kind: 'label', value, costUsd: null }
    },
  }
}

function callbackRequest({ decisionId, className, model, transcript }: AuditTask): InferenceRequest {
  const names = JSON.stringify({ decision_id: decisionId, class: className, model })
  const body = Buffer.from(`${names.slice(0, -1)},${transcript.slice(1)}`)
  return { protocol: 'openai', stream: false, requires: [], maxOutputTokens: null, body: () => body }
}

function judgedValue(body: Uint8Array): number | null {
  let document: unknown
  try {
    document = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return null
  }
  if (typeof document !== 'object' || document === null || !('value' in document)) return null
  const { value } = document
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : null
}
