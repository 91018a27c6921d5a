import type { StreamPart } from '../../inference/answer.ts'
import type { UpstreamFailure } from '../../inference/attempt.ts'
import type { Usage } from '../../inference/usage.ts'
import { EventReader, eventData } from './event-reader.ts'
import {
  embeddedFailure,
  finishReasonOf,
  isObject,
  outputLength,
  tokensOfLength,
  usageOf,
} from './from-wire.ts'

const EVENT_LIMIT_BYTES = 16 * 1024 * 1024
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const SPACE = 32

const invalid = (message: string): UpstreamFailure => ({
  code: 'upstream_invalid_response',
  message,
  status: 200,
  retryAfterMs: null,
  retryable: true,
  fallback: true,
})

/** Receives what the observer finds, in the order of the stream. */
export interface ObserverOutput {
  part(part: StreamPart): void
  /** The first real output: from here on there is no way back to another model. */
  firstOutput(): void
  /** The end marker: the answer is complete, whatever the connection does next. */
  done(): void
  failure(failure: UpstreamFailure): void
}

/**
 * Watches a stream go by: finds its first output, its usage, its end and its errors.
 * Events that carry none of these are passed on without being parsed.
 */
export class StreamObserver {
  readonly #reader = new EventReader(EVENT_LIMIT_BYTES)
  readonly #out: ObserverOutput
  #started = false
  #done = false
  #failed = false
  #usage: Usage | null = null
  #finishReason: string | null = null
  #eventBytes = 0
  #events = 0
  #envelopeBytes = 0

  constructor(out: ObserverOutput) {
    this.#out = out
  }

  get usage(): Usage | null {
    return this.#usage
  }

  get finishReason(): string | null {
    return this.#finishReason
  }

  /** Output tokens from lengths: the bytes beyond the first event's envelope, four to a token, at least one per event. */
  get outputTokensEstimate(): number {
    const content = this.#eventBytes - this.#events * this.#envelopeBytes
    return Math.max(this.#events, tokensOfLength(content))
  }

  push(chunk: Buffer): void {
    try {
      this.#reader.push(chunk, this.#event)
    } catch (error) {
      this.#fail(invalid(error instanceof Error ? error.message : 'the stream cannot be read'))
    }
  }

  /** The connection ended cleanly; says what is wrong with a stream that is not complete. */
  end(): void {
    if (this.#failed) return
    this.#reader.end(this.#event)
    if (this.#failed) return
    // Some servers never send the end marker; a finish reason is as good.
    if (this.#done) return
    if (this.#started && this.#finishReason !== null) this.#finish()
    else if (this.#started)
      this.#fail({ ...invalid('the stream ended in the middle of the answer'), code: 'upstream_truncated' })
    else this.#fail(invalid('the stream ended without any output'))
  }

  #finish(): void {
    this.#done = true
    if (this.#started) this.#out.done()
    else this.#fail(invalid('the stream ended without any output'))
  }

  #fail(failure: UpstreamFailure): void {
    if (this.#failed) return
    this.#failed = true
    this.#out.failure(failure)
  }

  readonly #event = (event: Buffer): void => {
    if (this.#failed || this.#done) return
    if (this.#started && isPlainChunk(event)) {
      this.#events++
      this.#eventBytes += event.length
      this.#out.part({ kind: 'output', bytes: event })
      return
    }
    const data = eventData(event)
    if (data === null || data === '') {
      if (this.#started) this.#out.part({ kind: 'output', bytes: event })
    } else if (data.startsWith('[DONE]')) this.#finish()
    else this.#parsed(event, data)
  }

  #parsed(event: Buffer, data: string): void {
    let message: unknown
    try {
      message = JSON.parse(data)
    } catch {
      message = null
    }
    const failure = isObject(message)
      ? embeddedFailure(message)
      : invalid('the stream holds an event that is no JSON object')
    if (failure !== null) this.#fail(failure)
    else if (isObject(message)) this.#chunk(event, message)
  }

  #chunk(event: Buffer, message: Readonly<Record<string, unknown>>): void {
    const length = outputLength(message, 'delta')
    const finish = finishReasonOf(message)
    if (finish !== null) this.#finishReason = finish
    if (length >= 0) {
      if (this.#events === 0) this.#envelopeBytes = Math.max(0, event.length - length)
      this.#events++
      this.#eventBytes += event.length
    }
    const usage = usageOf(message)
    if (usage === null) this.#out.part({ kind: 'output', bytes: event })
    else {
      this.#usage = usage
      const alone = !Array.isArray(message.choices) || message.choices.length === 0
      this.#out.part({ kind: 'usage', bytes: event, event: message, alone })
    }
    if (!this.#started && (length >= 0 || finish !== null)) {
      this.#started = true
      this.#out.firstOutput()
    }
  }
}

/**
 * True for `data: {…}` with LF ends and neither usage, error nor finish reason in it: nothing to learn, pass it on.
 * The markers are sound: inside a JSON string their quotes would be escaped.
 */
function isPlainChunk(event: Buffer): boolean {
  const last = event.length - 3
  if (last < 7 || event[6] !== OPEN_BRACE || event[last] !== CLOSE_BRACE) return false
  if (event[0] !== 100 || event[4] !== 58 || event[5] !== SPACE) return false
  if (hasValue(event, '"usage"', OPEN_BRACE)) return false
  if (hasValue(event, '"finish_reason"', 34)) return false
  return event.indexOf('"error"', 6, 'latin1') < 0
}

/** Whether a key occurs with a value that starts with the given byte; `null` values do not count. */
function hasValue(event: Buffer, key: string, first: number): boolean {
  let index = event.indexOf(key, 6, 'latin1')
  while (index >= 0) {
    let at = index + key.length
    while (event[at] === SPACE || event[at] === 58) at++
    if (event[at] === first) return true
    index = event.indexOf(key, at, 'latin1')
  }
  return false
}
