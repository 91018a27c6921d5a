/** Answers of one class held at most; the oldest make room, and what comes later about them counts for nothing. */
const CAPACITY = 5000

/** An answer whose label is known or awaited, with what was told of it meanwhile. */
export interface LabelledAnswer {
  readonly id: string
  /** The model that answered. */
  model: string
  readonly signals: string[]
  /** `null` until it is labelled. */
  label: number | null
  /** 1/q of the audit that labelled it. */
  weight: number
  /** What a judge and a human said where both did. */
  judge: number | null
  human: number | null
}

/** Serialisable form, oldest first. */
export interface LabelledAnswersState {
  readonly answers: readonly LabelledAnswer[]
}

/** The latest answers that are labelled or will be. */
export interface LabelledAnswers {
  add(answer: Pick<LabelledAnswer, 'id' | 'model'>): void
  find(id: string): LabelledAnswer | undefined
  state(): LabelledAnswersState
}

/** Starts from nothing or from a state. */
export function createLabelledAnswers(from: LabelledAnswersState | null): LabelledAnswers {
  // A ring for the order: a Map walks over all that was deleted from its front to find its oldest entry.
  const ring: string[] = []
  const byId = new Map<string, LabelledAnswer>()
  let next = 0
  const keep = (answer: LabelledAnswer): void => {
    const oldest = ring[next]
    if (oldest !== undefined) byId.delete(oldest)
    ring[next] = answer.id
    byId.set(answer.id, answer)
    next = (next + 1) % CAPACITY
  }
  for (const answer of from?.answers ?? []) keep({ ...answer, signals: [...answer.signals] })
  return {
    add({ id, model }) {
      if (!byId.has(id)) keep({ id, model, signals: [], label: null, weight: 1, judge: null, human: null })
    },
    find: id => byId.get(id),
    state() {
      const order = [...ring.slice(next), ...ring.slice(0, next)]
      return { answers: order.flatMap(id => byId.get(id) ?? []) }
    },
  }
}
