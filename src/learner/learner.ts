import type { Cursor } from '../routing/decision.ts'
import type { Policy, PolicySnapshot } from '../routing/policy.ts'
import type { EventQueue } from '../store/event-queue.ts'
import type { CommittedEvent, Store } from '../store/store.ts'
import { type CreatePolicy, type Fold, foldLedger, foldPolicy, saveFold } from './fold.ts'
import { followLog, type LogFollower } from './follow-log.ts'
import { createLabelLedger, type LabelLedger, type LabelReport, labelLedgerName } from './label-ledger.ts'
import { closeFeedbackWindows, type FeedbackWindow } from './silence-watch.ts'
import { createSlaLedger, type SlaLedger, type SlaReport, slaLedgerName } from './sla-ledger.ts'

/** A policy instance and how it is built. */
export interface LearnedPolicy {
  /** The name under which its decisions are logged. */
  readonly name: string
  readonly createPolicy: CreatePolicy
}

/** What is learned, from which log, and how often states are saved. */
export interface LearnerOptions {
  readonly store: Store
  readonly queue: EventQueue
  readonly policies: readonly LearnedPolicy[]
  readonly classes: readonly FeedbackWindow[]
  /** Wall clock in milliseconds. */
  readonly now: () => number
  /** Snapshots are saved after so many events, */
  readonly snapshotEveryEvents?: number
  /** or after this time, if anything was learned. */
  readonly snapshotEveryMs?: number
  /** How often closed feedback windows are looked for; the precision of silence. */
  readonly silenceEveryMs?: number
  /** Hears of everything that went wrong while learning; the learner goes on as far as it can. */
  readonly onError?: (error: unknown) => void
}

/** How learning is going. */
export interface LearnerState {
  /** `degraded` while the log cannot be read or states cannot be saved. */
  readonly health: 'ok' | 'degraded'
  readonly cursor: Cursor
  /** Events that a policy refused to learn. */
  readonly refusedEvents: number
  readonly lastError: string | null
}

/**
 * The single writer of learned state: folds committed events into policies and the ledger, in log order, each exactly once.
 * The policies that decide are the ones it feeds.
 */
export interface Learner {
  /** The policy that decides under this name; throws a RangeError for an unknown name. */
  policy(name: string): Policy
  /** The event up to which that policy has learned; read it in the same turn as the decision that it belongs to. */
  learnedUpTo(name: string): Cursor
  /** What the log says of a class; `null` before its first decision. */
  slaReport(className: string): SlaReport | null
  /** What the labels of a class rest on and are worth; `null` before its first decision. */
  labelReport(className: string): LabelReport | null
  /** Of all classes in the log, by name. */
  slaReports(): readonly SlaReport[]
  /** Resolves when everything that is committed by now has been learned. */
  caughtUp(): Promise<void>
  /** Logs silence where feedback windows have closed; it also happens by itself. */
  closeFeedbackWindows(): Promise<void>
  saveSnapshots(): Promise<void>
  state(): LearnerState
  /** Learns what is committed, saves the states and ends. Close the queue before and the store after. */
  close(): Promise<void>
}

/**
 * Starts learning: continues every policy and the ledger from their snapshots and folds the log to its end before it resolves.
 * Rejects when the store cannot be read, when a policy cannot be built, and for names that are given twice.
 */
export async function createLearner(options: LearnerOptions): Promise<Learner> {
  const { store, policies } = options
  refuseRepeatedNames([slaLedgerName, labelLedgerName, ...policies.map(({ name }) => name)])
  const learned = new Map<string, Policy>()
  const folds: Fold[] = []
  for (const { name, createPolicy } of policies) {
    const { built, cursor } = await restore(options, name, createPolicy)
    learned.set(name, built)
    folds.push(foldPolicy(name, built, cursor))
  }
  const { built: ledger, cursor } = await restore(options, slaLedgerName, createSlaLedger)
  folds.push(foldLedger(slaLedgerName, ledger, cursor))
  const labels = await restore(options, labelLedgerName, createLabelLedger)
  folds.push(foldLedger(labelLedgerName, labels.built, labels.cursor))
  const isWriter = await store.tryBecomeLearner()
  const learner = new LogLearner({ options, learned, ledger, labels: labels.built, folds, isWriter })
  await learner.start()
  return learner
}

/**
 * Builds from the saved snapshot. One that is refused (another version wrote it) costs only time: the log holds everything
 * that it held, so that folding starts over.
 */
async function restore<T>(
  { store, onError }: LearnerOptions,
  name: string,
  create: (snapshot: PolicySnapshot | null) => T,
): Promise<{ readonly built: T; readonly cursor: Cursor }> {
  const saved = await store.loadSnapshot(name)
  if (saved === null) return { built: create(null), cursor: 0 }
  try {
    return { built: create(saved.snapshot), cursor: saved.cursor }
  } catch (error) {
    onError?.(new Error(`${name} refused its snapshot; the whole log is folded instead`, { cause: error }))
    return { built: create(null), cursor: 0 }
  }
}

interface LearnerParts {
  readonly options: LearnerOptions
  readonly learned: ReadonlyMap<string, Policy>
  readonly ledger: SlaLedger
  readonly labels: LabelLedger
  readonly folds: readonly Fold[]
  /** Whether this process may save what it learned and conclude silence. */
  readonly isWriter: boolean
}

