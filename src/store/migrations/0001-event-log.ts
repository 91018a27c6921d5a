import type { SqliteMigration } from './sqlite-migration.ts'

/** The event log, what finds its decisions, and the state derived from it. */
export const eventLog: SqliteMigration = {
  number: 1,
  sql: `
    CREATE TABLE frames (
      hash TEXT PRIMARY KEY,
      body TEXT NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE decisions (
      cursor INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      policy TEXT NOT NULL,
      class TEXT NOT NULL,
      at_ms REAL NOT NULL,
      answered INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX unanswered_decisions ON decisions (class, at_ms) WHERE answered = 0;

    -- The decision of a decision event is the event itself.
    CREATE TABLE events (
      cursor INTEGER PRIMARY KEY,
      kind TEXT NOT NULL,
      decision INTEGER NOT NULL,
      at_ms REAL NOT NULL,
      body BLOB NOT NULL
    );
    CREATE INDEX later_events ON events (decision) WHERE kind <> 'decision';

    CREATE TABLE feedback_keys (
      decision INTEGER NOT NULL,
      key TEXT NOT NULL,
      PRIMARY KEY (decision, key)
    ) WITHOUT ROWID;

    CREATE TABLE orphans (
      number INTEGER PRIMARY KEY,
      kind TEXT NOT NULL,
      decision TEXT NOT NULL,
      at_ms REAL NOT NULL,
      key TEXT,
      body BLOB NOT NULL,
      UNIQUE (decision, key)
    );

    CREATE TABLE snapshots (
      policy TEXT PRIMARY KEY,
      writer TEXT NOT NULL,
      schema INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      cursor INTEGER NOT NULL
    );

    CREATE TABLE secrets (
      name TEXT PRIMARY KEY,
      value BLOB NOT NULL
    );
  `,
}
