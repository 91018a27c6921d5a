import { randomBytes } from 'node:crypto'
import type { Cursor, DecisionId, DecisionRecord } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { BatchEncoder, decisionOf, keyOf, toLearningEvent } from './event-codec.ts'
import { createMemoryAuditDesk } from './memory-audit-desk.ts'
import type { AppendResult, CommittedEvent, NewEvent, SavedSnapshot, Store } from './store.ts'
import { StoreError } from './store-error.ts'

interface HeldDecision {
  readonly policy: string
  readonly record: DecisionRecord
  readonly atMs: number
  readonly events: LearningEvent[]
  /** What was said once and cannot be said again. */
  readonly keys: Set<string>
  answered: boolean
}

/** Everything in the memory of this process: for tests, demos and labs. It grows without bound and ends with the process. */
export function createMemoryStore(): Store {
  const log: CommittedEvent[] = []
  const decisions = new Map<string, HeldDecision>()
  const orphans = new Set<string>()
  const snapshots = new Map<string, SavedSnapshot>()
  const encoder = new BatchEncoder()
  const secret = new Uint8Array(randomBytes(32))
  let closed = false

  const open = (): void => {
    if (closed) throw new StoreError('store_closed', 'the event log was closed; open it again to use it')
  }

  const commit = (held: HeldDecision, event: LearningEvent): AppendResult => {
    const cursor = log.length + 1
    log.push({ cursor, policy: held.policy, event })
    held.events.push(event)
    return { status: 'committed', cursor }
  }

  const appendOne = (event: NewEvent): AppendResult => {
    const id = decisionOf(event)
    const held = decisions.get(id)
    if (event.kind === 'decision') {
      if (held !== undefined) return { status: 'duplicate' }
      const made: HeldDecision = {
        policy: event.policy,
        record: event.record,
        atMs: event.atMs,
        events: [],
        keys: new Set(),
        answered: false,
      }
      decisions.set(id, made)
      return commit(made, toLearningEvent(event, event.record))
    }
    if (held === undefined) return setAside(event, orphans)
    if (isSaidAlready(event, held)) return { status: 'duplicate' }
    return commit(held, toLearningEvent(event, held.record))
  }

  return {
    async append(events) {
      open()
      // Refuses what a database could not hold before it keeps any of it.
      encoder.encode(events)
      return events.map(appendOne)
    },
    async readEvents(after: Cursor, limit: number) {
      open()
      return log.slice(after, after + limit)
    },
    async findDecision(id: DecisionId) {
      open()
      const held = decisions.get(id)
      return held === undefined
        ? null
        : { policy: held.policy, record: held.record, events: [...held.events] }
    },
    async findUnanswered(className, beforeMs, limit) {
      open()
      return [...decisions.values()]
        .filter(({ answered, atMs, record }) => {
          return !answered && record.context.sla.name === className && atMs < beforeMs
        })
        .sort((a, b) => a.atMs - b.atMs)
        .slice(0, limit)
        .map(({ record }) => record.id)
    },
    async loadSnapshot(policy) {
      open()
      return snapshots.get(policy) ?? null
    },
    async saveSnapshot(policy, saved) {
      open()
      const bytes = saved.snapshot.bytes.slice()
      snapshots.set(policy, { ...saved, snapshot: { ...saved.snapshot, bytes } })
    },
    async secret() {
      open()
      return secret.slice()
    },
    async tryBecomeLearner() {
      open()
      return true
    },
    async summary() {
      open()
      return { lastCursor: log.length, decisions: decisions.size, orphans: orphans.size }
    },
    auditDesk: createMemoryAuditDesk(open),
    async close() {
      closed = true
    },
  }
}

/** Marks what an event says of its decision; true when the log says it already. */
function isSaidAlready(event: NewEvent, held: HeldDecision): boolean {
  const key = keyOf(event)
  if (key !== null) {
    if (held.keys.has(key)) return true
    held.keys.add(key)
  }
  if (event.kind === 'silence') {
    if (held.answered) return true
    held.answered = true
  } else if (event.kind === 'feedback' && event.metric === 'satisfaction') held.answered = true
  return false
}

function setAside(event: NewEvent, orphans: Set<string>): AppendResult {
  const key = keyOf(event)
  const said = key === null ? `number ${orphans.size}` : `key ${key}`
  const name = JSON.stringify([decisionOf(event), said])
  if (orphans.has(name)) return { status: 'duplicate' }
  orphans.add(name)
  return { status: 'orphan' }
}
