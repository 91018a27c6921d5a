import { Worker } from 'node:worker_threads'
import type { DecisionRecord } from '../routing/decision.ts'
import { decisionId } from '../routing/decision.ts'
import { BatchEncoder, decodeEvent } from './event-codec.ts'
import { decodeRecord, frameHashOf } from './record-codec.ts'
import { parseFrame, type RecordFrame } from './record-frame.ts'
import { createRemoteDesk } from './sqlite-audit-desk.ts'
import { type AppendedRows, rowStatus, type StoredPage } from './sqlite-log.ts'
import type { SqliteCallName, SqliteCalls, SqliteReply } from './sqlite-messages.ts'
import type { AppendResult, CommittedEvent, NewEvent, Store } from './store.ts'
import { StoreError } from './store-error.ts'

/** How a log in a SQLite file is opened. */
export interface SqliteStoreOptions {
  /** `normal` (the default) survives a process kill; `full` survives power loss as well and costs a disk flush per commit. */
  readonly synchronous?: 'normal' | 'full'
  /** Reads a log that a gateway may be writing: nothing is appended, nobody learns. */
  readonly readOnly?: boolean
}

/**
 * Opens the event log in a SQLite file, creating it when it is absent. The database lives in a thread of its own.
 * Rejects with a StoreError: `store_locked` when another process writes it, `store_unavailable` when it cannot be used.
 */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<Store> {
  const { synchronous = 'normal', readOnly = false } = options
  const thread = startThread({ path, synchronous, readOnly })
  await thread.opened
  return createStore(thread, path, readOnly)
}

/** Of the thread's heap: a batch is some 100 KB, and a larger space would only keep its garbage in memory. */
const youngGenerationMb = 4

interface DatabaseThread {
  readonly opened: Promise<unknown>
  ask<Name extends SqliteCallName>(
    name: Name,
    question: SqliteCalls[Name]['question'],
    transfer?: readonly ArrayBuffer[],
  ): Promise<SqliteCalls[Name]['answer']>
}

interface Waiting {
  resolve(answer: unknown): void
  reject(error: StoreError): void
}

function startThread(settings: Required<SqliteStoreOptions> & { readonly path: string }): DatabaseThread {
  // The file beside this one has this one's extension: .ts in a clone, .js in an installed package.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const worker = new Worker(new URL(`./sqlite-worker${extension}`, import.meta.url), {
    workerData: settings,
    resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
  })
  const waiting = new Map<number, Waiting>()
  let nextNumber = 1
  let ended: StoreError | null = null

  const wait = (number: number): Promise<unknown> => {
    // An idle store must not keep a process alive that has nothing else to do; a question that is under way must.
    if (waiting.size === 0) worker.ref()
    return new Promise((resolve, reject) => waiting.set(number, { resolve, reject }))
  }
  const settle = (number: number): Waiting | undefined => {
    const waiter = waiting.get(number)
    waiting.delete(number)
    if (waiting.size === 0) worker.unref()
    return waiter
  }
  const end = (cause: unknown): void => {
    const message = `the thread of the event log ${settings.path} ended; the operator must restart the gateway`
    ended ??= new StoreError('store_unavailable', message, { cause })
    for (const number of [...waiting.keys()]) settle(number)?.reject(ended)
  }

  worker.on('message', (reply: SqliteReply) => {
    const waiter = settle(reply.number)
    if ('answer' in reply) waiter?.resolve(reply.answer)
    else waiter?.reject(new StoreError(reply.failure.code, reply.failure.message))
  })
  worker.on('error', end)
  worker.on('exit', end)

  return {
    opened: wait(0),
    async ask(name, question, transfer = []) {
      if (ended !== null) throw ended
      const number = nextNumber++
      const answer = wait(number)
      worker.postMessage({ number, name, question }, [...transfer])
      return (await answer) as SqliteCalls[typeof name]['answer']
    },
  }
}

