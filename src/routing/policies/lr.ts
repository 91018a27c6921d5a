import type { PolicyDefinition } from '../policy.ts'
import { BatchLogistic, trainBatchLogistic } from '../predict/batch-logistic.ts'
import { offlineRouter } from './offline-router.ts'
import { learntCost, lengthCost } from './offline-training.ts'

/** Weight of the log loss against the penalty. */
export const inverseRegularisation = {
  name: 'c',
  default: 1,
  min: 1e-4,
  max: 1e4,
  meaning: 'weight of the log loss against the squared norm of the weights, as in liblinear',
} as const

/** What the plain baselines predict cost from. */
export const costFromPrompt = {
  name: 'learntCost',
  default: 0,
  min: 0,
  max: 1,
  meaning: "1: cost is learned from the prompt's words, template and statistics, not from its length alone",
} as const

/** The plain baselines read n-grams for satisfaction and, unless told otherwise, the prompt's length for cost. */
export const plainBaseline = {
  reads: 'ngrams',
  costs: [lengthCost, learntCost],
  costChoice: (settings: { readonly learntCost: number }) => Math.round(settings.learntCost),
} as const

/** One logistic regression per model, the plain baseline: see docs/policies/lr.md. */
export const lr: PolicyDefinition = offlineRouter({
  name: 'lr',
  summary:
    'One logistic regression per model on TF-IDF of n-grams; price from training rows. The plain baseline.',
  parameters: [costFromPrompt, inverseRegularisation],
  ...plainBaseline,
  trainSatisfaction: ({ models, prompts, rows }, { c }) =>
    trainBatchLogistic({ models, prompts, targets: rows.satisfaction, c }),
  readSatisfaction: BatchLogistic.read,
})
