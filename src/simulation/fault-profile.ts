import type { Random } from '../routing/numeric/random.ts'

/** One way in which a provider misbehaves on one call. */
export type Fault =
  /** 429 with `retry-after`. */
  | { readonly kind: 'rate-limit'; readonly retryAfterSeconds: number }
  /** An error object with the status, 500 to 599. */
  | { readonly kind: 'server-error'; readonly status: number }
  /** The right answer, a pause before each part of it. */
  | { readonly kind: 'slow-drip'; readonly gapMs: number }
  /** The connection breaks after so many parts of the body; 0: before the first byte of the response. */
  | { readonly kind: 'cut'; readonly afterParts: number }
  /** A part of the body that is no JSON, in place of the part with this index. */
  | { readonly kind: 'malformed-part'; readonly index: number }
  /** The right answer with its usage told in an unusual way, or not at all. */
  | { readonly kind: 'wrong-usage'; readonly shape: UsageShape }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }

/**
 * How usage is told when it is told wrongly: not at all, counts as strings, `null` counts, in the last chunk
 * that has a choice instead of one of its own, or under the names of another protocol.
 */
export type UsageShape = 'absent' | 'strings' | 'nulls' | 'with-choice' | 'other-names'

/** Decides how a provider behaves on its call number `call` (from 0); `null`: as it should. */
export type FaultScript = (call: number, random: Random) => Fault | null

/** Behaves on every call. */
export const faultless: FaultScript = () => null

/** Plays the list, one entry a call, and behaves after its end. */
export function scriptedFaults(faults: readonly (Fault | null)[]): FaultScript {
  return call => faults[call] ?? null
}

/** Misbehaves on a random share of the calls, each listed fault with its own share; the shares sum to at most 1. */
export function randomFaults(
  shares: readonly { readonly share: number; readonly fault: Fault }[],
): FaultScript {
  const total = shares.reduce((sum, entry) => sum + entry.share, 0)
  if (!(total <= 1) || shares.some(entry => !(entry.share >= 0))) {
    throw new RangeError(
      `the shares of faults are [${shares.map(entry => entry.share)}]; expected shares that sum to <= 1`,
    )
  }
  return (_call, random) => {
    let draw = random.next()
    for (const { share, fault } of shares) {
      if (draw < share) return fault
      draw -= share
    }
    return null
  }
}
