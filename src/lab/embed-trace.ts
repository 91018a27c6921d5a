import { setTimeout as sleep } from 'node:timers/promises'
import { type Encoder, EncoderError, isEncodable } from '../encoders/encoder.ts'
import { featuresName } from '../routing/features/features.ts'
import type { PreparedTrace } from './prepare-trace.ts'

/** How a trace is embedded. */
export interface EmbeddingOptions {
  /** Hears after every batch how many of how many different prompts are encoded. */
  readonly onTexts?: (encoded: number, total: number) => void
  /** Time for one batch. */
  readonly timeoutMs?: number
  /** Time before the second attempt at a batch; before the third, four times as long. */
  readonly retryMs?: number
}

const BATCH = 64
const ATTEMPTS = 3
const TIMEOUT_MS = 120_000
const RETRY_MS = 500

/**
 * Adds embeddings to the features of a prepared trace, each different prompt encoded once. Unlike a request, which goes on
 * without, this rejects with an `EncoderError` when the encoder fails for good: figures of half a trace would mean nothing.
 */
export async function embedTrace(
  prepared: PreparedTrace,
  encoder: Encoder,
  options: EmbeddingOptions = {},
): Promise<PreparedTrace> {
  const { trace, features } = prepared
  const texts = [...new Set(trace.rows.map(({ prompt }) => prompt))].filter(isEncodable)
  const vectors = new Map<string, Float32Array>()
  for (let first = 0; first < texts.length; first += BATCH) {
    const batch = texts.slice(first, first + BATCH)
    const encoded = await encodeBatch(encoder, batch, options)
    batch.forEach((text, i) => {
      const vector = encoded[i]
      if (vector !== undefined) vectors.set(text, vector)
    })
    options.onTexts?.(first + batch.length, texts.length)
  }
  return {
    ...prepared,
    encoder: featuresName(prepared.encoder, encoder.name),
    features: features.map((plain, row) => {
      const values = vectors.get(trace.rows[row]?.prompt ?? '')
      return values === undefined ? plain : { ...plain, embedding: { encoder: encoder.name, values } }
    }),
  }
}

/** Tries again what may pass: a long run should not end by one lost connection. */
async function encodeBatch(
  encoder: Encoder,
  texts: readonly string[],
  { timeoutMs = TIMEOUT_MS, retryMs = RETRY_MS }: EmbeddingOptions,
): Promise<readonly Float32Array[]> {
  for (let attempt = 1; ; attempt++) {
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      return await encoder.encode(texts, signal)
    } catch (error) {
      const passing = error instanceof EncoderError && error.fault === 'unavailable'
      if (signal.aborted || !passing || attempt === ATTEMPTS) throw signal.aborted ? late(error) : error
    }
    await sleep(retryMs * 4 ** (attempt - 1))
  }

  function late(cause: unknown): EncoderError {
    const message = `${encoder.name} did not encode ${texts.length} prompts within ${timeoutMs / 1000} s`
    return new EncoderError('unavailable', message, cause)
  }
}
