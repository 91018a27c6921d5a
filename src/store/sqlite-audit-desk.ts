import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { AuditDesk, WaitingAudit } from './audit-desk.ts'

/** A call of the desk on its way to the database's thread: a method of `AuditDesk` with its arguments. */
export type DeskCall = {
  readonly [Method in keyof AuditDesk]: {
    readonly method: Method
    readonly given: Parameters<AuditDesk[Method]>
  }
}[keyof AuditDesk]

/** What a call of the desk answers, whichever it was. */
export type DeskAnswer = Awaited<ReturnType<AuditDesk[keyof AuditDesk]>>

/** Hands every call of the desk to whoever owns the database. */
export function createRemoteDesk(ask: (call: DeskCall) => Promise<unknown>): AuditDesk {
  const send =
    <Method extends keyof AuditDesk>(method: Method) =>
    (...given: Parameters<AuditDesk[Method]>): ReturnType<AuditDesk[Method]> =>
      ask({ method, given } as unknown as DeskCall) as ReturnType<AuditDesk[Method]>
  return {
    hold: send('hold'),
    find: send('find'),
    list: send('list'),
    remove: send('remove'),
    removeExpired: send('removeExpired'),
    count: send('count'),
    spend: send('spend'),
    spending: send('spending'),
  }
}

const COLUMNS = 'decision, class, model, at_ms, expires_ms, probability, judged, human_share'

/** The desk inside one SQLite database: synchronous, for the thread that owns the connection. */
export class SqliteAuditDesk {
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(database: DatabaseSync) {
    this.#statements = prepareStatements(database)
  }

  answer(call: DeskCall): DeskAnswer {
    const sql = this.#statements
    switch (call.method) {
      case 'hold': {
        const [audit] = call.given
        sql.hold.run(
          audit.decision,
          audit.className,
          audit.model,
          audit.atMs,
          audit.expiresMs,
          audit.probability,
          audit.judged,
          audit.humanShare,
          audit.transcript,
        )
        return undefined
      }
      case 'find': {
        const row = sql.find.get(call.given[0])
        return row === undefined ? null : toWaiting(row)
      }
      case 'list': {
        const [{ className, nowMs, limit }] = call.given
        return sql.list.all(nowMs, className, className, limit).map(toWaiting)
      }
      case 'remove':
        return sql.remove.run(call.given[0]).changes > 0
      case 'removeExpired': {
        const [nowMs, limit] = call.given
        return sql.removeExpired.all(nowMs, limit).map(withoutText)
      }
      case 'count':
        return Number(sql.count.get(call.given[0])?.n ?? 0)
      case 'spend': {
        const [className, day, usd] = call.given
        sql.spend.run(day, className, usd)
        return undefined
      }
      case 'spending':
        return sql.spending
          .all(call.given[0])
          .map(row => ({ className: String(row.class), usd: Number(row.usd) }))
      default:
        return call satisfies never
    }
  }
}

function prepareStatements(database: DatabaseSync) {
  // Deleted text must not stay readable in the file.
  database.exec('PRAGMA secure_delete = ON')
  const sql = (text: string): StatementSync => database.prepare(text)
  return {
    hold: sql(
      `INSERT OR IGNORE INTO waiting_audits (${COLUMNS}, transcript) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    find: sql(`SELECT ${COLUMNS}, transcript FROM waiting_audits WHERE decision = ?`),
    list: sql(
      `SELECT ${COLUMNS}, transcript FROM waiting_audits
       WHERE expires_ms > ? AND (? IS NULL OR class = ?) ORDER BY at_ms, decision LIMIT ?`,
    ),
    remove: sql('DELETE FROM waiting_audits WHERE decision = ?'),
    removeExpired: sql(
      `DELETE FROM waiting_audits WHERE decision IN
         (SELECT decision FROM waiting_audits WHERE expires_ms <= ? ORDER BY at_ms LIMIT ?)
       RETURNING ${COLUMNS}`,
    ),
    count: sql('SELECT count(*) AS n FROM waiting_audits WHERE class = ?'),
    spend: sql(
      `INSERT INTO audit_spending (day, class, usd) VALUES (?, ?, ?)
       ON CONFLICT (day, class) DO UPDATE SET usd = usd + excluded.usd`,
    ),
    spending: sql('SELECT class, usd FROM audit_spending WHERE day = ?'),
  }
}

function withoutText(row: Record<string, unknown>): Omit<WaitingAudit, 'transcript'> {
  return {
    decision: String(row.decision),
    className: String(row.class),
    model: String(row.model),
    atMs: Number(row.at_ms),
    expiresMs: Number(row.expires_ms),
    probability: Number(row.probability),
    judged: row.judged === null ? null : Number(row.judged),
    humanShare: Number(row.human_share),
  }
}

function toWaiting(row: Record<string, unknown>): WaitingAudit {
  return { ...withoutText(row), transcript: String(row.transcript) }
}
