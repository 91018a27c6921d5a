import type { PolicyDefinition } from '../policy.ts'
import { AveragedPredictors, averageTrained } from '../predict/averaged-predictors.ts'
import { BatchLogistic, trainBatchLogistic } from '../predict/batch-logistic.ts'
import { NearestNeighbours } from '../predict/nearest-neighbours.ts'
import { neighbourhoodSize, trainNeighbours } from './knn.ts'
import { costFromPrompt, inverseRegularisation, plainBaseline } from './lr.ts'
import { offlineRouter } from './offline-router.ts'

/** The mean of `lr` and `knn`: see docs/policies/ens.md. */
export const ens: PolicyDefinition = offlineRouter({
  name: 'ens',
  summary: 'The mean of the predictions of lr and knn; price from training rows.',
  parameters: [costFromPrompt, inverseRegularisation, neighbourhoodSize],
  ...plainBaseline,
  trainSatisfaction: (sample, { c, neighbours }) =>
    averageTrained([
      trainBatchLogistic({
        models: sample.models,
        prompts: sample.prompts,
        targets: sample.rows.satisfaction,
        c,
      }),
      trainNeighbours(sample, Math.round(neighbours)),
    ]),
  readSatisfaction: reader => AveragedPredictors.read(reader, [BatchLogistic.read, NearestNeighbours.read]),
})
