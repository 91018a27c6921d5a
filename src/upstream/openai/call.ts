import type { IncomingHttpHeaders } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { Dispatcher } from 'undici'
import type { StreamAnswer, StreamEnd, StreamPart, StreamSink } from '../../inference/answer.ts'
import type { UpstreamFailure } from '../../inference/attempt.ts'
import type { Cancellable, Cancellation } from '../../inference/cancellation.ts'
import type { CallResult, CallTimeouts } from '../upstream.ts'
import { failureOf, retryAfterOf } from './from-wire.ts'
import { type ObserverOutput, StreamObserver } from './stream-observer.ts'
import { parseWhole } from './whole-answer.ts'

const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
const ERROR_BODY_LIMIT_BYTES = 64 * 1024

const failure = (code: UpstreamFailure['code'], message: string, again: boolean): UpstreamFailure => ({
  code,
  message,
  status: null,
  retryAfterMs: null,
  retryable: again,
  fallback: again,
})

/** What one call is made with. */
export interface OpenAiCallOptions {
  readonly stream: boolean
  readonly timeouts: CallTimeouts
  readonly cancellation: Cancellation
  readonly resolve: (result: CallResult) => void
}

/**
 * One call over HTTP, from dispatch to the last byte. It settles once: with a whole answer, with a stream whose first
 * output is there, or with a failure. After a stream has settled, later failures end it through `relay`.
 */
export class OpenAiCall implements Dispatcher.DispatchHandler, ObserverOutput, Cancellable {
  readonly #stream: boolean
  readonly #timeouts: CallTimeouts
  readonly #startedAt = performance.now()
  readonly #cancellation: Cancellation
  #resolve: ((result: CallResult) => void) | null
  #controller: Dispatcher.DispatchController | null = null
  #timer: NodeJS.Timeout | null
  #status = 0
  #retryAfterMs: number | null = null
  #rateLimits: readonly string[] = []
  #chunks: Buffer[] = []
  #bytes = 0
  #observer: StreamObserver | null = null
  #held: StreamPart[] = []
  #sink: StreamSink | null = null
  #endRelay: ((end: StreamEnd) => void) | null = null
  #end: StreamEnd | null = null
  #over = false

  constructor({ stream, timeouts, cancellation, resolve }: OpenAiCallOptions) {
    this.#stream = stream
    this.#timeouts = timeouts
    this.#cancellation = cancellation
    this.#resolve = resolve
    const first = stream ? Math.min(timeouts.firstToken, timeouts.total) : timeouts.total
    this.#timer = setTimeout(() => this.#timedOut(first), first)
    cancellation.onCancel(this)
  }

