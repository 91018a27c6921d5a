import type { Cursor } from '../routing/decision.ts'
import type { AppendResult, NewEvent, Store } from './store.ts'
import { StoreError } from './store-error.ts'

/** A new event and its place in the log. */
export interface CommittedNewEvent {
  readonly cursor: Cursor
  readonly event: NewEvent
}

/** How the queue is doing. */
export interface QueueState {
  /** `degraded` from a failed transaction until the next one that succeeds. */
  readonly health: 'ok' | 'degraded'
  /** Events that wait or are being written. */
  readonly pending: number
  /** Events that were lost: the queue was full, the event could not be stored, or it was closed too early. */
  readonly dropped: number
  /** Events that named a decision which is not in the log. */
  readonly orphans: number
  readonly lastError: string | null
}

/** The bounded queue between the request path and the store: one transaction at a time, in the order of the offers. */
export interface EventQueue {
  /** Takes an event that may be lost in a crash; false if it was dropped. Never waits, never throws. */
  offer(event: NewEvent): boolean
  /**
   * Resolves once the event is committed. Rejects with a StoreError when the queue is full, closed, or the store fails;
   * the caller may repeat it with the same idempotency key. Rejects with a RangeError when it cannot be stored.
   */
  appendDurably(event: NewEvent): Promise<AppendResult>
  /** Hears of every committed event, in log order, before its acknowledgement; returns what ends it. */
  onCommitted(listener: (committed: readonly CommittedNewEvent[]) => void): () => void
  /** Resolves when everything offered so far is committed or the store failed on it once. */
  flush(): Promise<void>
  state(): QueueState
  /** Writes what waits, for at most `deadlineMs`; what is left is dropped and counted. Leaves the store open. */
  close(deadlineMs?: number): Promise<void>
}

/** The store behind the queue, and its bounds. */
export interface EventQueueOptions {
  readonly store: Store
  /** Events held at most; beyond them telemetry is dropped. */
  readonly maxPending?: number
  /** Events of one transaction; encoding them is one pause of the request thread. */
  readonly maxBatch?: number
  /** Longest time for which an event waits for company: what a process kill can lose while the store keeps up. */
  readonly maxDelayMs?: number
  /** Wait before the store is tried again: the first one, and the limit of its doubling. */
  readonly retryMs?: { readonly min: number; readonly max: number }
}

interface Acknowledgement {
  resolve(result: AppendResult): void
  reject(error: unknown): void
}

interface Waiting {
  readonly event: NewEvent
  /** `null` for telemetry. */
  readonly acknowledgement: Acknowledgement | null
}

interface Flusher {
  /** How many events must be settled, counted from the start of the queue. */
  readonly upTo: number
  resolve(): void
}

const nothing: readonly Waiting[] = []

class BoundedQueue implements EventQueue {
  readonly #store: Store
  readonly #maxPending: number
  readonly #maxBatch: number
  readonly #maxDelayMs: number
  readonly #retryMs: { readonly min: number; readonly max: number }
  readonly #listeners = new Set<(committed: readonly CommittedNewEvent[]) => void>()
  #waiting: Waiting[] = []
  #inFlight = nothing
  /** Waiting events with an acknowledgement: they do not wait for company. */
  #durable = 0
  #flushers: Flusher[] = []
  #taken = 0
  #settled = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  /** Failed transactions in a row. */
  #failures = 0
  #dropped = 0
  #orphans = 0
  #lastError: string | null = null
  #phase: 'open' | 'closing' | 'closed' = 'open'

  constructor(options: EventQueueOptions) {
    this.#store = options.store
    this.#maxPending = options.maxPending ?? 10_000
    this.#maxBatch = options.maxBatch ?? 256
    this.#maxDelayMs = options.maxDelayMs ?? 40
    this.#retryMs = options.retryMs ?? { min: 100, max: 5000 }
  }

  offer(event: NewEvent): boolean {
    if (this.#phase !== 'open' || this.#pending >= this.#maxPending) {
      this.#dropped++
      return false
    }
    this.#add({ event, acknowledgement: null })
    return true
  }

