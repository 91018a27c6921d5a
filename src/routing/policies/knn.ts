import type { PolicyDefinition } from '../policy.ts'
import type { TrainedBatch } from '../predict/batch-predictor.ts'
import { NearestNeighbours, trainNearestNeighbours } from '../predict/nearest-neighbours.ts'
import { costFromPrompt, plainBaseline } from './lr.ts'
import { offlineRouter } from './offline-router.ts'
import type { OfflineSample } from './offline-training.ts'

/** Size of a neighbourhood. */
export const neighbourhoodSize = {
  name: 'neighbours',
  default: 40,
  min: 1,
  max: 1000,
  meaning: 'training prompts whose labels are averaged',
} as const

/** The mean label of the nearest training prompts: see docs/policies/knn.md. */
export const knn: PolicyDefinition = offlineRouter({
  name: 'knn',
  summary:
    'Mean label of the 40 nearest training prompts (RouterBench, arXiv 2403.12031); price from training rows.',
  parameters: [costFromPrompt, neighbourhoodSize],
  ...plainBaseline,
  trainSatisfaction: (sample, { neighbours }) => trainNeighbours(sample, Math.round(neighbours)),
  readSatisfaction: NearestNeighbours.read,
})

/** Neighbours by cosine among the singular directions of the prompts. */
export function trainNeighbours(sample: OfflineSample, neighbours: number): TrainedBatch<NearestNeighbours> {
  const { models, rows } = sample
  return trainNearestNeighbours(
    { models, ...sample.neighbourhood(neighbours), targets: rows.satisfaction },
    neighbours,
  )
}
