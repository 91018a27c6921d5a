import type { Embedding } from '../routing/features/features.ts'
import { type Encoder, isEncodable } from './encoder.ts'

/**
 * How the encoding of one prompt ended. Only `encoded` gives an embedding: `timeout` and `error` are failures of the encoder,
 * `busy` had too many calls under way, `down` was not tried because the calls before had failed.
 */
export type EncodeResult = 'encoded' | 'timeout' | 'error' | 'busy' | 'down'

/** How long a request waits for its embedding, and when it does not even try. */
export interface FallbackOptions {
  readonly timeoutMs: number
  /** Calls under way at once, those that timed out but have not ended included. */
  readonly maxInFlight: number
  /** After so many failures in a row the encoder counts as down. */
  readonly failures: number
  /** Time between two attempts to find out whether it is up again. */
  readonly coolDownMs: number
  /** Monotonic clock in milliseconds. */
  readonly now: () => number
  /** Hears of every attempt, those that were not made included. */
  readonly report?: (result: EncodeResult, latencyMs: number) => void
}

/** Encodes prompts as they come; never fails. */
export interface PromptEncoder {
  readonly name: string
  /** `null` where there is no embedding: the prompt is routed by its n-grams. Never rejects. */
  embed(text: string): Promise<Embedding | null>
  close(): Promise<void>
}

/** Puts a time limit, a bound on calls under way and a short circuit around an encoder, and turns every failure into `null`. */
export function withFallback(encoder: Encoder, options: FallbackOptions): PromptEncoder {
  const { now } = options
  const circuit = createShortCircuit(options)
  let inFlight = 0
  const attempt = async (text: string): Promise<Float32Array | EncodeResult> => {
    if (inFlight >= options.maxInFlight) return 'busy'
    if (!circuit.allows()) return 'down'
    inFlight++
    const cancellation = new AbortController()
    const call = firstVector(encoder, text, cancellation.signal).finally(() => {
      inFlight--
    })
    const outcome = await withinTime(call, options.timeoutMs)
    if (outcome === 'timeout') cancellation.abort()
    circuit.learn(typeof outcome !== 'string')
    return outcome
  }
  return {
    name: encoder.name,
    async embed(text) {
      if (!isEncodable(text)) return null
      const startedMs = now()
      const outcome = await attempt(text)
      const failed = typeof outcome === 'string'
      options.report?.(failed ? outcome : 'encoded', now() - startedMs)
      return failed ? null : { encoder: encoder.name, values: outcome }
    },
    close: () => encoder.close(),
  }
}

/** The vector of a text, or `error`; an encoder that throws instead of rejecting is no exception. */
async function firstVector(
  encoder: Encoder,
  text: string,
  signal: AbortSignal,
): Promise<Float32Array | 'error'> {
  try {
    const [vector] = await encoder.encode([text], signal)
    return vector ?? 'error'
  } catch {
    return 'error'
  }
}

function withinTime<T>(call: Promise<T>, timeoutMs: number): Promise<T | 'timeout'> {
  const { promise, resolve } = Promise.withResolvers<T | 'timeout'>()
  const timer = setTimeout(() => resolve('timeout'), timeoutMs)
  call.then(value => {
    clearTimeout(timer)
    resolve(value)
  })
  return promise
}

interface ShortCircuit {
  /** Whether a call may be made now; while down, one call per cool-down finds out. */
  allows(): boolean
  learn(worked: boolean): void
}

function createShortCircuit({ failures, coolDownMs, now }: FallbackOptions): ShortCircuit {
  let inRow = 0
  let nextTryMs = Number.NEGATIVE_INFINITY
  return {
    allows() {
      if (inRow < failures) return true
      if (now() < nextTryMs) return false
      nextTryMs = now() + coolDownMs
      return true
    },
    learn(worked) {
      inRow = worked ? 0 : inRow + 1
      if (inRow === failures) nextTryMs = now() + coolDownMs
    },
  }
}
