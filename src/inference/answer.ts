import type { UpstreamFailure } from './attempt.ts'
import type { Usage } from './usage.ts'

/** A complete answer. */
export interface WholeAnswer {
  readonly kind: 'whole'
  /** The provider's `x-ratelimit-*`: names and values in turn. */
  readonly rateLimits: readonly string[]
  /** The provider's bytes, untouched. */
  readonly body: Uint8Array
  readonly usage: Usage | null
  /** Output tokens estimated from lengths, for a provider that reports no usage. */
  readonly outputTokensEstimate: number
  readonly finishReason: string | null
}

/** A piece of a streamed answer: whole events of the wire protocol. */
export type StreamPart =
  | { readonly kind: 'output'; readonly bytes: Uint8Array }
  /** One event that carries usage; `alone` when it carries nothing else. */
  | {
      readonly kind: 'usage'
      readonly bytes: Uint8Array
      readonly event: Readonly<Record<string, unknown>>
      readonly alone: boolean
    }

/** Where the parts of a stream go. */
export interface StreamSink {
  /** Returns false when full: nothing more comes until `StreamAnswer.resume()`. */
  write(part: StreamPart): boolean
}

/** How a stream ended. */
export interface StreamEnd {
  readonly usage: Usage | null
  readonly outputTokensEstimate: number
  readonly finishReason: string | null
  /** `null` for a complete answer. */
  readonly failure: UpstreamFailure | null
}

/** An answer whose first output has arrived. */
export interface StreamAnswer {
  readonly kind: 'stream'
  /** The provider's `x-ratelimit-*`: names and values in turn. */
  readonly rateLimits: readonly string[]
  readonly firstTokenMs: number
  /** Hands all parts to the sink, those that have come included; resolves at the end and never rejects. */
  relay(sink: StreamSink): Promise<StreamEnd>
  resume(): void
}

export type Answer = WholeAnswer | StreamAnswer
