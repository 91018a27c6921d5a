/** Tells a running call that nobody waits for its answer any more. Lighter than an AbortSignal, one listener. */
export interface Cancellation {
  readonly cancelled: boolean
  /** Runs `stop` once when cancelled, at once if that already happened; replaces the listener before it. */
  onCancel(stop: () => void): void
}

/** A cancellation and the means to trigger it. */
export interface CancellationSource extends Cancellation {
  cancel(): void
}

/** A cancellation that is triggered by its owner. */
export function createCancellation(): CancellationSource {
  let cancelled = false
  let listener: (() => void) | null = null
  return {
    get cancelled() {
      return cancelled
    },
    onCancel(stop) {
      listener = stop
      if (cancelled) stop()
    },
    cancel() {
      if (cancelled) return
      cancelled = true
      listener?.()
    },
  }
}