class LogLearner implements Learner {
  readonly #parts: LearnerParts
  readonly #follower: LogFollower
  readonly #snapshotEveryEvents: number
  readonly #snapshotEveryMs: number
  #timer: ReturnType<typeof setInterval> | null = null
  #watching: Promise<void> | null = null
  #saving: Promise<void> | null = null
  #savedCursor: Cursor
  #savedAtMs: number
  #refusedEvents = 0
  #lastError: string | null = null
  #failing = false

  constructor(parts: LearnerParts) {
    this.#parts = parts
    const { options, folds } = parts
    this.#snapshotEveryEvents = options.snapshotEveryEvents ?? 100_000
    this.#snapshotEveryMs = options.snapshotEveryMs ?? 30_000
    this.#savedCursor = Math.min(...folds.map(({ cursor }) => cursor))
    this.#savedAtMs = options.now()
    this.#follower = followLog({
      store: options.store,
      queue: options.queue,
      from: this.#savedCursor,
      fold: committed => this.#fold(committed),
      onError: error => this.#report(error),
    })
  }

  async start(): Promise<void> {
    try {
      await this.caughtUp()
    } catch (error) {
      this.#follower.stop()
      throw error
    }
    this.#timer = setInterval(() => this.#tick(), this.#parts.options.silenceEveryMs ?? 1000)
    this.#timer.unref()
  }

  policy(name: string): Policy {
    const policy = this.#parts.learned.get(name)
    if (policy !== undefined) return policy
    const known = [...this.#parts.learned.keys()].join(', ')
    throw new RangeError(`no policy learns under the name "${name}"; the known names are ${known}`)
  }

  learnedUpTo(name: string): Cursor {
    this.policy(name)
    return this.#follower.cursor
  }

  slaReport(className: string): SlaReport | null {
    return this.#parts.ledger.report(className)
  }

  labelReport(className: string): LabelReport | null {
    return this.#parts.labels.report(className)
  }

  slaReports(): readonly SlaReport[] {
    return this.#parts.ledger.reports()
  }

  caughtUp(): Promise<void> {
    return this.#follower.caughtUp()
  }

  closeFeedbackWindows(): Promise<void> {
    const { options, isWriter } = this.#parts
    if (!isWriter) return Promise.resolve()
    this.#watching ??= closeFeedbackWindows(
      options.store,
      options.queue,
      options.classes,
      options.now(),
    ).finally(() => {
      this.#watching = null
    })
    return this.#watching
  }

  saveSnapshots(): Promise<void> {
    if (!this.#parts.isWriter) return Promise.resolve()
    this.#saving ??= this.#save().finally(() => {
      this.#saving = null
    })
    return this.#saving
  }

  state(): LearnerState {
    return {
      health: this.#failing || this.#follower.failing ? 'degraded' : 'ok',
      cursor: this.#follower.cursor,
      refusedEvents: this.#refusedEvents,
      lastError: this.#lastError,
    }
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    // The queue is closed by now, so that the last silences may be refused; the next start finds them.
    await this.#watching?.catch(() => undefined)
    await this.#saving?.catch(() => undefined)
    try {
      await this.caughtUp()
      await this.saveSnapshots()
    } finally {
      this.#follower.stop()
    }
  }

  #fold(committed: CommittedEvent): void {
    for (const fold of this.#parts.folds) {
      const refusal = fold.take(committed)
      if (refusal === null) continue
      this.#refusedEvents++
      this.#report(new Error(`${fold.name} refused event ${committed.cursor}`, { cause: refusal }))
    }
    // The cursor of the follower is still the one before this event.
    if (committed.cursor - this.#savedCursor >= this.#snapshotEveryEvents && this.#timer !== null) {
      setImmediate(() => this.#try(() => this.saveSnapshots()))
    }
  }

  async #save(): Promise<void> {
    const { folds, options } = this.#parts
    const before = this.#savedCursor
    const cursor = this.#follower.cursor
    if (cursor === before) return
    this.#savedCursor = cursor
    this.#savedAtMs = options.now()
    try {
      for (const fold of folds) await saveFold(options.store, fold)
    } catch (error) {
      this.#savedCursor = before
      throw error
    }
  }

  #tick(): void {
    this.#try(() => this.closeFeedbackWindows())
    const due = this.#parts.options.now() - this.#savedAtMs >= this.#snapshotEveryMs
    if (due) this.#try(() => this.saveSnapshots())
  }

  #try(work: () => Promise<void>): void {
    work().then(
      () => {
        this.#failing = false
      },
      error => {
        this.#failing = true
        this.#report(error)
      },
    )
  }

  #report(error: unknown): void {
    this.#lastError = error instanceof Error ? error.message : String(error)
    this.#parts.options.onError?.(error)
  }
}

function refuseRepeatedNames(names: readonly string[]): void {
  const repeated = names.find((name, i) => names.indexOf(name) !== i)
  if (repeated === undefined) return
  const ledgers: readonly string[] = [slaLedgerName, labelLedgerName]
  const reason = ledgers.includes(repeated) ? 'a ledger has it' : 'it is given twice'
  throw new RangeError(`no policy can learn under the name "${repeated}": ${reason}`)
}
