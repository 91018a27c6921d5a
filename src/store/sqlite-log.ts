import { randomBytes } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EventKind, EventRow } from './event-codec.ts'
import type { StoredFrame } from './record-frame.ts'

/** What became of a row, as one byte on its way between threads. */
export const rowStatus = { committed: 0, duplicate: 1, orphan: 2 } as const

/** What became of the rows of one transaction. */
export interface AppendedRows {
  /** One `rowStatus` per row. */
  readonly statuses: Uint8Array
  /** Cursor of the first committed row; the following ones have the next cursors. */
  readonly firstCursor: number
}

/** A stored event; `decision` is the cursor of its decision. */
export interface StoredRow {
  readonly cursor: number
  readonly kind: EventKind
  readonly decision: number
  readonly atMs: number
  readonly body: Uint8Array
}

/** A decision that stored events refer to. */
export interface StoredDecision {
  readonly cursor: number
  readonly policy: string
  readonly record: Uint8Array
}

/** A stretch of the log with every decision that it refers to. */
export interface StoredPage {
  readonly rows: readonly StoredRow[]
  readonly decisions: readonly StoredDecision[]
}

/** A row of saved state: `policy` names the instance, `writer` the policy that wrote the bytes. */
export interface StoredSnapshot {
  readonly policy: string
  readonly writer: string
  readonly schema: number
  readonly bytes: Uint8Array
  readonly cursor: number
}

/** Decisions whose cursors are remembered: their events mostly come soon after them. */
const maxRemembered = 65_536

