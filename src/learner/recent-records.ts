import type { DecisionRecord } from '../routing/decision.ts'
import { decisionOf, toLearningEvent } from '../store/event-codec.ts'
import type { CommittedNewEvent } from '../store/event-queue.ts'
import type { CommittedEvent } from '../store/store.ts'

/** Records held at most, those of decisions whose outcome is still awaited included: some kilobytes each. */
const maxRecords = 4096

/**
 * Records held after the outcome of their decision, for the feedback that follows an answer at once; later feedback is
 * completed from the log. Few, so that under load they die before the garbage collector has copied them about.
 */
const maxFinished = 256

interface Held {
  readonly policy: string
  readonly record: DecisionRecord
}

/** The records of the last decisions, so that their events need not be read from the database. */
export interface RecentRecords {
  /** Remembers the record of a decision event, and that a decision has its outcome; other events change nothing. */
  note(committed: CommittedEvent): void
  /** The event with its record, or `null` where the record is too old. */
  complete(committed: CommittedNewEvent): CommittedEvent | null
}

/** Starts empty. */
export function createRecentRecords(): RecentRecords {
  const records = new Map<string, Held>()
  const finished: string[] = []
  let next = 0
  const begin = (policy: string, record: DecisionRecord): void => {
    records.set(record.id, { policy, record })
    if (records.size <= maxRecords) return
    const oldest = records.keys().next()
    if (!oldest.done) records.delete(oldest.value)
  }
  const finish = (id: string): void => {
    const oldest = finished[next]
    if (oldest !== undefined) records.delete(oldest)
    finished[next] = id
    next = (next + 1) % maxFinished
  }
  return {
    note({ policy, event }) {
      if (event.kind === 'decision') begin(policy, event.record)
      else if (event.kind === 'outcome' && !event.outcome.shadow) finish(event.record.id)
    },
    complete({ cursor, event }) {
      const held = event.kind === 'decision' ? event : records.get(decisionOf(event))
      if (held === undefined) return null
      return { cursor, policy: held.policy, event: toLearningEvent(event, held.record) }
    },
  }
}
