import type { Comparison } from '../evaluate/comparisons.ts'
import type { ComparedMetric } from '../evaluate/weighted-figures.ts'
import { colourClass } from './marker.ts'
import { escaped, signed } from './markup.ts'
import type { ReportFigures } from './report-figures.ts'

interface Shown {
  readonly metric: ComparedMetric
  readonly title: string
  readonly scale: number
  readonly digits: number
}

const shown: readonly Shown[] = [
  { metric: 'pointsOverMixture', title: 'points over the mixture', scale: 1, digits: 2 },
  { metric: 'billSavedVsMixture', title: 'bill saved against the mixture, %', scale: 100, digits: 1 },
  { metric: 'brier', title: 'Brier score (lower is better)', scale: 1, digits: 4 },
]

/** Differences of the other policies from the first, with their intervals; one block per figure. */
export function differenceCharts({ comparisons, policies }: ReportFigures): string {
  return shown
    .map(each => {
      const own = comparisons.filter(({ metric }) => metric === each.metric)
      if (own.length === 0) return ''
      const extent = Math.max(...own.flatMap(({ lower, upper }) => [Math.abs(lower), Math.abs(upper)]), 1e-9)
      const rows = own.map(comparison => {
        const position = policies.findIndex(policy => policy.name === comparison.policy)
        return differenceRow(comparison, each, { position, extent })
      })
      return `<div class="differences"><h3>${each.title}</h3>${rows.join('\n')}</div>`
    })
    .join('\n')
}

interface Placing {
  readonly position: number
  /** Largest distance from zero that the axis shows. */
  readonly extent: number
}

function differenceRow(
  comparison: Comparison,
  { scale, digits }: Shown,
  { position, extent }: Placing,
): string {
  const place = (value: number): number => 50 + (48 * value) / extent
  const { difference, lower, upper, policy } = comparison
  const settled = lower > 0 || upper < 0
  const told = `${signed(difference * scale, digits)} [${signed(lower * scale, digits)}, ${signed(upper * scale, digits)}]`
  return `<div class="difference ${colourClass(position)}${settled ? ' settled' : ''}" data-policy="${position}"><span class="name">${escaped(policy)}</span><span class="track"><span class="range" style="left:${place(lower).toFixed(1)}%;width:${(place(upper) - place(lower)).toFixed(1)}%"></span><span class="dot" style="left:${place(difference).toFixed(1)}%"></span></span><span class="value">${told}</span></div>`
}
