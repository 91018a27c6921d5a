import type { PolicyDefinition } from '../policy.ts'
import {
  NearestNeighbours,
  type NeighbourProblem,
  trainNearestNeighbours,
} from '../predict/nearest-neighbours.ts'
import {
  bestNeighbourCount,
  meanAreaUnderRoc,
  meanExplainedVariance,
  NEIGHBOUR_COUNTS,
} from '../predict/neighbour-count.ts'
import { relativeCosts } from '../predict/relative-costs.ts'
import { offlineRouter } from './offline-router.ts'
import type { OfflineSample } from './offline-training.ts'

/** CARROT: neighbours predict satisfaction and cost, one trade-off chooses. See docs/policies/carrot.md. */
export const carrot: PolicyDefinition = offlineRouter({
  name: 'carrot',
  summary: 'CARROT (arXiv 2502.03261): neighbours predict satisfaction and cost; price from training rows.',
  parameters: [],
  trainSatisfaction(sample) {
    const problem = neighbourProblem(sample, sample.rows.satisfaction)
    return trainNearestNeighbours(problem, bestNeighbourCount(problem, meanAreaUnderRoc))
  },
  readSatisfaction: NearestNeighbours.read,
  costs: [
    {
      train(sample) {
        const { relative, scales } = relativeCosts(sample.rows, Number.POSITIVE_INFINITY)
        const problem = neighbourProblem(sample, relative)
        const neighbours = bestNeighbourCount(problem, meanExplainedVariance)
        return { batch: trainNearestNeighbours(problem, neighbours), scales }
      },
      read: NearestNeighbours.read,
    },
  ],
})

function neighbourProblem(sample: OfflineSample, targets: Float64Array): NeighbourProblem {
  return { models: sample.models, ...sample.neighbourhood(NEIGHBOUR_COUNTS.at(-1) ?? 1), targets }
}
