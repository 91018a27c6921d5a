import { type Evidence, evidenceOf } from '../routing/predict/evidence.ts'
import { type Comparison, comparePolicies } from './evaluate/comparisons.ts'
import { type EvaluationTask, evaluatePolicy, type PolicyResult } from './evaluate/evaluate-policy.ts'
import type { EvaluationPlan } from './evaluate/evaluation-plan.ts'
import { type ReferenceResult, referenceResults } from './evaluate/reference-results.ts'
import { outcomesOf, type SplitData, splitData } from './evaluate/split-data.ts'
import { modelMeans, type RouterPoint } from './metrics/outcome-matrix.ts'
import { type MetricSummary, type PolicyMetrics, summariseMetrics } from './metrics/policy-metrics.ts'

/** Every metric over the splits. */
export type MetricSummaries = Readonly<Record<keyof PolicyMetrics, MetricSummary>>

/** One split with all that was done on it. */
export interface EvaluatedSplit {
  readonly data: SplitData
  /** In the order of the plan's policies. */
  readonly results: readonly PolicyResult[]
  readonly references: readonly ReferenceResult[]
}

/** Everything that an evaluation found. */
export interface Evaluation {
  readonly plan: EvaluationPlan
  readonly splits: readonly EvaluatedSplit[]
  readonly policies: Readonly<Record<string, MetricSummaries>>
  readonly references: Readonly<Record<string, MetricSummaries>>
  readonly comparisons: readonly Comparison[]
  /** Means over all rows that can be tested. */
  readonly models: Readonly<Record<string, RouterPoint>>
}

/** The tasks of a plan, split by split. */
export function evaluationTasks(plan: EvaluationPlan): readonly EvaluationTask[] {
  return plan.splits.flatMap((_, split) => plan.policies.map(policy => ({ policy, split })))
}

/** What the smallest number of training rows of all splits is good for. */
export function evaluationEvidence({ splits }: Pick<Evaluation, 'splits'>): Evidence {
  return evidenceOf(Math.min(...splits.map(({ data }) => data.training.features.length)))
}

/** Runs a plan on this thread. Deterministic but for the seconds. Throws `SpecificationError`. */
export function evaluate(plan: EvaluationPlan): Evaluation {
  return concludeEvaluation(
    plan,
    evaluationTasks(plan).map(task => evaluatePolicy(plan, task, () => {})),
  )
}

/** Puts the results of all tasks, in their order, together with the references and comparisons. */
export function concludeEvaluation(plan: EvaluationPlan, results: readonly PolicyResult[]): Evaluation {
  const width = plan.policies.length
  const splits = plan.splits.map((split, s): EvaluatedSplit => {
    const data = splitData(plan, split)
    const own = results.slice(s * width, (s + 1) * width)
    return { data, results: own, references: referenceResults(data, own) }
  })
  const everyRow = modelMeans(outcomesOf(plan.test, [...plan.test.trace.rows.keys()]))
  return {
    plan,
    splits,
    policies: Object.fromEntries(
      plan.policies.map((policy, p) => [policy, summaryOf(splits.map(split => split.results[p]))]),
    ),
    references: Object.fromEntries(
      (splits[0]?.references ?? []).map(({ name }, r) => [
        name,
        summariseMetrics(splits.flatMap(split => split.references[r]?.metrics ?? [])),
      ]),
    ),
    comparisons: comparePolicies(splits, plan.prompts),
    models: Object.fromEntries(
      plan.test.trace.models.map((model, m) => [
        model,
        { satisfaction: everyRow.satisfaction[m] ?? 0, costUsd: everyRow.costUsd[m] ?? 0 },
      ]),
    ),
  }
}

/** Mean over the splits with their spread, or the one split's figures with the errors of resampling it. */
function summaryOf(results: readonly (PolicyResult | undefined)[]): MetricSummaries {
  const present = results.filter(result => result !== undefined)
  const summary = summariseMetrics(present.map(result => result.metrics))
  const errors = present[0]?.errors ?? null
  if (errors === null) return summary
  return Object.fromEntries(
    Object.entries(summary).map(([name, value]) => [
      name,
      value === null ? null : { mean: value.mean, sd: errors[name as keyof PolicyMetrics] },
    ]),
  ) as MetricSummaries
}
