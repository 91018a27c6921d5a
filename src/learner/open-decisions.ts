import type { AuditPlan } from '../routing/audit-plan.ts'

/** Decisions held at most; beyond them the oldest counts as unlabelled, as if its window had closed. */
const maxOpen = 50_000

/** A decision whose label is awaited. */
export interface OpenDecision {
  readonly id: string
  readonly atMs: number
  readonly floor: number
  /** Predicted satisfaction of the chosen model, made with the decision. */
  readonly prediction: number | null
  /** How it could be audited, and whether it was drawn; `null` where users label. */
  readonly audit: (AuditPlan & { readonly drawn: boolean }) | null
}

/** A decision that is settled: its label, or `null` where nobody gave one in time. */
export interface ResolvedDecision extends OpenDecision {
  readonly label: number | null
}

/** A decision as JSON. */
type OpenEntry = ResolvedDecision & { readonly resolved: boolean }

/** Serialisable form: the open decisions in their order. */
export interface OpenDecisionsState {
  readonly passed: number
  readonly entries: readonly OpenEntry[]
}

/** What a label did: settled an open decision, came again, or came after the decision had been passed. */
export type Resolution = 'labelled' | 'again' | 'passed'

/** Puts labels that come in any order back into the order of their decisions. */
export interface OpenDecisions {
  /** Decisions that `takeResolved` has given out. */
  readonly passed: number
  add(decision: OpenDecision): void
  /** Settles a decision with its label, or with `null` when its window closed; the first word counts. */
  resolve(id: string, label: number | null): Resolution
  /**
   * Takes the settled decisions before the first open one, in decision order. An open one made before `expiredBeforeMs` counts as
   * settled without a label.
   */
  takeResolved(expiredBeforeMs?: number): readonly ResolvedDecision[]
  state(): OpenDecisionsState
}

interface Entry extends OpenDecision {
  resolved: boolean
  label: number | null
}

/** Entries taken from the front of the queue before their places are given up. */
const compactAfter = 4096

/**
 * Starts from nothing or from a state. The order is a queue of its own: a Map walks over everything ever deleted from its
 * front to find its first entry.
 */
export function createOpenDecisions(from: OpenDecisionsState | null): OpenDecisions {
  let passed = from?.passed ?? 0
  let queue: Entry[] = (from?.entries ?? []).map(entry => ({ ...entry }))
  let front = 0
  const entries = new Map(queue.map(entry => [entry.id, entry]))
  return {
    get passed() {
      return passed
    },
    add(decision) {
      const entry: Entry = { ...decision, resolved: false, label: null }
      entries.set(decision.id, entry)
      queue.push(entry)
    },
    resolve(id, label) {
      const entry = entries.get(id)
      if (entry === undefined) return 'passed'
      if (entry.resolved) return 'again'
      entry.resolved = true
      entry.label = label
      return 'labelled'
    },
    takeResolved(expiredBeforeMs = Number.NEGATIVE_INFINITY) {
      const taken: ResolvedDecision[] = []
      for (let next = queue[front]; next !== undefined; next = queue[++front]) {
        if (!next.resolved && next.atMs >= expiredBeforeMs && entries.size <= maxOpen) break
        entries.delete(next.id)
        const { resolved: _, ...decision } = next
        taken.push(decision)
      }
      if (front >= compactAfter) {
        queue = queue.slice(front)
        front = 0
      }
      passed += taken.length
      return taken
    },
    state: () => ({ passed, entries: queue.slice(front).map(entry => ({ ...entry })) }),
  }
}
