/** Work that can be stopped before it has ended. */
export interface Cancellable {
  /** Runs at most once, and never after `onCancel(null)`. */
  cancel(): void
}

/** Tells a running call that nobody waits for its answer any more. Lighter than an AbortSignal, one listener. */
export interface Cancellation {
  readonly cancelled: boolean
  /** Stops `work` when cancelled, at once if that already happened; replaces the work before it. `null`: nothing is left to stop. */
  onCancel(work: Cancellable | null): void
}

/** A cancellation and the means to trigger it. */
export interface CancellationSource extends Cancellation {
  cancel(): void
}

/** A cancellation that is triggered by its owner. */
export function createCancellation(): CancellationSource {
  return new OwnedCancellation()
}

class OwnedCancellation implements CancellationSource {
  #cancelled = false
  #work: Cancellable | null = null

  get cancelled(): boolean {
    return this.#cancelled
  }

  onCancel(work: Cancellable | null): void {
    this.#work = work
    if (this.#cancelled) this.#stop()
  }

  cancel(): void {
    if (this.#cancelled) return
    this.#cancelled = true
    this.#stop()
  }

  #stop(): void {
    const work = this.#work
    this.#work = null
    work?.cancel()
  }
}
