import type { PolicyMetrics } from '../metrics/policy-metrics.ts'
import { decimal, escaped, percent, signed } from './markup.ts'
import type { ReportedPolicy, ReportFigures } from './report-figures.ts'

/** What the first policy came to, in words; what it does not beat is said as well. Markup. */
export function finding(figures: ReportFigures): string {
  const [first, ...others] = figures.policies
  if (first === undefined) return ''
  const saved = meanOf(first, 'billSavedVsMixture')
  const name = `<b>${escaped(first.name)}</b>`
  const bill =
    saved === null
      ? `${name} is compared with a mixture that costs nothing`
      : `${name} ${saved < 0 ? 'adds' : 'saves'} <b>${percent(Math.abs(saved))}</b> of the bill against the best static mixture of the same satisfaction`
  const missed = meanOf(first, 'missedByOnePoint') ?? 0
  const floors =
    missed === 0
      ? 'and misses no floor by more than a point'
      : `and misses ${percent(missed, 0)} of the floors by more than a point`
  const better = others.filter(
    other =>
      (meanOf(other, 'pointsOverMixture') ?? 0) > (meanOf(first, 'pointsOverMixture') ?? 0) &&
      other.name !== 'oracle',
  )
  return `${bill}, ${floors}.${rivals(figures, better)}`
}

function rivals(figures: ReportFigures, better: readonly ReportedPolicy[]): string {
  if (figures.policies.length < 2) return ''
  if (better.length === 0) return ' No other policy here gains more points over that mixture.'
  const told = better.map(({ name }) => {
    const comparison = figures.comparisons.find(
      ({ policy, metric }) => policy === name && metric === 'pointsOverMixture',
    )
    const settled = comparison !== undefined && comparison.lower > 0
    const difference = signed(comparison?.difference ?? 0, 2)
    return `${escaped(name)} (${difference}${settled ? '' : ', within noise'})`
  })
  return ` More points over that mixture: ${told.join(', ')}.`
}

/** The four figures at the top. Markup. */
export function tiles({ policies }: ReportFigures): string {
  const [first] = policies
  if (first === undefined) return ''
  const tile = (metric: keyof PolicyMetrics, title: string, text: (value: number) => string): string => {
    const value = first.metrics[metric]
    const sd = value?.sd ?? null
    const spread = sd === null ? '' : ` <small>± ${text(sd).replace('+', '')}</small>`
    return `<div><dt>${title}</dt><dd>${value === null ? '–' : text(value.mean)}${spread}</dd></div>`
  }
  return `<dl class="tiles">${[
    tile('billSavedVsMixture', 'saved of the bill against the best static mixture', value => percent(value)),
    tile('pointsOverMixture', 'points of satisfaction above it at the same cost', value => decimal(value, 2)),
    tile('floorCompliance', 'of the floors met', value => percent(value, 0)),
    tile('costVsClairvoyant', 'times the cost of a clairvoyant', value => decimal(value, 1)),
  ].join('')}</dl>`
}

function meanOf(policy: ReportedPolicy, metric: keyof PolicyMetrics): number | null {
  return policy.metrics[metric]?.mean ?? null
}
