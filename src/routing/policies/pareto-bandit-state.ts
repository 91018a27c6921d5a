import { staticMixture } from '../evaluate/static-mixture.ts'
import type { ModelId } from '../model.ts'
import { modelId } from '../model.ts'
import { type ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { PolicyParameter, PolicySetup, TrainingRows } from '../policy.ts'
import { BudgetPacer } from '../price/budget-pacer.ts'
import { BanditArm } from './bandit-arm.ts'
import {
  type BanditContext,
  CONTEXT_DIMENSION,
  fitBanditContext,
  readBanditContext,
} from './bandit-context.ts'
import {
  createObservations,
  meanSatisfaction,
  type Observations,
  type ObservationsState,
} from './observations.ts'
import { requireTraining } from './offline-training.ts'
import { resolveParameters } from './parameters.ts'
import { readSnapshot } from './snapshot-bytes.ts'

/** Name of the policy in snapshots and configurations. */
export const paretoBanditName = 'pareto-bandit'
/** Format of its snapshots. */
export const paretoBanditSchema = 2

/** What can be adjusted. */
export const paretoBanditParameters = [
  {
    name: 'budgetUsd',
    default: 0,
    min: 0,
    max: 1e6,
    meaning:
      'mean cost of a request to hold; 0: the cost of the static mixture that meets the floor on the training rows',
  },
  { name: 'alpha', default: 0.01, min: 0, max: 100, meaning: 'standard deviations of optimism' },
  {
    name: 'gamma',
    default: 0.997,
    min: 0.5,
    max: 1,
    meaning: 'share of evidence that outlasts one decision',
  },
  { name: 'penalty', default: 0.3, min: 0, max: 100, meaning: 'penalty on log cost that always holds' },
  {
    name: 'priorWeight',
    default: 1163.9,
    min: 0,
    max: 1e6,
    meaning: 'labels per model that the training rows count for, at most as many as there are',
  },
  {
    name: 'pulls',
    default: 20,
    min: 0,
    max: 10_000,
    meaning: 'forced trials of a model that was not trained on',
  },
] as const satisfies readonly PolicyParameter[]

/** Values of the parameters. */
export type ParetoBanditSettings = ReturnType<typeof resolveParameters<typeof paretoBanditParameters>>

/** What the training rows say of budgets: means per model, and the mean bill at each of 51 penalties in [0, 5]. */
export interface BudgetPlan {
  readonly satisfaction: Float64Array
  readonly costUsd: Float64Array
  readonly billsUsd: Float64Array
}

/** All that the policy has learned. */
export interface ParetoBanditLearned {
  readonly settings: ParetoBanditSettings
  readonly observations: Observations
  readonly context: BanditContext
  readonly arms: Map<ModelId, BanditArm>
  /** What is believed of a model that has neither labels nor calls; never changed. */
  readonly newcomer: BanditArm
  readonly pacers: Map<string, BudgetPacer>
  /** `null` after a cold start. */
  readonly plan: BudgetPlan | null
}

const PENALTIES = 51
const HIGHEST_PENALTY = 5

/** What a snapshot holds, else what the training rows teach, else nothing; throws where that leaves no budget. */
export function startParetoBandit(setup: PolicySetup): ParetoBanditLearned {
  const settings = resolveParameters(paretoBanditName, paretoBanditParameters, setup.parameters)
  const reader = readSnapshot(setup.snapshot, paretoBanditName, paretoBanditSchema)
  if (reader !== null) return restore(setup, settings, reader)
  const observations = createObservations(setup.auditBudget)
  const start = { settings, observations, newcomer: new BanditArm(CONTEXT_DIMENSION), pacers: new Map() }
  if (setup.training !== null) {
    const rows = requireTraining(paretoBanditName, setup)
    observations.train(rows)
    return { ...start, ...train(rows, settings, observations) }
  }
  if (settings.budgetUsd > 0) {
    return { ...start, context: fitBanditContext(null), arms: new Map(), plan: null }
  }
  throw new RangeError(
    `policy ${paretoBanditName} needs a budget and was given none: set --param budgetUsd=0.001, or let it take the cost of the static mixture from training rows with --warm-start 0.3`,
  )
}

function train(rows: TrainingRows, settings: ParetoBanditSettings, observations: Observations) {
  const context = fitBanditContext(rows.features)
  const prompts = rows.features.map(features => context.read(features))
  const width = rows.models.length
  const weight = Math.min(settings.priorWeight, prompts.length)
  const arms = new Map<ModelId, BanditArm>()
  for (const [m, { id }] of rows.models.entries()) {
    const arm = new BanditArm(CONTEXT_DIMENSION)
    arm.train(prompts, row => rows.satisfaction[row * width + m] ?? 0, weight)
    arm.skipTrials(settings.pulls)
    arms.set(id, arm)
  }
  const seen = rows.models.map(({ id }) => observations.model(id))
  const costUsd = Float64Array.from(seen, ({ calls, costSumUsd }) => costSumUsd / Math.max(1, calls))
  const penalties = logCosts(costUsd)
  const billsUsd = Float64Array.from({ length: PENALTIES }, (_, k) => {
    const penalty = settings.penalty + (HIGHEST_PENALTY * k) / (PENALTIES - 1)
    return meanBill(rows, prompts, m => penalty * (penalties[m] ?? 0), arms)
  })
  const satisfaction = Float64Array.from(seen, each => meanSatisfaction(each) ?? 0)
  return { context, arms, plan: { satisfaction, costUsd, billsUsd } }
}

/** Mean true cost on the rows when every row goes to the model of the highest theta.x less its penalty. */
function meanBill(
  rows: TrainingRows,
  prompts: readonly Float64Array[],
  penaltyOf: (m: number) => number,
  arms: ReadonlyMap<ModelId, BanditArm>,
): number {
  let sumUsd = 0
  prompts.forEach((x, row) => {
    let [chosen, best] = [0, Number.NEGATIVE_INFINITY]
    for (const [m, { id }] of rows.models.entries()) {
      const score = (arms.get(id)?.mean(x) ?? 0) - penaltyOf(m)
      if (score <= best) continue
      best = score
      chosen = m
    }
    sumUsd += rows.costUsd[row * rows.models.length + chosen] ?? 0
  })
  return sumUsd / prompts.length
}

/**
 * Costs on a logarithmic scale from the cheapest (0) to the dearest (1) of the models: what the bandit's penalty multiplies.
 * An unknown cost counts as the dearest; all equal or unknown: zeros.
 */
export function logCosts(costUsd: ArrayLike<number | null>): Float64Array {
  const logs = Array.from(costUsd, cost => (cost !== null && cost > 0 ? Math.log(cost) : null))
  const known = logs.filter(log => log !== null)
  const [lowest, highest] = [Math.min(...known), Math.max(...known)]
  if (!(highest > lowest)) return new Float64Array(logs.length)
  // What is free is cheaper than any logarithm.
  return Float64Array.from(logs, (log, m) =>
    log === null ? (costUsd[m] === null ? 1 : 0) : (log - lowest) / (highest - lowest),
  )
}

/** USD per request that a class may spend at a floor: the parameter, else the static mixture's bill, else the best model's. */
export function budgetAt({ settings, plan }: ParetoBanditLearned, floor: number): number {
  if (settings.budgetUsd > 0 || plan === null) return settings.budgetUsd
  const best = Math.max(...plan.satisfaction)
  return staticMixture(plan.satisfaction, plan.costUsd, Math.min(floor, best))?.costUsd ?? 0
}

/** The smallest penalty in [0, 5] whose bill on the training rows stays within a budget; 0 after a cold start. */
export function initialPenalty({ plan }: ParetoBanditLearned, budgetUsd: number): number {
  if (plan === null) return 0
  const within = plan.billsUsd.findIndex(billUsd => billUsd <= budgetUsd)
  return within < 0 ? HIGHEST_PENALTY : (HIGHEST_PENALTY * within) / (PENALTIES - 1)
}

/** The learned state as bytes; equal states give equal bytes. */
export function serialiseParetoBandit(learned: ParetoBanditLearned): Uint8Array {
  const writer = new ByteWriter()
  learned.context.write(writer)
  writer.list(sorted(learned.arms), ([id, arm]) => {
    writer.text(id)
    arm.write(writer)
  })
  writer.list(sorted(learned.pacers), ([className, pacer]) => {
    writer.text(className)
    pacer.write(writer)
  })
  writer.flag(learned.plan !== null)
  if (learned.plan !== null) {
    writer.array(learned.plan.satisfaction)
    writer.array(learned.plan.costUsd)
    writer.array(learned.plan.billsUsd)
  }
  writer.text(JSON.stringify(learned.observations.state()))
  return writer.finish()
}

function restore(
  setup: PolicySetup,
  settings: ParetoBanditSettings,
  reader: ByteReader,
): ParetoBanditLearned {
  const context = readBanditContext(reader)
  const arms = new Map(reader.list(() => [modelId(reader.text()), BanditArm.read(reader)] as const))
  const pacers = new Map(reader.list(() => [reader.text(), BudgetPacer.read(reader)] as const))
  const plan = reader.flag()
    ? { satisfaction: reader.float64(), costUsd: reader.float64(), billsUsd: reader.float64() }
    : null
  const state = JSON.parse(reader.text()) as ObservationsState
  return {
    settings,
    context,
    newcomer: new BanditArm(CONTEXT_DIMENSION),
    arms,
    pacers,
    plan,
    observations: createObservations(setup.auditBudget, state),
  }
}

function sorted<Key extends string, Value>(
  entries: ReadonlyMap<Key, Value>,
): readonly (readonly [Key, Value])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}
