import { certain, choose, type Exploration, lagrangianScores, uniform } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import type { LearningEvent } from '../learning-event.ts'
import type { Random } from '../numeric/random.ts'
import type {
  ClassReport,
  Policy,
  PolicyDefinition,
  PolicyParameter,
  PolicySetup,
  TrainingRows,
} from '../policy.ts'
import { createLogisticPredictor, type LogisticPredictor, type LogisticState } from '../predict/logistic.ts'
import {
  createObservations,
  expectedCostUsd,
  largestModel,
  measuredCostUsd,
  type Observations,
  type ObservationsState,
} from './observations.ts'
import { refuseArgument, resolveParameters } from './parameters.ts'
import { encodeState, openSnapshot } from './snapshot-bytes.ts'
import { plainAuditProbability, usableLabel } from './usable-label.ts'

const name = 'mess-plus'
const schema = 1

const parameters = [
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

type Settings = ReturnType<typeof resolveParameters<typeof parameters>>

/** MESS+: a virtual queue as the price of satisfaction, exploration that calls the whole zoo. See docs/policies/mess-plus.md. */
export const messPlus: PolicyDefinition = {
  name,
  summary: 'MESS+ (arXiv 2505.19947): virtual queue, online predictor, exploration that calls every model.',
  parameters,
  create: createMessPlus,
}

/** Queue of one class and the unit of cost at its latest decision. */
interface Queue {
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
interface Learned {
  readonly settings: Settings
  readonly auditBudget: number
  readonly observations: Observations
  readonly predictor: LogisticPredictor
  readonly queues: Map<string, Queue>
  /** Cost of each model in USD at the latest exploration that called it. */
  readonly lastCosts: Map<string, number>
}

function createMessPlus(setup: PolicySetup, argument: string | null): Policy {
  refuseArgument(name, argument)
  const learned = restore(setup)
  if (setup.snapshot === null && setup.training !== null) train(learned, setup.training)
  return {
    name,
    decide: (context, random) => decide(learned, context, random),
    auditProbability: record => plainAuditProbability(record.context.sla.feedback, setup.auditBudget),
    learn: event => learn(learned, event),
    report: className => report(learned, className),
    snapshot: () => ({ policy: name, schema, bytes: serialise(learned) }),
  }
}

/** Argmin of V*E_m + Q*(floor - s_m), which is E_m - (Q/V)*s_m; with probability c/t^exponent every model is called instead. */
function decide(learned: Learned, context: RoutingContext, random: Random): Decision {
  const { settings, predictor, queues } = learned
  const largest = largestModel(learned.observations, context)
  const unitUsd = costUnitUsd(learned, context, largest)
  const costUsd = sampledCosts(learned, context, unitUsd ?? 1)
  const satisfaction = new Float64Array(context.models.length)
  predictor.predict(
    context.features,
    context.models.map(spec => spec.id),
    satisfaction,
  )
  const priceUsd = ((queues.get(context.sla.name)?.length ?? 0) / settings.v) * (unitUsd ?? 1)
  return choose(
    {
      context,
      scores: lagrangianScores(costUsd, satisfaction, priceUsd),
      satisfaction,
      costUsd: unitUsd === null ? context.models.map(() => null) : costUsd,
      prices: unitUsd === null ? [] : [{ constraint: 'satisfaction', priceUsd }],
      exploration: exploration(learned, context.models.length, largest),
    },
    random,
  )
}

function exploration({ settings, observations }: Learned, models: number, largest: number): Exploration {
  const single = settings.single >= 0.5
  return {
    probability: Math.min(1, settings.c / Math.max(observations.decisions, 1) ** settings.exponent),
    distribution: single ? uniform(models) : certain(largest, models),
    callAll: !single,
  }
}

/** The largest model's mean cost, `null` while no cost is known at all. */
function costUnitUsd({ observations }: Learned, context: RoutingContext, largest: number): number | null {
  const spec = context.models[largest]
  if (spec === undefined) return null
  const costUsd = expectedCostUsd(observations.model(spec.id), spec, context.promptTokens)
  return costUsd !== null && costUsd > 0 ? costUsd : null
}

/** E_m in USD; a model without a sample costs one unit, so that the first decisions ignore cost as the published rule does. */
function sampledCosts(learned: Learned, context: RoutingContext, unitUsd: number): Float64Array {
  const { observations, lastCosts, settings } = learned
  return Float64Array.from(context.models, ({ id }) => {
    const seen = observations.model(id)
    if (settings.averageCost >= 0.5 && seen.calls > 0) return seen.costSumUsd / seen.calls
    return lastCosts.get(id) ?? unitUsd
  })
}

function learn(learned: Learned, event: LearningEvent): void {
  const { context, decision } = event.record
  learned.observations.learn(event)
  const explored = decision.mode === 'explore'
  if (event.kind === 'decision') {
    const unitUsd = costUnitUsd(learned, context, largestModel(learned.observations, context))
    setQueue(learned, context.sla.name, { unitUsd })
  }
  if (event.kind === 'outcome' && explored) {
    const costUsd = measuredCostUsd(event.outcome)
    if (costUsd !== null) learned.lastCosts.set(event.model, costUsd)
  }
  const label = usableLabel(event, learned.auditBudget)
  if (label === null) return
  if (explored || learned.settings.learnAlways >= 0.5) {
    learned.predictor.learn(context.features, label.model, label.value, 1)
  }
  if (label.model === decision.chosen) {
    const before = learned.queues.get(context.sla.name)?.length ?? 0
    setQueue(learned, context.sla.name, { length: Math.max(0, before + context.floor - label.value) })
  }
}

function setQueue({ queues }: Learned, className: string, change: Partial<Queue>): void {
  queues.set(className, { ...(queues.get(className) ?? { length: 0, unitUsd: null }), ...change })
}

/** Every row counts as one exploration; the last cost sample is the column's mean, as there is no order in time. */
function train(learned: Learned, rows: TrainingRows): void {
  const count = rows.models.length
  learned.observations.train(rows)
  for (const [row, features] of rows.features.entries()) {
    for (const [m, { id }] of rows.models.entries()) {
      learned.predictor.learn(features, id, rows.satisfaction[row * count + m] ?? 0, 1)
    }
  }
  for (const { id } of rows.models) {
    const { calls, costSumUsd } = learned.observations.model(id)
    if (calls > 0) learned.lastCosts.set(id, costSumUsd / calls)
  }
}

function report(learned: Learned, className: string): ClassReport | null {
  const seen = learned.observations.class(className)
  const queue = learned.queues.get(className)
  if (seen === null || queue === undefined) return null
  const priceUsd = queue.unitUsd === null ? null : (queue.length / learned.settings.v) * queue.unitUsd
  return { priceUsd, debt: seen.debt, reachable: null, infeasible: null, alarms: [] }
}

function restore(setup: PolicySetup): Learned {
  const content = openSnapshot(setup.snapshot, name, schema)
  const state = (content?.state ?? null) as MessPlusState | null
  const settings = resolveParameters(name, parameters, setup.parameters)
  const options = { learningRate: settings.learningRate, weightDecay: 0 }
  const predictor = state === null || content === null ? null : { ...state.predictor, floats: content.floats }
  return {
    settings,
    auditBudget: setup.auditBudget,
    observations: createObservations(setup.auditBudget, state?.observations ?? null),
    predictor: createLogisticPredictor(options, predictor),
    queues: new Map(
      (state?.queues ?? []).map(([className, length, unitUsd]) => [className, { length, unitUsd }]),
    ),
    lastCosts: new Map(state?.lastCosts ?? []),
  }
}

function serialise({ observations, queues, lastCosts, predictor }: Learned): Uint8Array {
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
