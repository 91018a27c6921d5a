/**
 * What went wrong with the log.
 * - `store_unavailable`: it cannot be read or written; the operator must act, the gateway serves on and stops learning
 * - `store_locked`: another process writes this log; the operator must stop it or name another file
 * - `store_closed`: it was used after `close()`, a fault of the calling code
 */
export type StoreErrorCode = 'store_unavailable' | 'store_locked' | 'store_closed'

/** An error of the event log; match it by `code`. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
