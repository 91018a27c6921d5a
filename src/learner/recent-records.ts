import type { DecisionRecord } from '../routing/decision.ts'
import { decisionOf, toLearningEvent } from '../store/event-codec.ts'
import type { CommittedNewEvent } from '../store/event-queue.ts'
import type { CommittedEvent } from '../store/store.ts'

/** Records held at most: some kilobytes each; feedback for older decisions is read from the log. */
const maxRecords = 4096

interface Held {
  readonly policy: string
  readonly record: DecisionRecord
}

/** The records of the last decisions, so that their events need not be read from the database. */
export interface RecentRecords {
  /** Remembers the record of a decision event; other events change nothing. */
  note(committed: CommittedEvent): void
  /** The event with its record, or `null` where the record is too old. */
  complete(committed: CommittedNewEvent): CommittedEvent | null
}

/** Starts empty. */
export function createRecentRecords(): RecentRecords {
  const records = new Map<string, Held>()
  return {
    note({ policy, event }) {
      if (event.kind !== 'decision') return
      records.set(event.record.id, { policy, record: event.record })
      if (records.size <= maxRecords) return
      const oldest = records.keys().next()
      if (!oldest.done) records.delete(oldest.value)
    },
    complete({ cursor, event }) {
      const held = event.kind === 'decision' ? event : records.get(decisionOf(event))
      if (held === undefined) return null
      return { cursor, policy: held.policy, event: toLearningEvent(event, held.record) }
    },
  }
}
