import { eventLog } from './0001-event-log.ts'
import { auditDesk } from './0002-audit-desk.ts'

/** One step of the SQLite schema; its number is the `user_version` that it leaves behind. */
export interface SqliteMigration {
  readonly number: number
  readonly sql: string
}

/** All steps, ascending and without gaps; a step that was released is never changed. */
export const sqliteMigrations: readonly SqliteMigration[] = [eventLog, auditDesk]