function createStore(thread: DatabaseThread, path: string, readOnly: boolean): Store {
  const encoder = new BatchEncoder()
  /** Frames that are committed; a batch carries only the others. */
  const storedFrames = new Set<string>()
  const readFrame = createFrameReader(thread)
  let closing: Promise<unknown> | null = null

  const ask: DatabaseThread['ask'] = (name, question, transfer) => {
    if (closing === null) return thread.ask(name, question, transfer)
    const message = `the event log ${path} was closed; open it again to use it`
    return Promise.reject(new StoreError('store_closed', message))
  }
  const append = async (events: readonly NewEvent[]): Promise<readonly AppendResult[]> => {
    if (readOnly)
      throw new StoreError('store_unavailable', `the event log ${path} was opened for reading only`)
    const { bytes, frames } = encoder.encode(events)
    const newFrames = [...frames.values()]
      .filter(({ hash }) => !storedFrames.has(hash))
      .map(({ hash, body }) => ({ hash, body }))
    const appended = await ask('append', { batch: bytes, frames: newFrames }, [bytes.buffer])
    for (const frame of newFrames) storedFrames.add(frame.hash)
    return toResults(appended)
  }
  const decode = async (page: StoredPage): Promise<readonly CommittedEvent[]> => decodePage(page, readFrame)

  return {
    append,
    readEvents: async (after, limit) => decode(await ask('readPage', { after, limit })),
    async findDecision(id) {
      const events = await decode(await ask('readTrail', { id }))
      const first = events[0]
      if (first === undefined) return null
      return { policy: first.policy, record: first.event.record, events: events.map(({ event }) => event) }
    },
    async findUnanswered(className, beforeMs, limit) {
      return (await ask('findUnanswered', { className, beforeMs, limit })).map(decisionId)
    },
    async loadSnapshot(policy) {
      const stored = await ask('loadSnapshot', { policy })
      if (stored === null) return null
      const { writer, schema, bytes, cursor } = stored
      return { snapshot: { policy: writer, schema, bytes }, cursor }
    },
    async saveSnapshot(policy, { snapshot, cursor }) {
      const { policy: writer, schema, bytes } = snapshot
      await ask('saveSnapshot', { policy, writer, schema, bytes, cursor })
    },
    secret: () => ask('secret', null),
    tryBecomeLearner: async () => !readOnly,
    summary: () => ask('summary', null),
    auditDesk: createRemoteDesk(call => ask('desk', call)),
    async close() {
      // Questions are answered in order: everything that was appended before is committed by then.
      closing ??= thread.ask('close', null)
      await closing
    },
  }
}

type FrameReader = (hash: string) => Promise<RecordFrame>

function createFrameReader(thread: DatabaseThread): FrameReader {
  const frames = new Map<string, RecordFrame>()
  return async hash => {
    const known = frames.get(hash)
    if (known !== undefined) return known
    const body = await thread.ask('readFrame', { hash })
    if (body === null)
      throw new StoreError('store_unavailable', `the event log lacks the frame ${hash} of a decision`)
    const frame = parseFrame(body)
    frames.set(hash, frame)
    return frame
  }
}

async function decodePage(page: StoredPage, readFrame: FrameReader): Promise<readonly CommittedEvent[]> {
  const decisions = new Map<number, { readonly policy: string; readonly record: DecisionRecord }>()
  for (const { cursor, policy, record } of page.decisions) {
    decisions.set(cursor, { policy, record: decodeRecord(record, await readFrame(frameHashOf(record))) })
  }
  return page.rows.map(({ cursor, kind, decision, atMs, body }) => {
    const made = decisions.get(decision)
    if (made === undefined) throw new RangeError(`event ${cursor} came without its decision ${decision}`)
    return { cursor, policy: made.policy, event: decodeEvent({ kind, atMs, body, record: made.record }) }
  })
}

function toResults({ statuses, firstCursor }: AppendedRows): readonly AppendResult[] {
  let cursor = firstCursor
  return Array.from(statuses, (status): AppendResult => {
    if (status === rowStatus.committed) return { status: 'committed', cursor: cursor++ }
    return { status: status === rowStatus.duplicate ? 'duplicate' : 'orphan' }
  })
}
