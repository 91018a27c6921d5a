import type { Comparison } from '../../lab/evaluate/comparisons.ts'
import { type Evaluation, evaluationEvidence, type MetricSummaries } from '../../lab/evaluate.ts'
import type { PolicyMetrics } from '../../lab/metrics/policy-metrics.ts'
import { evidenceAdvice } from '../../routing/predict/evidence.ts'

interface Column {
  readonly metric: keyof PolicyMetrics
  readonly title: string
  readonly scale: number
  readonly digits: number
  readonly spread: boolean
}

const columns: readonly Column[] = [
  { metric: 'billSavedVsBestFixed', title: 'saved/fixed %', scale: 100, digits: 1, spread: true },
  { metric: 'billSavedVsMixture', title: 'saved/mixture %', scale: 100, digits: 1, spread: true },
  { metric: 'pointsOverMixture', title: 'points', scale: 1, digits: 2, spread: true },
  { metric: 'gap', title: 'gap', scale: 1, digits: 2, spread: true },
  { metric: 'floorCompliance', title: 'met %', scale: 100, digits: 0, spread: false },
  { metric: 'missedByOnePoint', title: 'missed %', scale: 100, digits: 0, spread: false },
  { metric: 'meanOvershoot', title: 'over', scale: 100, digits: 2, spread: false },
  { metric: 'costVsClairvoyant', title: '/ clairvoyant', scale: 1, digits: 2, spread: false },
  { metric: 'auc', title: 'AUC', scale: 1, digits: 3, spread: false },
  { metric: 'brier', title: 'Brier', scale: 1, digits: 4, spread: false },
  { metric: 'ece', title: 'ECE', scale: 1, digits: 3, spread: false },
]

const legend = [
  'saved: share of the bill against the cheapest single model that met the floor in training, and against the best static',
  'mixture, with hindsight, at the satisfaction achieved. points, gap: satisfaction above that mixture at the same cost, at the',
  'floors and along the frontier of the predictions. met, missed: floors met, and missed by more than one point. over: mean overshoot in points.',
  '/ clairvoyant: cost against the least with every label known. AUC, Brier, ECE: of the predictions, means over models.',
]

/** The evaluation as a table for people: policies, then the references with hindsight. */
export function evaluationTable(evaluation: Evaluation): string {
  const shown = shownReferences(evaluation)
  const rows = [
    ['policy', ...columns.map(column => column.title)],
    ...Object.entries(evaluation.policies).map(([name, summary]) => line(name, summary)),
    ['with hindsight on the test rows:', ...columns.map(() => '')],
    ...shown.map(([name, summary]) => line(`  ${name}`, summary)),
  ]
  const comparisons = comparisonLines(evaluation.comparisons)
  const evidence = evaluationEvidence(evaluation)
  const about = `evidence: ${evidence}; ${evidenceAdvice(evidence)}`
  return [titleOf(evaluation), about, '', ...aligned(rows), '', ...comparisons, ...legend, ''].join('\n')
}

/** One frontier of predictions is enough on a screen; the others are in the JSON. */
function shownReferences({ references }: Evaluation): readonly (readonly [string, MetricSummaries])[] {
  const entries = Object.entries(references)
  const first = entries.find(([name]) => name.startsWith('predictor-frontier:'))
  return entries.filter(entry => !entry[0].startsWith('predictor-frontier:') || entry === first)
}

function titleOf({ plan, splits }: Evaluation): string {
  const { trace } = plan.training
  const [first] = splits
  const rows = `${first?.data.training.features.length ?? 0} training rows, ${first?.data.test.rows ?? 0} test rows`
  const errors = plan.bootstrap
    ? `tested on ${plan.test.trace.name}, ± standard errors by resampling prompts`
    : `${splits.length} random ${splits.length === 1 ? 'split' : 'splits, ± standard deviation over them'}`
  return `${trace.name}: ${trace.models.length} models, ${rows}, ${errors}`
}

function line(name: string, summary: MetricSummaries): readonly string[] {
  return [name, ...columns.map(column => cell(column, summary))]
}

function cell({ metric, scale, digits, spread }: Column, summary: MetricSummaries): string {
  const value = summary[metric]
  if (value === null) return '-'
  const mean = fixed(value.mean * scale, digits)
  return spread && value.sd !== null ? `${mean} ±${(value.sd * scale).toFixed(digits)}` : mean
}

/** Rounding must not leave a zero with a sign. */
function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits)
  return Number(text) === 0 ? text.replace('-', '') : text
}

function comparisonLines(comparisons: readonly Comparison[]): readonly string[] {
  const [first] = comparisons
  if (first === undefined) return []
  const shown = ['pointsOverMixture', 'gap', 'billSavedVsMixture', 'brier'] as const
  const scales = { pointsOverMixture: 1, gap: 1, billSavedVsMixture: 100, brier: 1 }
  const digits = { pointsOverMixture: 2, gap: 2, billSavedVsMixture: 1, brier: 4 }
  const policies = [...new Set(comparisons.map(comparison => comparison.policy))]
  const rows = policies.map(policy => [
    policy,
    ...shown.map(metric => {
      const found = comparisons.find(each => each.policy === policy && each.metric === metric)
      if (found === undefined) return '-'
      const text = (value: number): string => (value * scales[metric]).toFixed(digits[metric])
      return `${found.difference >= 0 ? '+' : ''}${text(found.difference)} [${text(found.lower)}, ${text(found.upper)}]`
    }),
  ])
  const header = [`difference from ${first.against}`, 'points', 'gap', 'saved/mixture %', 'Brier']
  return [...aligned([header, ...rows]), '95% intervals by resampling prompts, paired.', '']
}

/** First column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
