import { choose, type Exploration } from '../choose.ts'
import type { Decision, RoutingContext } from '../decision.ts'
import type { LearningEvent } from '../learning-event.ts'
import type { ModelId } from '../model.ts'
import type { Random } from '../numeric/random.ts'
import type { Policy, PolicyDefinition, PolicySetup } from '../policy.ts'
import { BudgetPacer } from '../price/budget-pacer.ts'
import { BanditArm } from './bandit-arm.ts'
import { CONTEXT_DIMENSION } from './bandit-context.ts'
import { expectedCosts, plainReport } from './observations.ts'
import { refuseArgument } from './parameters.ts'
import {
  budgetAt,
  initialPenalty,
  logCosts,
  type ParetoBanditLearned,
  paretoBanditName,
  paretoBanditParameters,
  paretoBanditSchema,
  serialiseParetoBandit,
  startParetoBandit,
} from './pareto-bandit-state.ts'
import { bringsLabels, plainAuditProbability, usableLabel } from './usable-label.ts'

/** ParetoBandit: LinUCB with forgetting under a budget in USD per request. See docs/policies/pareto-bandit.md. */
export const paretoBandit: PolicyDefinition = {
  name: paretoBanditName,
  summary:
    'ParetoBandit (arXiv 2604.00136): LinUCB with forgetting, a pacer holds the mean cost at a budget.',
  parameters: paretoBanditParameters,
  needsTraining: true,
  create: createParetoBandit,
}

function createParetoBandit(setup: PolicySetup, argument: string | null): Policy {
  refuseArgument(paretoBanditName, argument)
  const learned = startParetoBandit(setup)
  const { auditBudget } = setup
  return {
    name: paretoBanditName,
    decide: (context, random) =>
      decide(learned, bringsLabels(context.sla.feedback, auditBudget), context, random),
    auditProbability: record => plainAuditProbability(record.context.sla.feedback, auditBudget),
    learn: event => learn(learned, event, auditBudget),
    report: className => plainReport(learned.observations, className),
    snapshot: () => ({
      policy: paretoBanditName,
      schema: paretoBanditSchema,
      bytes: serialiseParetoBandit(learned),
    }),
  }
}

/** Argmax of theta_m.x + alpha * deviation_m(x) - (penalty + lambda) * log cost_m; models short of trials go first. */
function decide(
  learned: ParetoBanditLearned,
  learns: boolean,
  context: RoutingContext,
  random: Random,
): Decision {
  const { settings, observations } = learned
  const x = learned.context.read(context.features)
  const costUsd = expectedCosts(observations, context)
  const relative = logCosts(costUsd)
  const penalty = settings.penalty + penaltyOf(learned, context)
  const arms = context.models.map(({ id }) => learned.arms.get(id) ?? learned.newcomer)
  const means = arms.map(arm => arm.mean(x))
  const scores = Float64Array.from(arms, (arm, m) => {
    const deviation = settings.alpha * arm.deviation(x, observations.decisions, settings.gamma)
    return penalty * (relative[m] ?? 0) - (means[m] ?? 0) - deviation
  })
  const satisfaction = means.map(mean => Math.min(1, Math.max(0, mean)))
  const trial = learns ? forcedTrial(arms, settings.pulls) : null
  const inputs = { context, scores, satisfaction, costUsd, prices: [] }
  return choose(trial === null ? inputs : { ...inputs, exploration: trial }, random)
}

function penaltyOf(learned: ParetoBanditLearned, { sla, floor }: RoutingContext): number {
  const initial = initialPenalty(learned, budgetAt(learned, floor))
  return learned.pacers.get(sla.name)?.penalty(initial) ?? initial
}

/** With certainty one of the models that lack trials; `null` when none does. */
function forcedTrial(arms: readonly BanditArm[], pulls: number): Exploration | null {
  const lacking = arms.map(arm => arm.plays < pulls)
  const count = lacking.filter(Boolean).length
  if (count === 0) return null
  const distribution = Float64Array.from(lacking, lacks => (lacks ? 1 / count : 0))
  return { probability: 1, distribution, callAll: false }
}

function learn(learned: ParetoBanditLearned, event: LearningEvent, auditBudget: number): void {
  const { observations, settings } = learned
  const { context, decision } = event.record
  observations.learn(event)
  if (event.kind === 'decision') armOf(learned, decision.chosen).play(observations.decisions)
  if (event.kind === 'outcome' && !event.outcome.shadow && event.outcome.costUsd !== null) {
    const budgetUsd = budgetAt(learned, context.floor)
    const pacer = learned.pacers.get(context.sla.name) ?? new BudgetPacer()
    learned.pacers.set(context.sla.name, pacer)
    if (budgetUsd > 0) pacer.spend(event.outcome.costUsd / budgetUsd, initialPenalty(learned, budgetUsd))
  }
  const label = usableLabel(event, auditBudget)
  if (label === null) return
  const x = learned.context.read(context.features)
  armOf(learned, label.model).learn(x, label.value, observations.decisions, settings.gamma)
}

function armOf({ arms }: ParetoBanditLearned, id: ModelId): BanditArm {
  const known = arms.get(id)
  if (known !== undefined) return known
  const fresh = new BanditArm(CONTEXT_DIMENSION)
  arms.set(id, fresh)
  return fresh
}
