import type { DecisionId } from '../routing/decision.ts'
import type { ModelId } from '../routing/model.ts'

/** A decision as it is listed for operators, and as feedback is attributed. */
export interface RecentDecision {
  readonly id: DecisionId
  readonly atMs: number
  readonly class: string
  readonly floor: number
  readonly chosen: ModelId
  /** The model that answered; `null` while none has, or when none did. */
  readonly served: ModelId | null
  readonly mode: 'exploit' | 'explore'
  readonly shadows: readonly ModelId[]
  readonly costUsd: number | null
  readonly latencyMs: number | null
  /** `pending`, `ok`, or the error's code. */
  readonly status: string
}

/** The latest decisions in memory, so that feedback right after an answer needs no look-up in the store. */
export interface RecentDecisions {
  put(decision: RecentDecision): void
  get(id: DecisionId): RecentDecision | undefined
  /** Newest first. */
  list(limit: number): readonly RecentDecision[]
}

/** Keeps at most `capacity` decisions; the oldest make room. */
export function createRecentDecisions(capacity: number): RecentDecisions {
  const byId = new Map<DecisionId, RecentDecision>()
  return {
    put(decision) {
      byId.set(decision.id, decision)
      if (byId.size <= capacity) return
      const oldest = byId.keys().next()
      if (!oldest.done) byId.delete(oldest.value)
    },
    get: id => byId.get(id),
    list: limit => [...byId.values()].slice(-limit).reverse(),
  }
}
