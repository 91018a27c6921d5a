import type { Features } from '../features/features.ts'
import type { ModelId } from '../model.ts'

/**
 * Predicts the probability that a model's answer satisfies, one number per model, from the prompt's features.
 * Models may appear and vanish from call to call.
 */
export interface SatisfactionPredictor {
  /** Writes one probability in [0, 1] per model into `out` (length >= models.length). Changes no state. */
  predict(features: Features, models: readonly ModelId[], out: Float64Array): void
  /** Learns one label: `target` in [0, 1], `weight` > 0 relative to an ordinary label of weight 1. */
  learn(features: Features, model: ModelId, target: number, weight: number): void
}
