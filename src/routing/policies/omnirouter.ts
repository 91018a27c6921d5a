import type { DecisionRecord } from '../decision.ts'
import { estimateOf } from '../decision.ts'
import { type ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { Policy, PolicyDefinition, PolicyParameter, PolicySetup } from '../policy.ts'
import { AveragedPredictors, averageTrained } from '../predict/averaged-predictors.ts'
import { BatchLogistic, trainBatchLogistic } from '../predict/batch-logistic.ts'
import { NearestNeighbours } from '../predict/nearest-neighbours.ts'
import { PromptEstimator } from '../predict/prompt-estimator.ts'
import { PromptVector } from '../predict/prompt-vector.ts'
import {
  type PriceHull,
  priceHull,
  priceLottery,
  readPriceHull,
  writePriceHull,
} from '../price/price-hull.ts'
import type { PlanSample } from '../price/price-plan.ts'
import { trainNeighbours } from './knn.ts'
import { createObservations, type ObservationsState, plainReport } from './observations.ts'
import { offlineParameters } from './offline-router.ts'
import { meanCost, offlineSample, requireTraining, ridgeCost, trainedEstimator } from './offline-training.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { chooseByPrice } from './price-choice.ts'
import { readSnapshot } from './snapshot-bytes.ts'
import { plainAuditProbability } from './usable-label.ts'

const name = 'omnirouter'
const schema = 2

const parameters = [
  ...offlineParameters,
  {
    name: 'batch',
    default: 256,
    min: 1,
    max: 100_000,
    meaning: 'requests over which the constraint on predicted satisfaction is solved anew',
  },
  {
    name: 'neighbours',
    default: 40,
    min: 1,
    max: 1000,
    meaning: 'training prompts whose labels are averaged',
  },
] as const satisfies readonly PolicyParameter[]

type OmniSettings = ReturnType<typeof resolveParameters<typeof parameters>>

/** OmniRouter's batch dual on predicted satisfaction, in a form inferred from its paper: see docs/policies/omnirouter.md. */
export const omnirouter: PolicyDefinition = {
  name,
  summary: 'OmniRouter-style (arXiv 2502.20576): a dual over each batch, with the constraint on predictions.',
  parameters,
  needsTraining: true,
  create(setup, argument) {
    refuseArgument(name, argument)
    return createOmnirouter(setup)
  },
}

/** What decisions depend on: the predictors, the prices of the last full batch, and the batch under way. */
interface Learned {
  readonly estimator: PromptEstimator
  readonly meanCost: boolean
  hull: PriceHull
  /** Predictions of the decisions since the hull was made, row-major [decisions x models]. */
  satisfaction: number[]
  costUsd: number[]
}

function createOmnirouter(setup: PolicySetup): Policy {
  const settings = resolveParameters(name, parameters, setup.parameters)
  const reader = readSnapshot(setup.snapshot, name, schema)
  const learned = reader === null ? train(setup, settings) : readLearned(reader)
  const seen = reader === null ? null : (JSON.parse(reader.text()) as ObservationsState)
  const observations = createObservations(setup.auditBudget, seen)
  return {
    name,
    decide: (context, random) =>
      chooseByPrice(
        learned.estimator,
        priceLottery(learned.hull, context.floor, settings.marginZ),
        context,
        random,
      ),
    auditProbability: record => plainAuditProbability(record.context.sla.feedback, setup.auditBudget),
    learn(event) {
      observations.learn(event)
      if (event.kind === 'decision') append(learned, event.record, Math.round(settings.batch))
    },
    report(className) {
      const report = plainReport(observations, className)
      return report === null ? null : { ...report, reachable: learned.hull.satisfaction.at(-1) ?? null }
    },
    snapshot() {
      const writer = new ByteWriter()
      write(learned, writer)
      writer.text(JSON.stringify(observations.state()))
      return { policy: name, schema, bytes: writer.finish() }
    },
  }
}

/** The training rows are the first batch, by cross-fitted predictions: a row's own label would flatter them. */
function train(setup: PolicySetup, settings: OmniSettings): Learned {
  const rows = requireTraining(name, setup)
  const sample = offlineSample(rows, PromptVector.fit(rows.features))
  const satisfaction = averageTrained([
    trainBatchLogistic({
      models: sample.models,
      prompts: sample.prompts,
      targets: sample.rows.satisfaction,
      c: 1,
    }),
    trainNeighbours(sample, Math.round(settings.neighbours)),
  ])
  const onMeans = settings.meanCost >= 0.5
  const cost = (onMeans ? meanCost : ridgeCost).train(sample)
  const { estimator, crossFitted } = trainedEstimator(sample, satisfaction, cost)
  setup.onTrained?.(crossFitted)
  return { estimator, meanCost: onMeans, hull: predictedHull(crossFitted), satisfaction: [], costUsd: [] }
}

/** The dual of every floor at once: prices on the hull of predicted satisfaction and predicted cost. */
function predictedHull(sample: PlanSample): PriceHull {
  return priceHull(sample, sample)
}

/** Adds a decision's predictions to the batch under way and solves the batch once it is full. */
function append(learned: Learned, record: DecisionRecord, batch: number): void {
  const { models } = learned.estimator
  const estimates = models.map(model => estimateOf(record, model))
  if (estimates.every(estimate => estimate === undefined)) return
  for (const estimate of estimates) {
    learned.satisfaction.push(estimate?.satisfaction ?? 0)
    learned.costUsd.push(estimate?.costUsd ?? Number.POSITIVE_INFINITY)
  }
  const requests = learned.satisfaction.length / models.length
  if (requests < batch) return
  learned.hull = predictedHull({
    requests,
    models: models.length,
    satisfaction: Float64Array.from(learned.satisfaction),
    costUsd: Float64Array.from(learned.costUsd),
  })
  learned.satisfaction = []
  learned.costUsd = []
}

function write(learned: Learned, writer: ByteWriter): void {
  writer.flag(learned.meanCost)
  learned.estimator.write(writer)
  writePriceHull(learned.hull, writer)
  writer.array(Float64Array.from(learned.satisfaction))
  writer.array(Float64Array.from(learned.costUsd))
}

function readLearned(reader: ByteReader): Learned {
  const onMeans = reader.flag()
  const estimator = PromptEstimator.read(reader, {
    vector: PromptVector.read,
    satisfaction: each => AveragedPredictors.read(each, [BatchLogistic.read, NearestNeighbours.read]),
    cost: (onMeans ? meanCost : ridgeCost).read,
  })
  return {
    estimator,
    meanCost: onMeans,
    hull: readPriceHull(reader),
    satisfaction: [...reader.float64()],
    costUsd: [...reader.float64()],
  }
}