  appendDurably(event: NewEvent): Promise<AppendResult> {
    const refusal = this.#refusal()
    if (refusal !== null) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      this.#durable++
      this.#add({ event, acknowledgement: { resolve, reject } })
    })
  }

  onCommitted(listener: (committed: readonly CommittedNewEvent[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  flush(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#flushers.push({ upTo: this.#taken, resolve })
      this.#write()
    })
  }

  state(): QueueState {
    return {
      health: this.#failures > 0 ? 'degraded' : 'ok',
      pending: this.#pending,
      dropped: this.#dropped,
      orphans: this.#orphans,
      lastError: this.#lastError,
    }
  }

  async close(deadlineMs = 5000): Promise<void> {
    if (this.#phase !== 'open') return
    this.#phase = 'closing'
    let over = false
    const deadline = setTimeout(() => {
      over = true
      this.#tellFlushers(true)
    }, deadlineMs)
    // A flush ends at every failure of the store; until the deadline it is tried again.
    while (this.#pending > 0 && !over) {
      await new Promise<void>(resolve => {
        this.#flushers.push({ upTo: this.#taken, resolve })
        if (this.#timer === null || this.#failures === 0) this.#write()
      })
    }
    clearTimeout(deadline)
    this.#phase = 'closed'
    this.#cancelTimer()
    const error = new StoreError(
      'store_unavailable',
      'the event log did not take the last events before the end',
    )
    this.#discard(this.#waiting.splice(0), error)
  }

  get #pending(): number {
    return this.#waiting.length + this.#inFlight.length
  }

  #refusal(): StoreError | null {
    if (this.#phase !== 'open') {
      return new StoreError('store_closed', 'the event queue was closed; nothing is taken any more')
    }
    if (this.#pending >= this.#maxPending) {
      const message = `the event log is ${this.#pending} events behind and takes no more; repeat the call later`
      return new StoreError('store_unavailable', message)
    }
    if (this.#failures > 0 && this.#pending > 0) {
      const message = `the event log cannot be written at the moment (${this.#lastError}); repeat the call later`
      return new StoreError('store_unavailable', message)
    }
    return null
  }

  #add(waiting: Waiting): void {
    this.#taken++
    this.#waiting.push(waiting)
    this.#schedule()
  }

  /** Writes now, later, or when the present transaction or the wait for the store ends. */
  #schedule(): void {
    if (this.#waiting.length === 0 || this.#inFlight !== nothing) return
    if (this.#failures > 0 && this.#timer !== null) return
    const urgent = this.#durable > 0 || this.#flushers.length > 0
    if (urgent || this.#waiting.length >= this.#maxBatch) this.#write()
    else this.#timer ??= setTimeout(() => this.#write(), this.#maxDelayMs)
  }

  #write(): void {
    if (this.#inFlight !== nothing || this.#waiting.length === 0) return
    this.#cancelTimer()
    const batch = this.#waiting.splice(0, this.#maxBatch)
    this.#durable -= countDurable(batch)
    this.#append(batch)
  }

  #append(batch: readonly Waiting[]): void {
    this.#inFlight = batch
    this.#store.append(batch.map(({ event }) => event)).then(
      results => this.#succeed(batch, results),
      error => (error instanceof StoreError ? this.#fail(batch, error) : this.#isolate(batch, error)),
    )
  }

  #succeed(batch: readonly Waiting[], results: readonly AppendResult[]): void {
    this.#failures = 0
    const committed: CommittedNewEvent[] = []
    batch.forEach(({ event }, i) => {
      const result = results[i]
      if (result?.status === 'committed') committed.push({ cursor: result.cursor, event })
      else if (result?.status === 'orphan') this.#orphans++
    })
    if (committed.length > 0) this.#tellListeners(committed)
    batch.forEach(({ acknowledgement }, i) => {
      const result = results[i]
      if (result !== undefined) acknowledgement?.resolve(result)
    })
    this.#settle(batch.length)
  }

  /** The store is out of order and wrote nothing: telemetry waits for the next try, callers are told at once. */
  #fail(batch: readonly Waiting[], error: StoreError): void {
    this.#failures++
    this.#lastError = error.message
    const all = [...batch, ...this.#waiting]
    this.#waiting = all.filter(({ acknowledgement }) => acknowledgement === null)
    this.#durable = 0
    for (const { acknowledgement } of all) acknowledgement?.reject(error)
    if (this.#phase === 'closed') this.#discard(this.#waiting.splice(0), error)
    if (this.#waiting.length > 0) {
      const { min, max } = this.#retryMs
      this.#timer = setTimeout(() => this.#write(), Math.min(max, min * 2 ** (this.#failures - 1)))
    }
    this.#settle(all.length - this.#waiting.length)
  }

  /** Some event of the batch cannot be stored: halves it until that one is alone and only that one is lost. */
  #isolate(batch: readonly Waiting[], error: unknown): void {
    if (batch.length === 1) {
      this.#lastError = error instanceof Error ? error.message : String(error)
      this.#discard(batch, error)
      this.#settle(1)
      return
    }
    const middle = batch.length >> 1
    const second = batch.slice(middle)
    this.#waiting.unshift(...second)
    this.#durable += countDurable(second)
    this.#append(batch.slice(0, middle))
  }

  #settle(count: number): void {
    this.#inFlight = nothing
    this.#settled += count
    this.#tellFlushers(this.#failures > 0)
    this.#schedule()
  }

  #discard(lost: readonly Waiting[], error: unknown): void {
    for (const { acknowledgement } of lost) {
      if (acknowledgement === null) this.#dropped++
      else acknowledgement.reject(error)
    }
  }

  #tellListeners(committed: readonly CommittedNewEvent[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(committed)
      } catch (error) {
        // A listener's fault must not stop the log.
        this.#lastError = `a listener of the event log failed: ${error instanceof Error ? error.message : error}`
      }
    }
  }

  #tellFlushers(all: boolean): void {
    const done = this.#flushers.filter(({ upTo }) => all || upTo <= this.#settled)
    this.#flushers = this.#flushers.filter(flusher => !done.includes(flusher))
    for (const { resolve } of done) resolve()
  }

  #cancelTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

function countDurable(batch: readonly Waiting[]): number {
  return batch.reduce((count, { acknowledgement }) => count + (acknowledgement === null ? 0 : 1), 0)
}

/** Creates the queue in front of a store. */
export function createEventQueue(options: EventQueueOptions): EventQueue {
  return new BoundedQueue(options)
}
