import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type SqliteMigration, sqliteMigrations } from './migrations/sqlite-migration.ts'
import { StoreError } from './store-error.ts'

/** Marks a database file as a log of plimsoll (SQLite's `application_id`): the bytes `plim`. */
const applicationId = 0x706c696d

/** SQLite's result codes that need a sentence of their own. */
const sqliteBusy = 5
const sqliteNotADatabase = 26

/** Which file is opened, and how. */
export interface SqliteSettings {
  readonly path: string
  readonly synchronous: 'normal' | 'full'
  readonly readOnly: boolean
}

/** An open log file; `lock` is held as long as it is open and dies with the process. */
export interface OpenDatabase {
  readonly database: DatabaseSync
  readonly lock: DatabaseSync | null
}

/** Opens or creates the file, takes the writer's lock and brings the schema up to date. */
export function openDatabase(settings: SqliteSettings): OpenDatabase {
  const lock = settings.readOnly || settings.path === ':memory:' ? null : takeWriterLock(settings.path)
  let database: DatabaseSync | null = null
  try {
    if (lock !== null) createForOwner(settings.path)
    database = new DatabaseSync(settings.path, { readOnly: settings.readOnly, timeout: 5000 })
    checkOwner(database, settings.path)
    if (settings.readOnly) requireSchema(database, settings.path)
    else prepareForWriting(database, settings)
    return { database, lock }
  } catch (error) {
    database?.close()
    lock?.close()
    throw asStoreError(error, settings.path)
  }
}

/** The store's own error for whatever SQLite threw. */
export function asStoreError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (resultCode(error) === sqliteNotADatabase) {
    return unavailable(`${path} is not a SQLite database; the operator must name another file`, error)
  }
  return unavailable(
    `the event log ${path} cannot be used (${message}); the operator must see to the file, its folder and its disk`,
    error,
  )
}

/**
 * SQLite's own locks last for one transaction, so two gateways would take turns at one log. The writer therefore holds
 * an exclusive transaction on an empty file beside it: the system ends it with the process, however that dies,
 * and readers of the log are not kept out.
 */
function takeWriterLock(path: string): DatabaseSync {
  const lockPath = `${path}.lock`
  let lock: DatabaseSync | null = null
  try {
    lock = new DatabaseSync(lockPath, { timeout: 0 })
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock?.close()
    if (resultCode(error) !== sqliteBusy) throw asStoreError(error, lockPath)
    throw new StoreError(
      'store_locked',
      `another process writes the event log ${path}; the operator must stop it or name another file`,
      { cause: error },
    )
  }
}

/** The log holds a signing secret and what users asked, hashed: only its owner may read it. SQLite's other files follow it. */
function createForOwner(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
}

function checkOwner(database: DatabaseSync, path: string): void {
  const owner = pragma(database, 'application_id')
  const isEmpty = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n === 0
  if (owner === applicationId || (owner === 0 && isEmpty)) return
  throw unavailable(
    `${path} is a SQLite database of another program; the operator must name another file`,
    null,
  )
}

function prepareForWriting(database: DatabaseSync, settings: SqliteSettings): void {
  const version = refuseNewerSchema(database, settings.path)
  database.exec('PRAGMA journal_mode = WAL')
  database.exec(`PRAGMA synchronous = ${settings.synchronous === 'full' ? 'FULL' : 'NORMAL'}`)
  for (const migration of sqliteMigrations) if (migration.number > version) migrate(database, migration)
}

function migrate(database: DatabaseSync, migration: SqliteMigration): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec(migration.sql)
    database.exec(`PRAGMA user_version = ${migration.number}`)
    database.exec(`PRAGMA application_id = ${applicationId}`)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

function requireSchema(database: DatabaseSync, path: string): void {
  const version = refuseNewerSchema(database, path)
  const newest = newestSchema()
  if (version === newest) return
  throw unavailable(
    `${path} has schema ${version}, this version of plimsoll reads schema ${newest}; ` +
      'open it once for writing (start the gateway on it), which brings it up to date',
    null,
  )
}

function refuseNewerSchema(database: DatabaseSync, path: string): number {
  const version = pragma(database, 'user_version')
  const newest = newestSchema()
  if (version <= newest) return version
  throw unavailable(
    `${path} has schema ${version}, this version of plimsoll knows schemas up to ${newest}; ` +
      'the operator must use the newer plimsoll that wrote it, or name another file',
    null,
  )
}

function newestSchema(): number {
  return sqliteMigrations.at(-1)?.number ?? 0
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
}

function unavailable(message: string, cause: unknown): StoreError {
  return new StoreError('store_unavailable', message, cause === null ? {} : { cause })
}

function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  return error.errcode & 0xff
}
