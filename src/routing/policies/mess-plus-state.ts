import type { PolicyParameter, PolicySetup } from '../policy.ts'
import { createLogisticPredictor, type LogisticPredictor, type LogisticState } from '../predict/logistic.ts'
import { createObservations, type Observations, type ObservationsState } from './observations.ts'
import { resolveParameters } from './parameters.ts'
import { encodeState, openSnapshot } from './snapshot-bytes.ts'
import { arrivingLabel } from './usable-label.ts'

/** Name of the policy in snapshots and configurations. */
export const messPlusName = 'mess-plus'
/** Format of its snapshots. */
export const messPlusSchema = 1

/** What can be adjusted. */
export const messPlusParameters = [
  {
    name: 'v',
    default: 1,
    min: 1e-6,
    max: 1e6,
    meaning:
      'weight of cost against the queue, per unit of cost; the unit is the mean cost of the largest model',
  },
  {
    name: 'c',
    default: 0.1,
    min: 0,
    max: 1000,
    meaning: 'exploration: its probability is min(1, c / max(t, 1)^exponent) after t decisions',
  },
  { name: 'exponent', default: 0.25, min: 0, max: 2, meaning: 'how fast exploration fades' },
  {
    name: 'single',
    default: 0,
    min: 0,
    max: 1,
    meaning:
      '1: an exploration calls one model drawn uniformly and serves it, instead of calling all and serving the largest',
  },
  {
    name: 'averageCost',
    default: 0,
    min: 0,
    max: 1,
    meaning: '1: expected cost is the mean of every call, instead of the last exploration sample',
  },
  {
    name: 'learnAlways',
    default: 0,
    min: 0,
    max: 1,
    meaning: '1: the predictor learns from every label, instead of exploration rounds only',
  },
  { name: 'learningRate', default: 0.3, min: 1e-4, max: 10, meaning: 'step of the satisfaction predictor' },
] as const satisfies readonly PolicyParameter[]

/** Values of the parameters. */
export type MessPlusSettings = ReturnType<typeof resolveParameters<typeof messPlusParameters>>

/** Queue of one class and the unit of cost at its latest decision. */
export interface Queue {
  readonly length: number
  readonly unitUsd: number | null
}

interface MessPlusState {
  readonly observations: ObservationsState
  readonly queues: readonly (readonly [className: string, length: number, unitUsd: number | null])[]
  readonly lastCosts: readonly (readonly [model: string, costUsd: number])[]
  readonly predictor: Omit<LogisticState, 'floats'>
}

/** All that the policy has learned. */
export interface MessPlusLearned {
  readonly settings: MessPlusSettings
  readonly auditBudget: number
  readonly observations: Observations
  readonly predictor: LogisticPredictor
  readonly queues: Map<string, Queue>
  /** Cost of each model in USD at the latest exploration that called it. */
  readonly lastCosts: Map<string, number>
}

/** What a snapshot holds, or nothing learned yet. */
export function restoreMessPlus(setup: PolicySetup): MessPlusLearned {
  const content = openSnapshot(setup.snapshot, messPlusName, messPlusSchema)
  const state = (content?.state ?? null) as MessPlusState | null
  const settings = resolveParameters(messPlusName, messPlusParameters, setup.parameters)
  const options = { learningRate: settings.learningRate, weightDecay: 0 }
  const predictor = state === null || content === null ? null : { ...state.predictor, floats: content.floats }
  return {
    settings,
    auditBudget: setup.auditBudget,
    observations: createObservations(setup.auditBudget, state?.observations ?? null, arrivingLabel),
    predictor: createLogisticPredictor(options, predictor),
    queues: new Map(
      (state?.queues ?? []).map(([className, length, unitUsd]) => [className, { length, unitUsd }]),
    ),
    lastCosts: new Map(state?.lastCosts ?? []),
  }
}

/** The learned state as bytes; equal states give equal bytes. */
export function serialiseMessPlus({
  observations,
  queues,
  lastCosts,
  predictor,
}: MessPlusLearned): Uint8Array {
  const { floats, ...regression } = predictor.state()
  const state: MessPlusState = {
    observations: observations.state(),
    queues: sorted(
      [...queues].map(([className, { length, unitUsd }]) => [className, length, unitUsd] as const),
    ),
    lastCosts: sorted([...lastCosts]),
    predictor: regression,
  }
  return encodeState({ state, floats })
}

function sorted<Row extends readonly [string, ...unknown[]]>(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => (a[0] < b[0] ? -1 : 1))
}
