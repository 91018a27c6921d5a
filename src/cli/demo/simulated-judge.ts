import type { Judge } from '../../gateway/audits.ts'
import type { ServedRequest } from '../../simulation/traffic.ts'

/** A judge that knows the truth: it labels an answer as the user who got it would. */
export interface SimulatedJudge {
  readonly judge: Judge
  /** Answers that it has labelled. */
  readonly labelled: number
  /** A user has got an answer: from now on it can be judged. */
  note(served: ServedRequest): void
  /** Nobody will get further answers: what was asked about others stays without a label. */
  close(): void
}

/** Creates a judge. The gateway may ask about an answer before or after its user has read it. */
export function createSimulatedJudge(): SimulatedJudge {
  const known = new Map<string, number>()
  const asked = new Map<string, (label: number | null) => void>()
  let labelled = 0
  const say = (label: number | null): number | null => {
    if (label !== null) labelled++
    return label
  }
  return {
    get labelled() {
      return labelled
    },
    async judge({ decisionId }) {
      const label = known.get(decisionId)
      if (label !== undefined) return say(label)
      return say(await new Promise<number | null>(resolve => asked.set(decisionId, resolve)))
    },
    note({ decisionId, satisfaction }) {
      known.set(decisionId, satisfaction)
      asked.get(decisionId)?.(satisfaction)
      asked.delete(decisionId)
    },
    close() {
      for (const resolve of asked.values()) resolve(null)
      asked.clear()
    },
  }
}
