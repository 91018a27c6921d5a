import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EventRow } from './event-codec.ts'
import { eventLog } from './migrations/0001-event-log.ts'
import { rowStatus, SqliteLog } from './sqlite-log.ts'

function decision(id: string, bytes: number): EventRow {
  const row = { kind: 'decision', atMs: 1, decision: id, policy: 'p', className: 'gold', key: null } as const
  return { ...row, answers: false, body: new Uint8Array(bytes).fill(1) }
}

function feedback(id: string, key: string): EventRow {
  const row = { kind: 'feedback', atMs: 2, decision: id, policy: '', className: '', key } as const
  return { ...row, answers: true, body: new Uint8Array(3) }
}

describe('the log in a database', () => {
  let database = new DatabaseSync(':memory:')
  beforeEach(() => {
    database = new DatabaseSync(':memory:')
    database.exec(eventLog.sql)
  })
  afterEach(() => database.close())

  const limitPages = (pages: number): void => database.exec(`PRAGMA max_page_count = ${pages}`)

  it('keeps nothing of a transaction that fails, and goes on where it was', () => {
    const log = new SqliteLog(database)
    log.append([decision('a', 10)], [{ hash: 'h1', body: 'one' }])
    limitPages(40)
    const tooMuch = [decision('b', 10), feedback('b', 'k'), feedback('a', 'k'), decision('c', 300_000)]
    expect(() => log.append(tooMuch, [{ hash: 'h2', body: 'two' }])).toThrow(/full/)
    expect(log.summary()).toEqual({ lastCursor: 1, decisions: 1, orphans: 0 })
    expect(log.readFrame('h2')).toBeNull()
    expect(log.findUnanswered('gold', 100, 10)).toEqual(['a'])

    limitPages(100_000)
    const { statuses, firstCursor } = log.append(tooMuch, [{ hash: 'h2', body: 'two' }])
    expect([...statuses]).toEqual([0, 0, 0, 0].map(() => rowStatus.committed))
    expect(firstCursor).toBe(2)
    expect(log.readPage(0, 10).rows.map(({ cursor, kind, decision }) => [cursor, kind, decision])).toEqual([
      [1, 'decision', 1],
      [2, 'decision', 2],
      [3, 'feedback', 2],
      [4, 'feedback', 1],
      [5, 'decision', 5],
    ])
  })

  it('reads every record once per page, however many events refer to it', () => {
    const log = new SqliteLog(database)
    log.append([decision('a', 10), decision('b', 20), feedback('a', '1'), feedback('a', '2')], [])
    const later = log.readPage(2, 10)
    expect(later.decisions.map(({ cursor, record }) => [cursor, record.length])).toEqual([[1, 10]])
    const whole = log.readPage(0, 10)
    expect(whole.rows.map(({ body }) => body.length)).toEqual([0, 0, 3, 3])
    expect(whole.decisions.map(({ record }) => record.length)).toEqual([10, 20])
  })

  it('continues its cursors after the newest snapshot when older events were removed', () => {
    const log = new SqliteLog(database)
    log.append([decision('a', 10), decision('b', 10)], [])
    log.saveSnapshot({ policy: 'p', writer: 'p', schema: 1, bytes: Uint8Array.of(1), cursor: 2 })
    database.exec('DELETE FROM events; DELETE FROM decisions')
    expect(new SqliteLog(database).append([decision('c', 10)], []).firstCursor).toBe(3)
  })

  it('answers the questions about classes and decisions from indexes', () => {
    const plan = (sql: string): string =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(row => String(row.detail))
        .join('; ')
    expect(
      plan(
        "SELECT id FROM decisions WHERE class = 'x' AND answered = 0 AND at_ms < 9 ORDER BY at_ms, cursor",
      ),
    ).toMatch(/^SEARCH decisions USING INDEX unanswered_decisions \(class=\? AND at_ms<\?\)$/)
    expect(plan("SELECT * FROM events WHERE decision = 1 AND kind <> 'decision'")).toMatch(
      /USING INDEX later_events/,
    )
  })
})
