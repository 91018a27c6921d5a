import type { EvaluatedSplit, Evaluation, MetricSummaries } from '../evaluate.ts'
import type { FloorRun } from '../metrics/floor-figures.ts'

type Row = readonly (string | number | null)[]

const header: Row = ['kind', 'name', 'seed', 'floor', 'metric', 'value', 'sd']

/**
 * The evaluation as CSV with one figure per line: `kind` is `policy`, `reference` or `model`; figures of one run have a seed
 * and a floor, summaries have neither but a standard deviation.
 */
export function evaluationCsv({ splits, policies, references, models }: Evaluation): string {
  const rows: readonly Row[] = [
    header,
    ...splits.flatMap(split => runRows(split)),
    ...Object.entries(policies).flatMap(([name, summary]) => summaryRows('policy', name, summary)),
    ...Object.entries(references).flatMap(([name, summary]) => summaryRows('reference', name, summary)),
    ...Object.entries(models).flatMap(([name, { satisfaction, costUsd }]): readonly Row[] => [
      ['model', name, null, null, 'satisfaction', satisfaction, null],
      ['model', name, null, null, 'costUsd', costUsd, null],
    ]),
  ]
  return rows.map(row => `${row.map(csvCell).join(',')}\n`).join('')
}

function runRows({ data, results, references }: EvaluatedSplit): readonly Row[] {
  const rowsOf = (kind: string, name: string, runs: readonly FloorRun[]): readonly Row[] =>
    runs.flatMap(run =>
      (['satisfaction', 'costUsd', 'certifiedLower'] as const).map(
        (metric): Row => [kind, name, data.seed, run.floor, metric, run[metric], null],
      ),
    )
  return [
    ...results.flatMap(({ policy, runs }) => rowsOf('policy', policy, runs)),
    ...references.flatMap(({ name, runs }) => rowsOf('reference', name, runs)),
  ]
}

function summaryRows(kind: string, name: string, summary: MetricSummaries): readonly Row[] {
  return Object.entries(summary).flatMap(([metric, value]) =>
    value === null ? [] : [[kind, name, null, null, metric, value.mean, value.sd]],
  )
}

function csvCell(value: string | number | null): string {
  if (value === null) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
