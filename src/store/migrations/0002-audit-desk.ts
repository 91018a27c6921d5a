import type { SqliteMigration } from './sqlite-migration.ts'

/** Answers that wait for a human, and what audits have cost by day. */
export const auditDesk: SqliteMigration = {
  number: 2,
  sql: `
    CREATE TABLE waiting_audits (
      decision TEXT PRIMARY KEY,
      class TEXT NOT NULL,
      model TEXT NOT NULL,
      at_ms REAL NOT NULL,
      expires_ms REAL NOT NULL,
      probability REAL NOT NULL,
      judged REAL,
      human_share REAL NOT NULL,
      transcript TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX expiring_audits ON waiting_audits (expires_ms);

    CREATE TABLE audit_spending (
      day INTEGER NOT NULL,
      class TEXT NOT NULL,
      usd REAL NOT NULL,
      PRIMARY KEY (day, class)
    ) WITHOUT ROWID;
  `,
}
