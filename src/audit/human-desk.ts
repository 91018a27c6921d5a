import { decisionId } from '../routing/decision.ts'
import { modelId } from '../routing/model.ts'
import type { AuditDesk, WaitingAudit } from '../store/audit-desk.ts'
import type { AppendResult, NewEvent } from '../store/store.ts'
import { humanEvents, type MissedReason, missedEvent } from './audit-events.ts'

const EXPIRED_AT_ONCE = 100

/** What the desk is worked with. */
export interface HumanDeskOptions {
  readonly desk: AuditDesk
  /** Resolves once the event is on disk. */
  readonly append: (event: NewEvent) => Promise<AppendResult>
  /** Wall clock in milliseconds. */
  readonly now: () => number
  /** Hears of every answer that has left the desk: judged, or why not. */
  readonly onLeft: (className: string, how: 'judged' | MissedReason) => void
}

/** Where humans judge: durable, idempotent, and without a judge's verdict that could lead them. */
export interface HumanDesk {
  /** Logs a verdict in [0, 1]; false where no such answer waits. Once it resolves the verdict survives a kill. */
  judge(decision: string, value: number): Promise<boolean>
  /** Deletes an answer unjudged, as its owner may ask; false where none waits. */
  remove(decision: string): Promise<boolean>
  /** Deletes what has waited too long. */
  expire(): Promise<void>
}

/** Creates the desk's clerk. */
export function createHumanDesk({ desk, append, now, onLeft }: HumanDeskOptions): HumanDesk {
  const miss = async (audit: Omit<WaitingAudit, 'transcript'>, reason: MissedReason): Promise<void> => {
    const about = { decisionId: decisionId(audit.decision), model: modelId(audit.model) }
    await append(missedEvent(about, now()))
    onLeft(audit.className, reason)
  }
  return {
    async judge(decision, value) {
      const waiting = await desk.find(decision)
      if (waiting === null || waiting.expiresMs <= now()) return false
      // The log first: a kill in between leaves the answer on the desk, and judging it again changes nothing.
      await Promise.all(humanEvents(waiting, value, now()).map(append))
      if (await desk.remove(decision)) onLeft(waiting.className, 'judged')
      return true
    },
    async remove(decision) {
      const waiting = await desk.find(decision)
      if (waiting === null || !(await desk.remove(decision))) return false
      await miss(waiting, 'deleted')
      return true
    },
    async expire() {
      for (;;) {
        const expired = await desk.removeExpired(now(), EXPIRED_AT_ONCE)
        for (const audit of expired) await miss(audit, 'expired')
        if (expired.length < EXPIRED_AT_ONCE) return
      }
    },
  }
}
