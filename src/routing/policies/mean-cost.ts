import type { PolicyDefinition } from '../policy.ts'
import { MeanPredictor, trainMeans } from '../predict/mean-predictor.ts'
import { offlineRouter } from './offline-router.ts'

/** Cost from the prompt, satisfaction not at all: what is left above it is what a satisfaction predictor earns. See docs/policies/mean-cost.md. */
export const meanCost: PolicyDefinition = offlineRouter({
  name: 'mean-cost',
  summary: "Predicts cost from the prompt and satisfaction as each model's mean; price from training rows.",
  parameters: [],
  trainSatisfaction: ({ models, rows }) => trainMeans(models, rows.satisfaction),
  readSatisfaction: MeanPredictor.read,
})
