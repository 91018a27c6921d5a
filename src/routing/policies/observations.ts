import type { RoutingContext } from '../decision.ts'
import type { LearningEvent } from '../learning-event.ts'
import type { ModelId, ModelSpec } from '../model.ts'
import type { ClassReport, TrainingRows } from '../policy.ts'
import { type Label, usableLabel } from './usable-label.ts'

/** What was seen of one model, as counts and sums. */
export interface ModelObservation {
  readonly labels: number
  readonly satisfactionSum: number
  /** Calls whose cost is known. */
  readonly calls: number
  readonly costSumUsd: number
}

/** What was seen of one SLA class. */
export interface ClassObservation {
  readonly decisions: number
  /** Sum of (floor - satisfaction) over the labelled answers that were served, in requests. */
  readonly debt: number
}

/** Plain counts over the event log: the learned state of the policies that read no text. */
export interface Observations {
  learn(event: LearningEvent): void
  /** Takes fully labelled rows as one label and one call per model and row. */
  train(rows: TrainingRows): void
  model(id: ModelId): ModelObservation
  /** `null` before the first decision of the class. */
  class(name: string): ClassObservation | null
  /** Decisions of all classes. */
  readonly decisions: number
  /** JSON values; equal observations give equal text. */
  state(): ObservationsState
}

/** Serialisable form: rows sorted by name. */
export interface ObservationsState {
  readonly models: readonly (readonly [id: string, ...sums: readonly number[]])[]
  readonly classes: readonly (readonly [name: string, decisions: number, debt: number])[]
}

const noObservation: ModelObservation = { labels: 0, satisfactionSum: 0, calls: 0, costSumUsd: 0 }

/**
 * Starts from nothing or from a state; `auditBudget` says whether labels of silent channels come from audits,
 * `labelOf` which events are labels.
 */
export function createObservations(
  auditBudget: number,
  from: ObservationsState | null = null,
  labelOf: (event: LearningEvent, auditBudget: number) => Label | null = usableLabel,
): Observations {
  const models = new Map<string, ModelObservation>()
  const classes = new Map<string, ClassObservation>()
  let decisions = 0
  for (const [id, labels = 0, satisfactionSum = 0, calls = 0, costSumUsd = 0] of from?.models ?? []) {
    models.set(id, { labels, satisfactionSum, calls, costSumUsd })
  }
  for (const [name, count, debt] of from?.classes ?? []) {
    classes.set(name, { decisions: count, debt })
    decisions += count
  }
  const model = (id: ModelId): ModelObservation => models.get(id) ?? noObservation
  const addLabel = (id: ModelId, value: number): void => {
    const seen = model(id)
    models.set(id, { ...seen, labels: seen.labels + 1, satisfactionSum: seen.satisfactionSum + value })
  }
  const addCost = (id: ModelId, costUsd: number): void => {
    const seen = model(id)
    models.set(id, { ...seen, calls: seen.calls + 1, costSumUsd: seen.costSumUsd + costUsd })
  }
  const addToClass = (name: string, count: number, debt: number): void => {
    const seen = classes.get(name) ?? { decisions: 0, debt: 0 }
    classes.set(name, { decisions: seen.decisions + count, debt: seen.debt + debt })
  }
  return {
    learn(event) {
      const { context, decision } = event.record
      if (event.kind === 'decision') {
        decisions += 1
        addToClass(context.sla.name, 1, 0)
      }
      if (event.kind === 'outcome') {
        const costUsd = measuredCostUsd(event.outcome)
        if (costUsd !== null) addCost(event.model, costUsd)
      }
      const label = labelOf(event, auditBudget)
      if (label === null) return
      addLabel(label.model, label.value)
      if (label.model === decision.chosen) addToClass(context.sla.name, 0, context.floor - label.value)
    },
    train(rows) {
      for (const [m, spec] of rows.models.entries()) {
        for (let row = 0; row < rows.features.length; row++) {
          addLabel(spec.id, rows.satisfaction[row * rows.models.length + m] ?? 0)
          addCost(spec.id, rows.costUsd[row * rows.models.length + m] ?? 0)
        }
      }
    },
    model,
    class: name => classes.get(name) ?? null,
    get decisions() {
      return decisions
    },
    state: () => ({
      models: [...models]
        .sort(byName)
        .map(([id, m]) => [id, m.labels, m.satisfactionSum, m.calls, m.costSumUsd]),
      classes: [...classes].sort(byName).map(([name, c]) => [name, c.decisions, c.debt]),
    }),
  }
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}

/** Cost of a call in USD, `null` where it is unknown or the call failed: a failed call says nothing of a request's cost. */
export function measuredCostUsd(outcome: {
  readonly costUsd: number | null
  readonly error: string | null
}): number | null {
  return outcome.error === null ? outcome.costUsd : null
}

/** Mean satisfaction over the labels, in [0, 1]; `null` without labels. */
export function meanSatisfaction(seen: ModelObservation): number | null {
  return seen.labels === 0 ? null : seen.satisfactionSum / seen.labels
}

// A typical answer's length: only ranks models by their price list until a call has been measured.
const assumedCompletionTokens = 256

/** Cost that is stated for a model before any call: its typical cost, else its price list at an assumed answer length; `null` if neither is. */
export function statedCostUsd(spec: ModelSpec, promptTokens: number): number | null {
  if (spec.typicalCostUsd !== null) return spec.typicalCostUsd
  const price = spec.priceUsdPerMillion
  return price === null ? null : (promptTokens * price.input + assumedCompletionTokens * price.output) / 1e6
}

/** Expected cost of a call in USD: the mean of those measured, else what is stated, else `null`. */
export function expectedCostUsd(
  seen: ModelObservation,
  spec: ModelSpec,
  promptTokens: number,
): number | null {
  return seen.calls > 0 ? seen.costSumUsd / seen.calls : statedCostUsd(spec, promptTokens)
}

/** Expected cost per model of the context, same order. */
export function expectedCosts(
  observations: Observations,
  context: RoutingContext,
): readonly (number | null)[] {
  return context.models.map(spec => expectedCostUsd(observations.model(spec.id), spec, context.promptTokens))
}

/**
 * Position of the model to lean on: the proven one where it is eligible, else the dearest one.
 * Stated costs decide before measured ones, so that one odd bill does not change who it is; all unknown: the first.
 */
export function largestModel(observations: Observations, context: RoutingContext): number {
  const proven = context.models.findIndex(spec => spec.id === context.sla.proven)
  if (proven >= 0) return proven
  const costs = context.models.map(
    spec =>
      statedCostUsd(spec, context.promptTokens) ??
      expectedCostUsd(observations.model(spec.id), spec, context.promptTokens) ??
      -1,
  )
  return costs.indexOf(Math.max(...costs))
}

/** What a policy without a price can say of a class. */
export function plainReport(observations: Observations, className: string): ClassReport | null {
  const seen = observations.class(className)
  if (seen === null) return null
  return { priceUsd: null, debt: seen.debt, reachable: null, infeasible: null, alarms: [] }
}
