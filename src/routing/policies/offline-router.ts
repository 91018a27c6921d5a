import type { ByteReader } from '../numeric/byte-codec.ts'
import { ByteWriter } from '../numeric/byte-codec.ts'
import type { Policy, PolicyDefinition, PolicyParameter, PolicySetup } from '../policy.ts'
import type { BatchPredictor, TrainedBatch } from '../predict/batch-predictor.ts'
import { NgramVector } from '../predict/ngram-vector.ts'
import { PromptEstimator } from '../predict/prompt-estimator.ts'
import { PromptVector } from '../predict/prompt-vector.ts'
import {
  type PriceHull,
  priceHull,
  priceLottery,
  readPriceHull,
  writePriceHull,
} from '../price/price-hull.ts'
import { createObservations, type ObservationsState, plainReport } from './observations.ts'
import {
  type CostModel,
  meanCost,
  type OfflineSample,
  offlineSample,
  requireTraining,
  ridgeCost,
  trainedEstimator,
} from './offline-training.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { chooseByPrice } from './price-choice.ts'
import { readSnapshot } from './snapshot-bytes.ts'
import { plainAuditProbability } from './usable-label.ts'

const schema = 3

/** Parameters of every router that takes its price from training rows. */
export const offlineParameters = [
  {
    name: 'marginZ',
    default: 0,
    min: 0,
    max: 10,
    meaning: 'standard errors of the floor by which the price must exceed it on the training rows',
  },
  {
    name: 'meanCost',
    default: 0,
    min: 0,
    max: 1,
    meaning: "1: a model's cost is its mean over the training rows, instead of predicted from the prompt",
  },
] as const satisfies readonly PolicyParameter[]

/** Values of a parameter table. */
export type Settings<Table extends readonly PolicyParameter[]> = Readonly<
  Record<Table[number]['name'], number>
>

/** A router that is trained once and never learns from what it serves: its predictors are all that tells it from the others. */
export interface OfflineRouter<Table extends readonly PolicyParameter[]> {
  readonly name: string
  readonly summary: string
  /** Beside `offlineParameters`. */
  readonly parameters: Table
  trainSatisfaction(sample: OfflineSample, settings: Settings<Table>): TrainedBatch
  readSatisfaction(reader: ByteReader): BatchPredictor
  /** What satisfaction is predicted from; absent: the features that the gateway has at hand for every request. */
  readonly reads?: 'ngrams'
  /** Ways to predict cost, of which `costChoice` takes one and `meanCost` none; absent: the ridge on the prompt. */
  readonly costs?: readonly CostModel[]
  /** Position among `costs`; absent: the first. */
  costChoice?(settings: Settings<Table>): number
}

/** What training leaves behind. */
interface Trained {
  readonly estimator: PromptEstimator
  readonly hull: PriceHull
  /** Position among `costModels`. */
  readonly cost: number
}

/**
 * The policy of such a router: argmin_m c_m - price * p_m, where the price for each floor is the lottery over two prices
 * that met it most cheaply on the training rows, by cross-fitted predictions and true labels and costs. Open loop: what is
 * served is counted for reports and changes no decision.
 */
export function offlineRouter<const Table extends readonly PolicyParameter[]>(
  router: OfflineRouter<Table>,
): PolicyDefinition {
  const { name, summary, reads } = router
  const parameters = [...offlineParameters, ...router.parameters]
  return {
    name,
    summary,
    parameters,
    needsTraining: true,
    readsNgrams: reads === 'ngrams',
    create(setup, argument) {
      refuseArgument(name, argument)
      return createOfflinePolicy(router, setup)
    },
  }
}

function createOfflinePolicy<Table extends readonly PolicyParameter[]>(
  router: OfflineRouter<Table>,
  setup: PolicySetup,
): Policy {
  const { name } = router
  const general = settingsOf(name, offlineParameters, setup.parameters)
  const reader = readSnapshot(setup.snapshot, name, schema)
  const { estimator, hull, cost } =
    reader === null ? train(router, setup, general.meanCost >= 0.5) : readTrained(router, reader)
  const seen = reader === null ? null : (JSON.parse(reader.text()) as ObservationsState)
  const observations = createObservations(setup.auditBudget, seen)
  const reachable = hull.satisfaction.at(-1) ?? null
  return {
    name,
    decide: (context, random) =>
      chooseByPrice(estimator, priceLottery(hull, context.floor, general.marginZ), context, random),
    auditProbability: record => plainAuditProbability(record.context.sla.feedback, setup.auditBudget),
    learn: event => observations.learn(event),
    report(className) {
      const report = plainReport(observations, className)
      return report === null ? null : { ...report, reachable }
    },
    snapshot() {
      const writer = new ByteWriter()
      writer.count(cost)
      estimator.write(writer)
      writePriceHull(hull, writer)
      writer.text(JSON.stringify(observations.state()))
      return { policy: name, schema, bytes: writer.finish() }
    },
  }
}

function train<Table extends readonly PolicyParameter[]>(
  router: OfflineRouter<Table>,
  setup: PolicySetup,
  onMeans: boolean,
): Trained {
  const rows = requireTraining(router.name, setup)
  const settings = settingsOf(router.name, router.parameters, setup.parameters)
  const vector = vectorizers[router.reads ?? 'prompt'].fit(rows.features)
  const sample = offlineSample(rows, vector)
  const satisfaction = router.trainSatisfaction(sample, settings)
  const cost = onMeans ? 0 : 1 + (router.costChoice?.(settings) ?? 0)
  const { estimator, crossFitted } = trainedEstimator(
    sample,
    satisfaction,
    costModel(router, cost).train(sample),
  )
  setup.onTrained?.(crossFitted)
  return { estimator, hull: priceHull(crossFitted, rows), cost }
}

const vectorizers = { prompt: PromptVector, ngrams: NgramVector }

/** 0: each model's mean; from 1 on the router's own. */
function costModel(
  { name, costs = [ridgeCost] }: Pick<OfflineRouter<readonly PolicyParameter[]>, 'name' | 'costs'>,
  position: number,
): CostModel {
  const model = [meanCost, ...costs][position]
  if (model !== undefined) return model
  throw new RangeError(`policy ${name} has no cost model ${position}; its state is damaged, train it again`)
}

function readTrained<Table extends readonly PolicyParameter[]>(
  router: OfflineRouter<Table>,
  reader: ByteReader,
): Trained {
  const cost = reader.count()
  const { read, readVector } = costModel(router, cost)
  const estimator = PromptEstimator.read(reader, {
    vector: vectorizers[router.reads ?? 'prompt'].read,
    satisfaction: router.readSatisfaction,
    ...(readVector === undefined ? {} : { costVector: readVector }),
    cost: read,
  })
  return { estimator, hull: readPriceHull(reader), cost }
}

/** The values of one table out of those given for several. */
function settingsOf<const Table extends readonly PolicyParameter[]>(
  policy: string,
  table: Table,
  given: Readonly<Record<string, number>>,
): Settings<Table> {
  const own = Object.entries(given).filter(([name]) => table.some(parameter => parameter.name === name))
  return resolveParameters(policy, table, Object.fromEntries(own))
}
