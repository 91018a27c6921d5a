import type { ModelId } from './model.ts'

/**
 * What users' reactions mean for a class.
 * - `full`: every model's label (only a lab can give it)
 * - `chosen`: the called model's label, good or bad
 * - `sparse`: as `chosen`, but only for some requests, missing completely at random
 * - `one-sided`: only complaints; silence is ambiguous
 * - `none`: nobody says anything
 */
export type FeedbackKind = 'full' | 'chosen' | 'sparse' | 'one-sided' | 'none'

/** What keeping the floor means: hold the mean at it, or aim above it by what a certificate needs. */
export type PromiseKind = 'on-average' | 'certified'

/** A class of requests with one promise. Everything here is stated by the operator; nothing is learned. */
export interface SlaClass {
  readonly name: string
  /** Share of answers that must satisfy, in (0, 1). */
  readonly floor: number
  /** The range of floors that a request of this class may ask for; absent: any floor in (0, 1). */
  readonly floors?: { readonly min: number; readonly max: number }
  readonly feedback: FeedbackKind
  readonly promise: PromiseKind
  /** Probability of a wrong certificate, in (0, 1). */
  readonly delta: number
  /** A model known to satisfy the floor; exploration and retreat lean on it. */
  readonly proven?: ModelId
  /** The promise holds in each window of this length, counted from the first request; absent: over the class's whole life. In milliseconds. */
  readonly windowMs?: number
}