  /** The client is gone: the connection is cut, so that the provider stops working. */
  cancel(): void {
    this.#finish(failure('client_closed_request', 'the client closed the connection', false))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) controller.abort(new Error('cancelled before the request was sent'))
    this.#controller = controller
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#status = status
    if (status >= 300) this.#retryAfterMs = retryAfterOf(headers, Date.now())
    else {
      this.#rateLimits = rateLimitsOf(headers)
      if (this.#stream) this.#observer = new StreamObserver(this)
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    if (this.#observer !== null) this.#observer.push(chunk)
    else this.#collect(chunk)
  }

  onResponseEnd(): void {
    if (this.#over) return
    if (this.#observer !== null) this.#observer.end()
    else this.#complete()
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#over) return
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
    if (code === 'UND_ERR_CONNECT_TIMEOUT')
      this.#finish(failure('upstream_timeout', `no connection within ${this.#timeouts.connect} ms`, true))
    else if (this.#status > 0)
      this.#finish(
        failure('upstream_truncated', `the connection broke in the middle of the answer (${code})`, true),
      )
    else this.#finish(failure('upstream_unavailable', `the provider cannot be reached (${code})`, true))
  }

  #collect(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#status >= 300 && this.#bytes > ERROR_BODY_LIMIT_BYTES) return
    if (this.#bytes <= ANSWER_LIMIT_BYTES) this.#chunks.push(chunk)
    else this.#finish(failure('upstream_invalid_response', 'the answer is longer than 64 MiB', true))
  }

  #complete(): void {
    const [only] = this.#chunks
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks)
    if (this.#status >= 300) {
      this.#finish(failureOf(this.#status, parseLoosely(body), this.#retryAfterMs))
      return
    }
    const parsed = parseWhole(body)
    if (!parsed.ok) {
      this.#finish(parsed.failure)
      return
    }
    this.#over = true
    this.#settle({
      ok: true,
      status: this.#status,
      answer: { ...parsed.answer, rateLimits: this.#rateLimits },
    })
    this.#letGo()
  }

  part(part: StreamPart): void {
    if (this.#sink === null) this.#held.push(part)
    else if (!this.#sink.write(part)) this.#controller?.pause()
  }

  firstOutput(): void {
    if (this.#resolve === null) return
    this.#stopTimer()
    const firstTokenMs = performance.now() - this.#startedAt
    const rest = Math.max(1, this.#timeouts.total - firstTokenMs)
    this.#timer = setTimeout(() => this.#timedOut(this.#timeouts.total), rest)
    const answer: StreamAnswer = {
      kind: 'stream',
      rateLimits: this.#rateLimits,
      firstTokenMs,
      relay: sink => this.#relay(sink),
      resume: () => this.#controller?.resume(),
    }
    const resolve = this.#resolve
    this.#resolve = null
    resolve({ ok: true, status: this.#status, answer })
  }

  failure(found: UpstreamFailure): void {
    this.#finish(found)
  }

  done(): void {
    this.#over = true
    this.#endStream(null)
    this.#letGo()
  }

  #relay(sink: StreamSink): Promise<StreamEnd> {
    this.#sink = sink
    const held = this.#held
    this.#held = []
    for (const part of held) this.part(part)
    if (this.#end !== null) return Promise.resolve(this.#end)
    return new Promise(resolve => {
      this.#endRelay = resolve
    })
  }

  #timedOut(limitMs: number): void {
    const what = this.#stream && this.#resolve !== null ? 'no output' : 'no complete answer'
    this.#finish(failure('upstream_timeout', `${what} within ${Math.round(limitMs)} ms`, true))
  }

  #finish(found: UpstreamFailure): void {
    if (this.#over) return
    this.#over = true
    if (this.#resolve !== null) this.#settle({ ok: false, failure: found })
    else this.#endStream(found)
    // Resuming first: a paused connection would keep its socket for ever.
    this.#controller?.resume()
    this.#controller?.abort(new Error(found.message))
    this.#letGo()
  }

  #settle(result: CallResult): void {
    const resolve = this.#resolve
    this.#resolve = null
    resolve?.(result)
  }

  #endStream(found: UpstreamFailure | null): void {
    this.#end = {
      usage: this.#observer?.usage ?? null,
      outputTokensEstimate: this.#observer?.outputTokensEstimate ?? 0,
      finishReason: this.#observer?.finishReason ?? null,
      failure: found,
    }
    this.#endRelay?.(this.#end)
  }

  /** The request outlives its call by a while, the connection and what was received must not outlive it as well. */
  #letGo(): void {
    this.#stopTimer()
    this.#cancellation.onCancel(null)
    this.#controller = null
    this.#chunks = []
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

function rateLimitsOf(headers: IncomingHttpHeaders): readonly string[] {
  const found: string[] = []
  for (const name in headers) {
    const value = headers[name]
    if (name.startsWith('x-ratelimit-') && typeof value === 'string') found.push(name, value)
  }
  return found
}

/** An error's body as JSON where it is JSON, else as text. */
function parseLoosely(body: Buffer): unknown {
  const text = body.toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    return { error: { message: text.slice(0, 200) } }
  }
}
