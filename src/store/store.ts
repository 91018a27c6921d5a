import type { Cursor, DecisionId, DecisionRecord } from '../routing/decision.ts'
import type { FeedbackSource, LearningEvent, Metric, Outcome } from '../routing/learning-event.ts'
import type { ModelId } from '../routing/model.ts'
import type { PolicySnapshot } from '../routing/policy.ts'
import type { AuditDesk } from './audit-desk.ts'

/** Idempotency keys that begin so are the gateway's own; it takes none of them from outside. */
export const ownKeyPrefix = 'plimsoll:'

/** An event on its way into the log: as a learning event, but later ones name their decision by id alone. */
export type NewEvent =
  | {
      readonly kind: 'decision'
      readonly atMs: number
      readonly policy: string
      readonly record: DecisionRecord
    }
  | {
      readonly kind: 'outcome'
      readonly atMs: number
      readonly decision: DecisionId
      readonly model: ModelId
      readonly outcome: Outcome
    }
  | {
      readonly kind: 'feedback'
      readonly atMs: number
      readonly decision: DecisionId
      readonly model: ModelId
      readonly metric: Metric
      readonly value: number
      readonly source: FeedbackSource
      /** Names this statement; a second event with the same key for the same decision changes nothing. */
      readonly idempotencyKey: string
    }
  | {
      readonly kind: 'audit'
      readonly atMs: number
      readonly decision: DecisionId
      readonly model: ModelId
      readonly value: number
      readonly probability: number
    }
  | { readonly kind: 'silence'; readonly atMs: number; readonly decision: DecisionId }

/**
 * What became of one appended event.
 * `duplicate`: the log says it already: a decision by its id, feedback by decision and idempotency key,
 * an audit by its decision, silence where somebody has spoken on the decision's satisfaction or silence was logged before.
 * `orphan`: its decision is not in the log (its record was lost in a crash); it is counted and teaches nothing.
 */
export type AppendResult =
  | { readonly status: 'committed'; readonly cursor: Cursor }
  | { readonly status: 'duplicate' }
  | { readonly status: 'orphan' }

/** An event of the log, with the policy instance that made its decision. */
export interface CommittedEvent {
  readonly cursor: Cursor
  readonly policy: string
  readonly event: LearningEvent
}

/** One decision and everything that happened to it, in log order. */
export interface DecisionTrail {
  readonly policy: string
  readonly record: DecisionRecord
  readonly events: readonly LearningEvent[]
}

/** A saved state and the event up to which it had learned. */
export interface SavedSnapshot {
  readonly snapshot: PolicySnapshot
  readonly cursor: Cursor
}

/** How far the log has come. */
export interface LogSummary {
  /** Cursor of the last committed event; 0 for an empty log. */
  readonly lastCursor: Cursor
  readonly decisions: number
  /** Events kept aside because their decision is not in the log. */
  readonly orphans: number
}

/**
 * The event log and what is derived from it. Append-only; the only writer of learned state is the learner.
 * Every implementation passes `store.contract.ts`.
 */
export interface Store {
  /**
   * Writes a batch in one transaction, in order. Once it resolves, the events survive a process kill.
   * Cursors grow in the order of the batch and of the calls. An event may name a decision of the same batch.
   * Rejects with a StoreError when nothing was written, with a RangeError when an event cannot be stored at all.
   */
  append(events: readonly NewEvent[]): Promise<readonly AppendResult[]>
  /** Committed events after a cursor, ascending, at most `limit` of them. */
  readEvents(after: Cursor, limit: number): Promise<readonly CommittedEvent[]>
  /** Looks a decision up by its id. */
  findDecision(id: DecisionId): Promise<DecisionTrail | null>
  /**
   * Decisions of a class made before `beforeMs` on which nobody has spoken and no silence was logged, oldest first.
   * To speak is to give feedback of the metric `satisfaction`, from any source; an audit is none.
   */
  findUnanswered(className: string, beforeMs: number, limit: number): Promise<readonly DecisionId[]>
  loadSnapshot(policy: string): Promise<SavedSnapshot | null>
  /** Saves a policy's state together with the cursor up to which it had learned, in one transaction. */
  saveSnapshot(policy: string, saved: SavedSnapshot): Promise<void>
  /** A secret of this store, made at first use and never logged: 32 bytes, for signing decision ids. */
  secret(): Promise<Uint8Array>
  /** True when this process may fold the log; at most one process at a time holds the role. */
  tryBecomeLearner(): Promise<boolean>
  summary(): Promise<LogSummary>
  /** What audits keep outside of the log. */
  readonly auditDesk: AuditDesk
  /** Waits for what was appended and lets go of the log; a second call does nothing. Later calls reject with `store_closed`. */
  close(): Promise<void>
}
