import type { Cursor } from '../routing/decision.ts'
import type { Policy, PolicySnapshot } from '../routing/policy.ts'
import type { CommittedEvent, SavedSnapshot, Store } from '../store/store.ts'

/** Learned state and the event up to which it has learned. */
export interface Fold {
  readonly name: string
  readonly cursor: Cursor
  /** Folds one event, if it is newer than everything folded; returns what the state refused it for, or `null`. */
  take(committed: CommittedEvent): unknown
  /** State and cursor of the same moment. */
  save(): SavedSnapshot
}

/** Builds a policy, from a snapshot of its own or from nothing. */
export type CreatePolicy = (snapshot: PolicySnapshot | null) => Policy

/** A policy that learns from the events of its own decisions. */
export function foldPolicy(name: string, policy: Policy, from: Cursor): Fold {
  return createFold(name, from, {
    learn: committed => {
      if (committed.policy === name) policy.learn(committed.event)
    },
    snapshot: () => policy.snapshot(),
  })
}

/** A ledger: it learns from every event. */
export function foldLedger(name: string, ledger: Learning, from: Cursor): Fold {
  return createFold(name, from, ledger)
}

/** Writes a fold's present state into the store. */
export function saveFold(store: Store, fold: Fold): Promise<void> {
  return store.saveSnapshot(fold.name, fold.save())
}

/** Whatever can be folded over the log. */
export interface Learning {
  learn(committed: CommittedEvent): void
  snapshot(): PolicySnapshot
}

function createFold(name: string, from: Cursor, learning: Learning): Fold {
  let cursor = from
  return {
    name,
    get cursor() {
      return cursor
    },
    take(committed) {
      if (committed.cursor <= cursor) return null
      // The cursor moves on even when the event is refused: a replay of the log refuses it as well.
      cursor = committed.cursor
      try {
        learning.learn(committed)
        return null
      } catch (error) {
        return error
      }
    },
    save: () => ({ snapshot: learning.snapshot(), cursor }),
  }
}
