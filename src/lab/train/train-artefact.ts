import { allParameters } from '../../routing/policies/trained-policy.ts'
import type { CrossFittedPredictions, TrainingRows } from '../../routing/policy.ts'
import { evidenceOf } from '../../routing/predict/evidence.ts'
import type { Artefact, LearnedModel, LearnedPrice } from '../../store/artefact.ts'
import { brierScore, calibrationError } from '../metrics/calibration.ts'
import { modelMeans, type OutcomeMatrix, outcomeMatrix } from '../metrics/outcome-matrix.ts'
import { priceCurve, priceGrid } from '../metrics/price-curve.ts'
import type { PreparedTrace } from '../prepare-trace.ts'
import { shuffledOrder } from '../row-order.ts'
import { trainingRows } from '../training-rows.ts'
import { type TrainingWatch, trainPolicy } from './train-policy.ts'

/** What is trained on what. */
export interface TrainingSpec {
  readonly prepared: PreparedTrace
  /** As `createPolicy` takes it. */
  readonly policy: string
  readonly parameters: Readonly<Record<string, number>>
  /** The threshold that the trace was read with. */
  readonly satisfiedAt: number | null
  /** Seed of the order of the rows; `null`: the order of the file. */
  readonly seed: number | null
  readonly codeVersion: string
  /** Rows to train on; absent: all of them. */
  readonly rows?: ReadonlySet<number>
  /** `traceFingerprint` of the trace: of all that is trained on, only it needs the prompts' texts. */
  readonly fingerprint: string
}

/** Lines of the price summary: fewer than a policy plans with, enough to see what the zoo can do. */
const SUMMARY_STEPS = 11

/**
 * Trains a policy on the rows of a trace. Deterministic: equal specs give equal artefacts.
 * Throws a RangeError for an unknown policy or parameter, and for rows that the policy cannot be trained on; `TrainingStopped`.
 */
export function trainArtefact(spec: TrainingSpec, watch: TrainingWatch | null = null): Artefact {
  const { prepared, policy, satisfiedAt, seed, codeVersion, fingerprint } = spec
  const { trace } = prepared
  const parameters = allParameters(policy, spec.parameters)
  const all = seed === null ? [...trace.rows.keys()] : shuffledOrder(trace.rows.length, seed)
  const order = all.filter(row => spec.rows?.has(row) ?? true)
  const training = trainingRows(prepared, order, trace.models)
  const heard: CrossFittedPredictions[] = []
  const onTrained = (predictions: CrossFittedPredictions): void => void heard.push(predictions)
  const setup = { parameters, training, snapshot: null, auditBudget: 0, onTrained }
  const trained = trainPolicy(policy, setup, watch)
  const truth = outcomeMatrix(training.satisfaction, training.costUsd, trace.models.length)
  return {
    codeVersion,
    policy,
    parameters,
    encoder: prepared.encoder,
    evidence: evidenceOf(order.length),
    models: training.models,
    training: {
      trace: trace.name,
      rows: order.length,
      fingerprint,
      satisfiedAt,
      seed,
    },
    ...learnedFrom(training, truth, heard[0] ?? null),
    snapshot: trained.snapshot(),
  }
}

/** What the rows and the predictions made without them say of every model, and what prices buy. */
function learnedFrom(
  training: TrainingRows,
  truth: OutcomeMatrix,
  predicted: CrossFittedPredictions | null,
): { readonly learned: readonly LearnedModel[]; readonly prices: readonly LearnedPrice[] } {
  const means = modelMeans(truth)
  const chances = predicted?.satisfaction.map(share) ?? null
  const column = (values: Float64Array, m: number): Float64Array =>
    values.filter((_, i) => i % truth.models === m)
  const learned = training.models.map(({ id }, m): LearnedModel => {
    const labels = column(truth.satisfaction, m)
    const own = chances === null ? null : column(chances, m)
    return {
      id,
      satisfaction: share(means.satisfaction[m] ?? 0),
      costUsd: means.costUsd[m] ?? 0,
      brier: own === null ? null : brierScore(own, labels),
      ece: own === null ? null : calibrationError(own, labels),
    }
  })
  if (predicted === null || chances === null) return { learned, prices: [] }
  const choices = outcomeMatrix(chances, predicted.costUsd, truth.models)
  return { learned, prices: pricesOf(choices, truth) }
}

/** The cheapest price for each of eleven equal steps of satisfaction, from what costs nothing extra to the most that can be had. */
function pricesOf(predicted: OutcomeMatrix, truth: OutcomeMatrix): readonly LearnedPrice[] {
  const grid = priceGrid(modelMeans(truth)).filter(Number.isFinite)
  const points = priceCurve(predicted, truth, grid).map((point, i) => ({ priceUsd: grid[i] ?? 0, ...point }))
  const least = points[0]?.satisfaction ?? 0
  const most = points.reduce((best, { satisfaction }) => Math.max(best, satisfaction), least)
  const firsts = Array.from({ length: SUMMARY_STEPS }, (_, step) => {
    const target = step === SUMMARY_STEPS - 1 ? most : least + ((most - least) * step) / (SUMMARY_STEPS - 1)
    return points.findIndex(({ satisfaction }) => satisfaction >= target)
  })
  return [...new Set(firsts)]
    .flatMap(index => points[index] ?? [])
    .map(point => ({ ...point, satisfaction: share(point.satisfaction) }))
}

/** Cut to [0, 1]: regressions predict beyond it, and a sum of rounded terms may end a hair above one. */
function share(value: number): number {
  return Math.min(1, Math.max(0, value))
}
