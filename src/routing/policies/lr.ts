import type { PolicyDefinition } from '../policy.ts'
import { BatchLogistic, trainBatchLogistic } from '../predict/batch-logistic.ts'
import { offlineRouter } from './offline-router.ts'

/** Weight of the log loss against the penalty. */
export const inverseRegularisation = {
  name: 'c',
  default: 1,
  min: 1e-4,
  max: 1e4,
  meaning: 'weight of the log loss against the squared norm of the weights, as in liblinear',
} as const

/** One logistic regression per model, the plain baseline: see docs/policies/lr.md. */
export const lr: PolicyDefinition = offlineRouter({
  name: 'lr',
  summary: 'One logistic regression per model on the prompt; price from training rows. The plain baseline.',
  parameters: [inverseRegularisation],
  trainSatisfaction: ({ models, prompts, rows }, { c }) =>
    trainBatchLogistic({ models, prompts, targets: rows.satisfaction, c }),
  readSatisfaction: BatchLogistic.read,
})
