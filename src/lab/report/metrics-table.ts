import type { MetricSummaries } from '../evaluate.ts'
import type { PolicyMetrics } from '../metrics/policy-metrics.ts'
import { colourClass } from './marker.ts'
import { decimal, escaped } from './markup.ts'
import type { ReportFigures } from './report-figures.ts'

interface Column {
  readonly metric: keyof PolicyMetrics
  readonly title: string
  readonly meaning: string
  readonly scale: number
  readonly digits: number
  /** Which value is marked as the best; `null` where none is better by itself. */
  readonly best: 'highest' | 'lowest' | 'nearest-one' | null
}

const columns: readonly Column[] = [
  {
    metric: 'billSavedVsMixture',
    title: 'saved, mixture',
    meaning:
      'share of the bill saved against the best static mixture, with hindsight, at the satisfaction achieved, %',
    scale: 100,
    digits: 1,
    best: 'highest',
  },
  {
    metric: 'billSavedVsBestFixed',
    title: 'saved, fixed',
    meaning: 'share of the bill saved against the cheapest single model that met the floor in training, %',
    scale: 100,
    digits: 1,
    best: 'highest',
  },
  {
    metric: 'pointsOverMixture',
    title: 'points',
    meaning: 'satisfaction above the best static mixture of the same cost, in points',
    scale: 1,
    digits: 2,
    best: 'highest',
  },
  {
    metric: 'gap',
    title: 'gap',
    meaning: 'the same along the frontier of the predictions, no price chosen',
    scale: 1,
    digits: 2,
    best: 'highest',
  },
  {
    metric: 'floorCompliance',
    title: 'met',
    meaning: 'share of the floors met, %',
    scale: 100,
    digits: 0,
    best: 'highest',
  },
  {
    metric: 'certifiedFloorCompliance',
    title: 'certified',
    meaning: 'share of the floors met by the 95% lower bound, %',
    scale: 100,
    digits: 0,
    best: 'highest',
  },
  {
    metric: 'missedByOnePoint',
    title: 'missed',
    meaning: 'share of the floors missed by more than one point, %',
    scale: 100,
    digits: 0,
    best: 'lowest',
  },
  {
    metric: 'meanMiss',
    title: 'mean miss',
    meaning: 'mean shortfall below the floor, points',
    scale: 100,
    digits: 2,
    best: 'lowest',
  },
  {
    metric: 'meanOvershoot',
    title: 'overshoot',
    meaning: 'mean excess above the floor, points',
    scale: 100,
    digits: 2,
    best: null,
  },
  {
    metric: 'slope',
    title: 'slope',
    meaning: 'achieved satisfaction per unit of floor; 1 is perfect',
    scale: 1,
    digits: 2,
    best: 'nearest-one',
  },
  {
    metric: 'rmse',
    title: 'RMSE',
    meaning: 'root mean squared distance of achieved from asked, points',
    scale: 100,
    digits: 2,
    best: 'lowest',
  },
  {
    metric: 'costVsClairvoyant',
    title: '÷ clairvoyant',
    meaning: 'cost divided by the least with every label known',
    scale: 1,
    digits: 2,
    best: 'lowest',
  },
  {
    metric: 'brier',
    title: 'Brier',
    meaning: 'mean squared error of predicted satisfaction',
    scale: 1,
    digits: 4,
    best: 'lowest',
  },
  {
    metric: 'auc',
    title: 'AUC',
    meaning: 'area under the ROC curve of the predictions',
    scale: 1,
    digits: 3,
    best: 'highest',
  },
  { metric: 'ece', title: 'ECE', meaning: 'expected calibration error', scale: 1, digits: 3, best: 'lowest' },
]

/** A cell where a figure does not apply: references are expectations, of which no sample certifies anything. */
const none = '<td class="none">–</td>'

/** Every metric of every policy, the best of each column marked, and the references with hindsight below. */
export function metricsTable({ policies, references }: ReportFigures): string {
  const best = columns.map(column =>
    bestOf(
      column,
      policies.map(policy => policy.metrics),
    ),
  )
  const head = columns.map(
    ({ title, meaning }) => `<th scope="col"><abbr title="${meaning}">${title}</abbr></th>`,
  )
  const body = policies.map(({ name, metrics }, p) => {
    const cells = columns.map((column, c) => cell(column, metrics, best[c] ?? null))
    return `<tr data-policy="${p}"><th scope="row" class="${colourClass(p)}"><span class="chip"></span>${escaped(name)}</th>${cells.join('')}</tr>`
  })
  const frontier = references.find(([name]) => name.startsWith('predictor-frontier:'))?.[0]
  const below = references
    .filter(([name]) => !name.startsWith('predictor-frontier:') || name === frontier)
    .map(([name, metrics]) => {
      const cells = columns.map(column =>
        column.metric === 'certifiedFloorCompliance' ? none : cell(column, metrics, null),
      )
      return `<tr class="reference"><th scope="row">${escaped(name)}</th>${cells.join('')}</tr>`
    })
  return `<div class="scroll"><table class="metrics"><thead><tr><th scope="col">policy</th>${head.join('')}</tr></thead>
<tbody>${body.join('\n')}</tbody><tbody><tr class="divider"><th colspan="${columns.length + 1}"><span>with hindsight on the test rows</span></th></tr>${below.join('\n')}</tbody></table></div>
<details><summary>What the columns mean</summary><ul class="meanings">${columns.map(({ title, meaning }) => `<li><b>${title}</b>: ${meaning}</li>`).join('')}</ul></details>`
}

function bestOf(column: Column, policies: readonly MetricSummaries[]): string | null {
  const values = policies.map(metrics => metrics[column.metric]?.mean).filter(value => value !== undefined)
  if (column.best === null || values.length < 2) return null
  const rank = (value: number): number => {
    if (column.best === 'highest') return -value
    return column.best === 'nearest-one' ? Math.abs(value - 1) : value
  }
  const winner = values.toSorted((a, b) => rank(a) - rank(b))[0]
  return winner === undefined ? null : shown(column, winner)
}

function shown({ scale, digits }: Column, value: number): string {
  return decimal(value * scale, digits)
}

/** Values that read the same as the best are as good as the best. */
function cell(column: Column, metrics: MetricSummaries, best: string | null): string {
  const value = metrics[column.metric]
  if (value === null) return none
  const text = shown(column, value.mean)
  const spread = value.sd === null ? '' : `<small>±${shown(column, value.sd)}</small>`
  return `<td${text === best ? ' class="best"' : ''}>${text}${spread}</td>`
}
