import type { StoredFrame } from './record-frame.ts'
import type { DeskAnswer, DeskCall } from './sqlite-audit-desk.ts'
import type { AppendedRows, StoredPage, StoredSnapshot } from './sqlite-log.ts'
import type { LogSummary } from './store.ts'
import type { StoreErrorCode } from './store-error.ts'

/** What the thread that owns the database can be asked, and what it answers. */
export interface SqliteCalls {
  append: {
    readonly question: { readonly batch: Uint8Array; readonly frames: readonly StoredFrame[] }
    readonly answer: AppendedRows
  }
  readPage: {
    readonly question: { readonly after: number; readonly limit: number }
    readonly answer: StoredPage
  }
  readTrail: { readonly question: { readonly id: string }; readonly answer: StoredPage }
  readFrame: { readonly question: { readonly hash: string }; readonly answer: string | null }
  findUnanswered: {
    readonly question: { readonly className: string; readonly beforeMs: number; readonly limit: number }
    readonly answer: readonly string[]
  }
  loadSnapshot: { readonly question: { readonly policy: string }; readonly answer: StoredSnapshot | null }
  saveSnapshot: { readonly question: StoredSnapshot; readonly answer: null }
  secret: { readonly question: null; readonly answer: Uint8Array }
  summary: { readonly question: null; readonly answer: LogSummary }
  desk: { readonly question: DeskCall; readonly answer: DeskAnswer }
  close: { readonly question: null; readonly answer: null }
}

export type SqliteCallName = keyof SqliteCalls

/** One question on its way to the thread. */
export type SqliteRequest = {
  readonly [Name in SqliteCallName]: {
    readonly number: number
    readonly name: Name
    readonly question: SqliteCalls[Name]['question']
  }
}[SqliteCallName]

/** Number 0 tells whether the database could be opened; the others answer the request of the same number. */
export type SqliteReply =
  | { readonly number: number; readonly answer: unknown }
  | { readonly number: number; readonly failure: { readonly code: StoreErrorCode; readonly message: string } }
