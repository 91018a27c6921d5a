import { isDrawnForAudit } from '../routing/audit-plan.ts'
import type { DecisionRecord } from '../routing/decision.ts'
import { modelIndex } from '../routing/decision.ts'
import type { DecisionTrail } from '../store/store.ts'

/** A decision as clients read it: everything but the features, which could give away the prompt. */
export function decisionView(record: DecisionRecord, policy: string) {
  const { context, decision } = record
  return {
    id: record.id,
    at: new Date(context.atMs).toISOString(),
    class: context.sla.name,
    floor: context.floor,
    policy,
    chosen: decision.chosen,
    mode: decision.mode,
    propensity: decision.probabilities[modelIndex(context, decision.chosen)] ?? null,
    shadows: decision.shadows,
    runner_up: decision.estimates.find(estimate => estimate.model !== decision.chosen)?.model ?? null,
    prices: decision.prices.map(price => ({ constraint: price.constraint, price_usd: price.priceUsd })),
    estimates: decision.estimates.map(estimate => ({
      model: estimate.model,
      satisfaction: estimate.satisfaction,
      cost_usd: estimate.costUsd,
      score: estimate.score,
    })),
    probabilities: Object.fromEntries(
      context.models.map((model, i) => [model.id, decision.probabilities[i] ?? 0] as const),
    ),
    prompt_tokens: context.promptTokens,
    load: context.models.map((model, i) => ({ model: model.id, ...context.load[i] })),
    learned_up_to: record.learnedUpTo,
    audit: auditView(record),
  }
}

/** `null` where the decision could not be audited. */
function auditView({ id, audit }: DecisionRecord) {
  if (audit === undefined) return null
  const { probability, humanShare } = audit
  return { probability, human_share: humanShare, drawn: isDrawnForAudit(id, probability) }
}

/** A decision with everything that happened to it since. */
export function decisionTrailView(trail: DecisionTrail) {
  const events = trail.events.flatMap(event => {
    if (event.kind === 'decision') return []
    const { record, atMs, ...rest } = event
    return [{ ...rest, at: new Date(atMs).toISOString() }]
  })
  return { ...decisionView(trail.record, trail.policy), events }
}
