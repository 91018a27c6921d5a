/** Decisions held at most; beyond them the oldest counts as unlabelled, as if its window had closed. */
const maxOpen = 50_000

/** A decision whose label is awaited. */
export interface OpenDecision {
  readonly id: string
  readonly floor: number
  /** Predicted satisfaction of the chosen model, made with the decision. */
  readonly prediction: number | null
}

/** A decision that is settled: its label, or `null` where nobody gave one in time. */
export interface ResolvedDecision extends OpenDecision {
  readonly label: number | null
}

/** Serialisable form: the open decisions in their order. */
export interface OpenDecisionsState {
  readonly passed: number
  readonly entries: readonly (readonly [
    id: string,
    floor: number,
    prediction: number | null,
    resolved: 0 | 1,
    label: number | null,
  ])[]
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
  /** Takes the settled decisions before the first open one, in decision order. */
  takeResolved(): readonly ResolvedDecision[]
  state(): OpenDecisionsState
}

interface Entry extends OpenDecision {
  resolved: boolean
  label: number | null
}

/** Starts from nothing or from a state. A Map keeps the order in which decisions were added. */
export function createOpenDecisions(from: OpenDecisionsState | null): OpenDecisions {
  let passed = from?.passed ?? 0
  const entries = new Map<string, Entry>(
    from?.entries.map(([id, floor, prediction, resolved, label]) => [
      id,
      { id, floor, prediction, resolved: resolved === 1, label },
    ]),
  )
  return {
    get passed() {
      return passed
    },
    add(decision) {
      entries.set(decision.id, { ...decision, resolved: false, label: null })
    },
    resolve(id, label) {
      const entry = entries.get(id)
      if (entry === undefined) return 'passed'
      if (entry.resolved) return 'again'
      entry.resolved = true
      entry.label = label
      return 'labelled'
    },
    takeResolved() {
      const taken: ResolvedDecision[] = []
      for (const { id, floor, prediction, label, resolved } of entries.values()) {
        if (!resolved && entries.size <= maxOpen) break
        entries.delete(id)
        taken.push({ id, floor, prediction, label })
      }
      passed += taken.length
      return taken
    },
    state: () => ({
      passed,
      entries: [...entries.values()].map(({ id, floor, prediction, resolved, label }) => [
        id,
        floor,
        prediction,
        resolved ? 1 : 0,
        label,
      ]),
    }),
  }
}
