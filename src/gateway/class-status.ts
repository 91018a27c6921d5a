import { type ClassKnowledge, constraintState } from './sla-view.ts'

/** How a class stands, in one word for `x-plimsoll-sla-status`. */
export type SlaStatus = 'met' | 'learning' | 'at-risk' | 'infeasible'

/** Status of classes, looked up at most a few times a second. */
export interface ClassStatus {
  /** `learning` for a class that promises nothing. */
  of(className: string): SlaStatus
}

const REFRESH_MS = 250
/** Labels below which an estimate under the floor is no sign yet. */
const LABELS_BEFORE_RISK = 50

/** Puts what is known into one word. */
export function statusOf(known: ClassKnowledge): SlaStatus {
  switch (constraintState(known)) {
    case 'compliant':
      return 'met'
    case 'breached':
      return 'at-risk'
    case 'infeasible':
      return 'infeasible'
    case 'undecided': {
      const certificate = known.ledger?.certificate
      if (certificate?.alarm != null) return 'at-risk'
      const behind = certificate?.estimate != null && certificate.estimate < known.floor
      return behind && certificate.labels >= LABELS_BEFORE_RISK ? 'at-risk' : 'learning'
    }
  }
}

/** Remembers each status for a quarter of a second: a request pays for a look-up, not for a report. */
export function createClassStatus(
  read: (className: string) => ClassKnowledge | null,
  nowMs: () => number,
): ClassStatus {
  const remembered = new Map<string, { readonly status: SlaStatus; readonly untilMs: number }>()
  return {
    of(className) {
      const now = nowMs()
      const entry = remembered.get(className)
      if (entry !== undefined && now < entry.untilMs) return entry.status
      const known = read(className)
      const status = known === null ? 'learning' : statusOf(known)
      remembered.set(className, { status, untilMs: now + REFRESH_MS })
      return status
    },
  }
}