/** The log inside one SQLite database: synchronous, for the thread that owns the connection. */
export class SqliteLog {
  readonly #database: DatabaseSync
  readonly #statements: Statements
  /** Cursors of recent decisions by id. */
  readonly #remembered = new Map<string, number>()
  #lastCursor: number

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#statements = prepareStatements(database)
    this.#lastCursor = numberOf(this.#statements.lastCursor.get()?.cursor)
  }

  append(rows: readonly EventRow[], frames: readonly StoredFrame[]): AppendedRows {
    const before = this.#lastCursor
    const statuses = new Uint8Array(rows.length)
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const frame of frames) this.#statements.addFrame.run(frame.hash, frame.body)
      rows.forEach((row, i) => {
        statuses[i] = row.kind === 'decision' ? this.#addDecision(row) : this.#addLater(row)
      })
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#lastCursor = before
      this.#remembered.clear()
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
    return { statuses, firstCursor: before + 1 }
  }

  readPage(after: number, limit: number): StoredPage {
    return this.#withDecisions(this.#statements.readEvents.all(after, limit).map(toRow))
  }

  /** A decision's own event and the later ones, in log order; an empty page when it is not in the log. */
  readTrail(id: string): StoredPage {
    const cursor = this.#findDecision(id)
    if (cursor === null) return { rows: [], decisions: [] }
    return this.#withDecisions(this.#statements.readTrail.all(cursor, cursor).map(toRow))
  }

  readFrame(hash: string): string | null {
    return textOf(this.#statements.readFrame.get(hash)?.body)
  }

  findUnanswered(className: string, beforeMs: number, limit: number): readonly string[] {
    return this.#statements.findUnanswered.all(className, beforeMs, limit).map(row => String(row.id))
  }

  loadSnapshot(policy: string): StoredSnapshot | null {
    const row = this.#statements.loadSnapshot.get(policy)
    if (row === undefined) return null
    const { writer, schema, bytes, cursor } = row
    return {
      policy,
      writer: String(writer),
      schema: numberOf(schema),
      bytes: bytesOf(bytes),
      cursor: numberOf(cursor),
    }
  }

  saveSnapshot({ policy, writer, schema, bytes, cursor }: StoredSnapshot): void {
    this.#statements.saveSnapshot.run(policy, writer, schema, bytes, cursor)
  }

  secret(): Uint8Array {
    this.#statements.addSecret.run('decision-ids', randomBytes(32))
    return bytesOf(this.#statements.readSecret.get('decision-ids')?.value)
  }

  summary(): { readonly lastCursor: number; readonly decisions: number; readonly orphans: number } {
    const lastCursor = numberOf(this.#statements.lastCursor.get()?.cursor)
    const decisions = numberOf(this.#statements.countDecisions.get()?.n)
    return { lastCursor, decisions, orphans: numberOf(this.#statements.countOrphans.get()?.n) }
  }

  #addDecision(row: EventRow): number {
    const cursor = this.#lastCursor + 1
    const { changes } = this.#statements.addDecision.run(
      cursor,
      row.decision,
      row.policy,
      row.className,
      row.atMs,
    )
    if (changes === 0) return rowStatus.duplicate
    if (this.#remembered.size >= maxRemembered) this.#remembered.clear()
    this.#remembered.set(row.decision, cursor)
    return this.#addEvent(row, cursor)
  }

  #addLater(row: EventRow): number {
    const decision = this.#findDecision(row.decision)
    if (decision === null) {
      const { changes } = this.#statements.addOrphan.run(row.kind, row.decision, row.atMs, row.key, row.body)
      return changes === 0 ? rowStatus.duplicate : rowStatus.orphan
    }
    if (row.key !== null && this.#statements.addKey.run(decision, row.key).changes === 0) {
      return rowStatus.duplicate
    }
    if (row.answers) this.#statements.markAnswered.run(decision)
    if (row.kind === 'silence' && this.#statements.markAnswered.run(decision).changes === 0) {
      return rowStatus.duplicate
    }
    return this.#addEvent(row, decision)
  }

  #addEvent(row: EventRow, decision: number): number {
    this.#lastCursor++
    this.#statements.addEvent.run(this.#lastCursor, row.kind, decision, row.atMs, row.body)
    return rowStatus.committed
  }

  #findDecision(id: string): number | null {
    const remembered = this.#remembered.get(id)
    if (remembered !== undefined) return remembered
    const row = this.#statements.findDecision.get(id)
    return row === undefined ? null : numberOf(row.cursor)
  }

  /** Moves the records out of the decision events: each travels once, however many events refer to it. */
  #withDecisions(rows: readonly StoredRow[]): StoredPage {
    const decisions = new Map<number, StoredDecision>()
    const light = rows.map(row => {
      if (row.kind === 'decision') decisions.set(row.cursor, this.#readDecision(row.decision, row.body))
      else if (!decisions.has(row.decision)) decisions.set(row.decision, this.#readDecision(row.decision))
      return row.kind === 'decision' ? { ...row, body: noBytes } : row
    })
    return { rows: light, decisions: [...decisions.values()] }
  }

  #readDecision(cursor: number, body?: Uint8Array): StoredDecision {
    const policy = textOf(this.#statements.readPolicy.get(cursor)?.policy)
    const record = body ?? this.#statements.readBody.get(cursor)?.body
    if (policy === null || record === undefined) {
      throw new Error(`the event log refers to the decision at ${cursor}, which is gone`)
    }
    return { cursor, policy, record: bytesOf(record) }
  }
}

const noBytes = new Uint8Array(0)

type Statements = ReturnType<typeof prepareStatements>

function prepareStatements(database: DatabaseSync) {
  const sql = (text: string): StatementSync => database.prepare(text)
  return {
    lastCursor: sql(
      'SELECT max((SELECT ifnull(max(cursor), 0) FROM events), (SELECT ifnull(max(cursor), 0) FROM snapshots)) AS cursor',
    ),
    addFrame: sql('INSERT OR IGNORE INTO frames (hash, body) VALUES (?, ?)'),
    readFrame: sql('SELECT body FROM frames WHERE hash = ?'),
    addDecision: sql(
      'INSERT OR IGNORE INTO decisions (cursor, id, policy, class, at_ms) VALUES (?, ?, ?, ?, ?)',
    ),
    findDecision: sql('SELECT cursor FROM decisions WHERE id = ?'),
    addEvent: sql('INSERT INTO events (cursor, kind, decision, at_ms, body) VALUES (?, ?, ?, ?, ?)'),
    addKey: sql('INSERT OR IGNORE INTO feedback_keys (decision, key) VALUES (?, ?)'),
    markAnswered: sql('UPDATE decisions SET answered = 1 WHERE cursor = ? AND answered = 0'),
    addOrphan: sql('INSERT OR IGNORE INTO orphans (kind, decision, at_ms, key, body) VALUES (?, ?, ?, ?, ?)'),
    readEvents: sql(
      'SELECT cursor, kind, decision, at_ms, body FROM events WHERE cursor > ? ORDER BY cursor LIMIT ?',
    ),
    readTrail: sql(
      `SELECT cursor, kind, decision, at_ms, body FROM events WHERE cursor = ?
       UNION ALL
       SELECT cursor, kind, decision, at_ms, body FROM events WHERE decision = ? AND kind <> 'decision'
       ORDER BY cursor`,
    ),
    readPolicy: sql('SELECT policy FROM decisions WHERE cursor = ?'),
    readBody: sql('SELECT body FROM events WHERE cursor = ?'),
    findUnanswered: sql(
      'SELECT id FROM decisions WHERE class = ? AND answered = 0 AND at_ms < ? ORDER BY at_ms, cursor LIMIT ?',
    ),
    loadSnapshot: sql('SELECT writer, schema, bytes, cursor FROM snapshots WHERE policy = ?'),
    saveSnapshot: sql(
      `INSERT INTO snapshots (policy, writer, schema, bytes, cursor) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (policy) DO UPDATE SET
         writer = excluded.writer, schema = excluded.schema, bytes = excluded.bytes, cursor = excluded.cursor`,
    ),
    addSecret: sql('INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)'),
    readSecret: sql('SELECT value FROM secrets WHERE name = ?'),
    countDecisions: sql('SELECT count(*) AS n FROM decisions'),
    countOrphans: sql('SELECT count(*) AS n FROM orphans'),
  }
}

function toRow(row: Record<string, unknown>): StoredRow {
  return {
    cursor: numberOf(row.cursor),
    kind: row.kind as EventKind,
    decision: numberOf(row.decision),
    atMs: numberOf(row.at_ms),
    body: bytesOf(row.body),
  }
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number')
    throw new TypeError(`the event log holds ${typeof value} where a number belongs`)
  return value
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`the event log holds ${typeof value} where bytes belong`)
  }
  return value
}
