import type { DecisionId } from '../routing/decision.ts'
import type { ModelId } from '../routing/model.ts'

/** How a decision's request ended. */
export interface DecisionEnding {
  /** The model that answered; `null` when none did. */
  readonly served: ModelId | null
  readonly costUsd: number | null
  readonly latencyMs: number
  /** `ok`, or the error's code. */
  readonly status: string
}

/** A decision as it is listed for operators, and as feedback is attributed. */
export interface RecentDecision {
  readonly id: DecisionId
  readonly atMs: number
  readonly class: string
  readonly floor: number
  readonly chosen: ModelId
  readonly mode: 'exploit' | 'explore'
  readonly shadows: readonly ModelId[]
  /** `null` while the request is under way. */
  readonly ending: DecisionEnding | null
}

/** The latest decisions in memory, so that feedback right after an answer needs no look-up in the store. */
export interface RecentDecisions {
  begin(decision: Omit<RecentDecision, 'ending'>): void
  /** A decision that has made room already is left alone. */
  end(id: DecisionId, ending: DecisionEnding): void
  get(id: DecisionId): RecentDecision | undefined
  /** Newest first. */
  list(limit: number): readonly RecentDecision[]
}

interface Slot {
  readonly decision: Omit<RecentDecision, 'ending'>
  ending: DecisionEnding | null
}

/** Keeps at most `capacity` decisions in a ring; the oldest make room. */
export function createRecentDecisions(capacity: number): RecentDecisions {
  const ring: Slot[] = []
  const byId = new Map<DecisionId, Slot>()
  let next = 0
  const view = ({ decision, ending }: Slot): RecentDecision => ({ ...decision, ending })
  return {
    begin(decision) {
      const slot: Slot = { decision, ending: null }
      const oldest = ring[next]
      if (oldest !== undefined) byId.delete(oldest.decision.id)
      ring[next] = slot
      byId.set(decision.id, slot)
      next = (next + 1) % capacity
    },
    end(id, ending) {
      const slot = byId.get(id)
      if (slot !== undefined) slot.ending = ending
    },
    get(id) {
      const slot = byId.get(id)
      return slot === undefined ? undefined : view(slot)
    },
    list(limit) {
      const listed: RecentDecision[] = []
      for (let i = 1; i <= Math.min(limit, ring.length); i++) {
        const slot = ring[(next - i + capacity) % capacity]
        if (slot !== undefined) listed.push(view(slot))
      }
      return listed
    },
  }
}
