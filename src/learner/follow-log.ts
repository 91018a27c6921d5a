import type { Cursor } from '../routing/decision.ts'
import type { CommittedNewEvent, EventQueue } from '../store/event-queue.ts'
import type { CommittedEvent, Store } from '../store/store.ts'
import { createRecentRecords } from './recent-records.ts'

/** Events of one read: decoding them is one pause of the request thread. */
const pageSize = 200

/** Reported events held at most; when learning falls further behind, the log itself is read instead. */
const maxReported = 8192

/** Time for which events are folded before requests get their turn again. */
const turnMs = 1

/** Wait before the store is read again after a failure. */
const retryMs = 1000

/** From where to follow which log, and who hears of it. */
export interface FollowLogOptions {
  readonly store: Store
  readonly queue: EventQueue
  /** Follows from the event after this one. */
  readonly from: Cursor
  /** Gets every event once, in log order. */
  readonly fold: (committed: CommittedEvent) => void
  readonly onError: (error: unknown) => void
}

/** Hands every event of the log on, once and in order: what was there, then what the queue commits. */
export interface LogFollower {
  readonly cursor: Cursor
  readonly failing: boolean
  /** Resolves when everything that is committed by now has been handed on; rejects when the log cannot be read. */
  caughtUp(): Promise<void>
  /** Hears of nothing more. */
  stop(): void
}

/**
 * Follows the log. What the queue reports is folded without reading the database, as long as it continues the log without a
 * gap and the record of its decision is at hand; anything else is read from the log.
 */
export function followLog(options: FollowLogOptions): LogFollower {
  return new Follower(options)
}

class Follower implements LogFollower {
  readonly #options: FollowLogOptions
  readonly #records = createRecentRecords()
  readonly #stopListening: () => void
  #reported: CommittedNewEvent[] = []
  #cursor: Cursor
  /** Read the log up to here at least. */
  #target: Cursor
  #running: Promise<void> | null = null
  #failing = false
  #stopped = false
  #retry: ReturnType<typeof setTimeout> | null = null

  constructor(options: FollowLogOptions) {
    this.#options = options
    this.#cursor = options.from
    this.#target = options.from
    this.#stopListening = options.queue.onCommitted(committed => this.#hear(committed))
  }

  get cursor(): Cursor {
    return this.#cursor
  }

  get failing(): boolean {
    return this.#failing
  }

  async caughtUp(): Promise<void> {
    this.#target = Math.max(this.#target, (await this.#options.store.summary()).lastCursor)
    while (this.#cursor < this.#target && !this.#stopped) await this.#run()
  }

  stop(): void {
    this.#stopped = true
    this.#stopListening()
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
  }

  #hear(committed: readonly CommittedNewEvent[]): void {
    this.#target = Math.max(this.#target, committed.at(-1)?.cursor ?? 0)
    if (this.#reported.length + committed.length > maxReported) this.#reported = []
    else this.#reported.push(...committed)
    if (this.#running === null && this.#retry === null) this.#run().catch(() => this.#retryLater())
  }

  #retryLater(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = null
      this.#run().catch(() => this.#retryLater())
    }, retryMs)
  }

  /** One at a time: a second call waits for the first. */
  #run(): Promise<void> {
    this.#running ??= this.#follow()
      .then(
        () => {
          this.#failing = false
        },
        error => {
          this.#failing = true
          this.#options.onError(error)
          throw error
        },
      )
      .finally(() => {
        this.#running = null
      })
    return this.#running
  }

  async #follow(): Promise<void> {
    while (this.#cursor < this.#target && !this.#stopped) {
      if (this.#foldReported() === 0) await this.#readOn()
      await nextTurn()
    }
  }

  /** Folds what continues the log without a gap, for one turn; returns how many events that were. */
  #foldReported(): number {
    const end = performance.now() + turnMs
    let used = 0
    let folded = 0
    for (; used < this.#reported.length && (folded === 0 || performance.now() < end); used++) {
      const next = this.#reported[used]
      if (next === undefined || next.cursor <= this.#cursor) continue
      const complete = next.cursor === this.#cursor + 1 ? this.#records.complete(next) : null
      if (complete === null) break
      this.#fold(complete)
      folded++
    }
    this.#reported.splice(0, used)
    return folded
  }

  async #readOn(): Promise<void> {
    const page = await this.#options.store.readEvents(this.#cursor, pageSize)
    if (page.length === 0) {
      throw new Error(`the event log ends at ${this.#cursor} although event ${this.#target} was committed`)
    }
    let end = performance.now() + turnMs
    for (const committed of page) {
      this.#fold(committed)
      if (performance.now() < end) continue
      await nextTurn()
      end = performance.now() + turnMs
    }
  }

  #fold(committed: CommittedEvent): void {
    this.#records.note(committed)
    this.#options.fold(committed)
    this.#cursor = committed.cursor
  }
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
