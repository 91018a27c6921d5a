import { certain, choose, type Exploration, lagrangianScores, uniform } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import type { LearningEvent } from '../learning-event.ts'
import type { Random } from '../numeric/random.ts'
import type { ClassReport, Policy, PolicyDefinition, PolicySetup, TrainingRows } from '../policy.ts'
import {
  type MessPlusLearned,
  messPlusName,
  messPlusParameters,
  messPlusSchema,
  type Queue,
  restoreMessPlus,
  serialiseMessPlus,
} from './mess-plus-state.ts'
import { expectedCosts, largestModel, measuredCostUsd } from './observations.ts'
import { refuseArgument } from './parameters.ts'
import { arrivingLabel, plainAuditProbability } from './usable-label.ts'

/** MESS+: a virtual queue as the price of satisfaction, exploration that calls the whole zoo. See docs/policies/mess-plus.md. */
export const messPlus: PolicyDefinition = {
  name: messPlusName,
  summary: 'MESS+ (arXiv 2505.19947): virtual queue, online predictor, exploration that calls every model.',
  parameters: messPlusParameters,
  create: createMessPlus,
}

function createMessPlus(setup: PolicySetup, argument: string | null): Policy {
  refuseArgument(messPlusName, argument)
  const learned = restoreMessPlus(setup)
  if (setup.snapshot === null && setup.training !== null) train(learned, setup.training)
  return {
    name: messPlusName,
    decide: (context, random) => decide(learned, context, random),
    auditProbability: record => plainAuditProbability(record.context.sla.feedback, setup.auditBudget),
    learn: event => learn(learned, event),
    report: className => report(learned, className),
    snapshot: () => ({ policy: messPlusName, schema: messPlusSchema, bytes: serialiseMessPlus(learned) }),
  }
}

/** Argmin of V*E_m + Q*(floor - s_m), which is E_m - (Q/V)*s_m; with probability c/t^exponent every model is called instead. */
function decide(learned: MessPlusLearned, context: RoutingContext, random: Random): Decision {
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

function exploration(
  { settings, observations }: MessPlusLearned,
  models: number,
  largest: number,
): Exploration {
  const single = settings.single >= 0.5
  return {
    probability: Math.min(1, settings.c / Math.max(observations.decisions, 1) ** settings.exponent),
    distribution: single ? uniform(models) : certain(largest, models),
    callAll: !single,
  }
}

/** The largest model's mean cost, the dearest known one's while that is unknown, `null` while no cost is known at all. */
function costUnitUsd(
  { observations }: MessPlusLearned,
  context: RoutingContext,
  largest: number,
): number | null {
  const costs = expectedCosts(observations, context)
  const unitUsd = costs[largest] ?? Math.max(0, ...costs.map(cost => cost ?? 0))
  return unitUsd > 0 ? unitUsd : null
}

/** E_m in USD; a model without a sample costs one unit, so that the first decisions ignore cost as the published rule does. */
function sampledCosts(learned: MessPlusLearned, context: RoutingContext, unitUsd: number): Float64Array {
  const { observations, lastCosts, settings } = learned
  return Float64Array.from(context.models, ({ id }) => {
    const seen = observations.model(id)
    if (settings.averageCost >= 0.5 && seen.calls > 0) return seen.costSumUsd / seen.calls
    return lastCosts.get(id) ?? unitUsd
  })
}

function learn(learned: MessPlusLearned, event: LearningEvent): void {
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
  const label = arrivingLabel(event, learned.auditBudget)
  if (label === null) return
  if (explored || learned.settings.learnAlways >= 0.5) {
    learned.predictor.learn(context.features, label.model, label.value, 1)
  }
  if (label.model === decision.chosen) {
    const before = learned.queues.get(context.sla.name)?.length ?? 0
    setQueue(learned, context.sla.name, { length: Math.max(0, before + context.floor - label.value) })
  }
}

function setQueue({ queues }: MessPlusLearned, className: string, change: Partial<Queue>): void {
  queues.set(className, { ...(queues.get(className) ?? { length: 0, unitUsd: null }), ...change })
}

/** Every row counts as one exploration; the last cost sample is the column's mean, as there is no order in time. */
function train(learned: MessPlusLearned, rows: TrainingRows): void {
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

function report(learned: MessPlusLearned, className: string): ClassReport | null {
  const seen = learned.observations.class(className)
  const queue = learned.queues.get(className)
  if (seen === null || queue === undefined) return null
  const priceUsd = queue.unitUsd === null ? null : (queue.length / learned.settings.v) * queue.unitUsd
  return { priceUsd, debt: seen.debt, reachable: null, infeasible: null, alarms: [] }
}
