/** Turns texts into vectors whose directions carry meaning. */
export interface Encoder {
  /** Names the vector space: encoders of one name make equal vectors of equal texts. */
  readonly name: string
  /** Length of every vector. */
  readonly dimensions: number
  /**
   * One vector per text, in their order, finite. Of a long text the first and the last part are read (`encodedPart`).
   * Rejects with an `EncoderError`, soon after the signal aborts as well.
   */
  encode(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]>
  /** Gives up connections and memory; calls under way may fail. */
  close(): Promise<void>
}

/** What keeps an encoder from encoding; by who must act. */
export type EncoderFault =
  /** It cannot be reached, takes too long or says that it is in trouble. */
  | 'unavailable'
  /** It answers something else than the vectors that were asked for. */
  | 'invalid_answer'
  /** It cannot be used as it is configured: a package, a folder, a model or a key is wrong. */
  | 'misconfigured'
  | 'cancelled'

/** No vectors. The message never quotes a text or a key. */
export class EncoderError extends Error {
  readonly code = 'encoder_failed'
  readonly fault: EncoderFault

  constructor(fault: EncoderFault, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'EncoderError'
    this.fault = fault
  }
}

/** Encoders read a few hundred to a few thousand tokens, and some refuse more than that. */
const LONGEST_TEXT = 6000

/** What an encoder reads of a text: all of it, or the first and the last 3,000 UTF-16 units. */
export function encodedPart(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  return `${text.slice(0, LONGEST_TEXT / 2)} ${text.slice(-LONGEST_TEXT / 2)}`
}

/** Whether there is anything to encode: endpoints refuse empty texts, and nothing is meant by them. */
export function isEncodable(text: string): boolean {
  return /\S/.test(text)
}

/** A vector as it is kept; throws an `EncoderError` where it has another length or holds anything but finite numbers. */
export function checkedVector(
  values: ArrayLike<number>,
  { name, dimensions }: Pick<Encoder, 'name' | 'dimensions'>,
): Float32Array {
  if (values.length !== dimensions) {
    throw new EncoderError(
      'invalid_answer',
      `${name} gave a vector of ${values.length} dimensions, expected ${dimensions}; correct the dimensions or the model`,
    )
  }
  const vector = Float32Array.from(values)
  if (vector.every(Number.isFinite)) return vector
  throw new EncoderError('invalid_answer', `${name} gave a vector with values that are no finite numbers`)
}
