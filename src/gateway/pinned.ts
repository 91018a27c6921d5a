import type { Decision } from '../routing/decision.ts'
import type { ModelId } from '../routing/model.ts'
import type { SlaClass } from '../routing/sla.ts'

/** The name under which requests for one model are logged: no policy learns from them. */
export const PINNED_POLICY = 'pinned'

/** The class of requests that name their model. It promises nothing: its floor is a formality of the log. */
export const pinnedClass: SlaClass = Object.freeze({
  name: '(pinned)',
  floor: 0.5,
  feedback: 'chosen',
  promise: 'on-average',
  delta: 0.05,
})

/** The decision that the caller made. */
export function pinnedDecision(model: ModelId): Decision {
  return {
    chosen: model,
    mode: 'exploit',
    shadows: [],
    prices: [],
    probabilities: Float64Array.of(1),
    estimates: [{ model, satisfaction: null, costUsd: null, score: 0 }],
  }
}
