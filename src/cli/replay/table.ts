import type { RunFigures } from '../../lab/summarise.ts'

/** The runs of one floor over several seeds. */
export interface FloorRuns {
  readonly floor: string
  readonly runs: readonly RunFigures[]
}

/** A table of replays for people: one line per floor, mean ± standard error over its seeds. */
export function replayTable(title: string, floors: readonly FloorRuns[]): string {
  const header = [
    'floor',
    'satisfaction',
    'd',
    'USD/1000',
    '/ mixture',
    '/ fixed',
    'explored',
    'audited',
    'below200',
    'certificate',
  ]
  const rows = floors.map(({ floor, runs }) => [
    floor,
    spread(
      runs.map(run => run.satisfaction),
      4,
    ),
    spread(
      runs.map(run => run.satisfaction - run.floor),
      4,
      true,
    ),
    spread(
      runs.map(run => run.costUsd * 1000),
      4,
    ),
    spread(
      runs.map(run => ratio(run.costUsd, run.references.staticMixtureAtAchieved?.costUsd)),
      2,
    ),
    spread(
      runs.map(run => ratio(run.costUsd, run.references.cheapestFeasibleFixed?.costUsd)),
      2,
    ),
    percent(average(runs.map(run => run.exploration))),
    percent(average(runs.map(run => run.auditRate))),
    runs.every(run => run.violations200 !== null)
      ? percent(average(runs.map(run => run.violations200 ?? 0)))
      : '-',
    certificates(runs),
  ])
  return [title, '', ...aligned([header, ...rows]), '', ...shareLines(floors), '', ...legend, ''].join('\n')
}

const legend = [
  'd: satisfaction - floor. / mixture: cost against the cheapest static mixture, with hindsight, at the satisfaction achieved;',
  '/ fixed: against the cheapest single model that meets the floor. below200: share of the windows of 200 requests below the floor.',
]

function shareLines(floors: readonly FloorRuns[]): readonly string[] {
  const models = Object.keys(floors[0]?.runs[0]?.share ?? {})
  const header = ['share of requests', ...floors.map(({ floor }) => floor)]
  const rows = models.map(model => [
    model,
    ...floors.map(({ runs }) => percent(average(runs.map(run => run.share[model] ?? 0)))),
  ])
  return aligned([header, ...rows])
}

function certificates(runs: readonly RunFigures[]): string {
  const states = ['compliant', 'undecided', 'breached'] as const
  return states
    .map(state => ({ state, count: runs.filter(run => run.certificate.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => (runs.length === 1 ? state : `${count} ${state}`))
    .join(', ')
}

/** First column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

function ratio(costUsd: number, referenceUsd: number | undefined): number {
  return referenceUsd === undefined ? Number.NaN : costUsd / referenceUsd
}

/** Mean and, from two values on, its standard error. */
function spread(values: readonly number[], digits: number, signed = false): string {
  const mean = average(values)
  if (Number.isNaN(mean)) return '-'
  const text = `${signed && mean >= 0 ? '+' : ''}${mean.toFixed(digits)}`
  if (values.length < 2) return text
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return `${text} ±${Math.sqrt(variance / values.length).toFixed(digits)}`
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`
}
