/** An answer that waits for a human: the only place where text of prompts and answers is kept, and only until it is judged. */
export interface WaitingAudit {
  readonly decision: string
  readonly className: string
  /** The model that answered. */
  readonly model: string
  readonly atMs: number
  /** Deleted unjudged after this moment. */
  readonly expiresMs: number
  /** Probability with which the audit was drawn, in (0, 1]. */
  readonly probability: number
  /** What a judge said already, in [0, 1]; `null` where the human is the only judge. */
  readonly judged: number | null
  /** Share of the audits that a human sees, in (0, 1]; 1 where the human is the only judge. */
  readonly humanShare: number
  /** Request and answer as JSON. */
  readonly transcript: string
}

/** What the audits of one class have cost on one day. */
export interface AuditSpending {
  readonly className: string
  readonly usd: number
}

/** What audits keep outside of the event log: answers that wait for a human, and what was spent. */
export interface AuditDesk {
  /** Puts an answer on the desk; one that lies there already stays as it is. */
  hold(audit: WaitingAudit): Promise<void>
  find(decision: string): Promise<WaitingAudit | null>
  /** Oldest first; `className` null lists all classes. Those that have expired by `nowMs` are left out. */
  list(query: {
    readonly className: string | null
    readonly nowMs: number
    readonly limit: number
  }): Promise<readonly WaitingAudit[]>
  /** Takes an answer off the desk with its text; false when there is none. */
  remove(decision: string): Promise<boolean>
  /** Takes off what has expired, oldest first, and says what it was; the text is gone. */
  removeExpired(nowMs: number, limit: number): Promise<readonly Omit<WaitingAudit, 'transcript'>[]>
  count(className: string): Promise<number>
  /** Adds to what the class has spent on a day, counted in days since 1970-01-01 UTC. */
  spend(className: string, day: number, usd: number): Promise<void>
  spending(day: number): Promise<readonly AuditSpending[]>
}
