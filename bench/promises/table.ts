import type { Bar, Cell, Measure, Outcome, Scenario, Statistic } from './cell.ts'

/** What a figure of a cell is called in a table. */
const HEADINGS: Readonly<Record<Measure, string>> = {
  d: 'd',
  ratio: 'ratio',
  said: 'infeasible, said at',
  reachableError: 'error of reachable',
  width: 'floor − lower bound',
  falselyCompliant: 'falsely compliant',
  compliant: 'compliant',
  postD: 'd after',
  postRatio: 'ratio after',
  back: 'back after',
  alarms: 'alarm',
  audited: 'audited',
}

const SUFFIXES: Readonly<Record<Statistic, string>> = {
  mean: '',
  least: ', worst run',
  most: ', worst run',
  sd: ', sd of runs',
  count: ', runs',
  leastBin: ', lowest bin',
  mostBin: ', highest bin',
}

/** One scenario as a markdown table: a row per policy and cell, with what is promised and whether it was kept. */
export function scenarioTable(scenario: Scenario, outcomes: readonly Outcome[]): string {
  const headings = scenario.columns.map(
    ([measure, statistic]) => `${HEADINGS[measure]}${SUFFIXES[statistic]}`,
  )
  const lines = [
    `| set, floor | policy | ${headings.join(' | ')} | must | aim |`,
    `|---|---|${headings.map(() => '---|').join('')}---|---|`,
  ]
  for (const cell of scenario.cells) {
    const here = outcomes.filter(
      outcome =>
        outcome.scenario === scenario.name && outcome.set === cell.set && outcome.floor === cell.floor,
    )
    for (const policy of new Set(here.map(outcome => outcome.policy))) {
      const runs = here.filter(outcome => outcome.policy === policy)
      const figures = scenario.columns.map(([measure, statistic]) =>
        show(measure, statistic, statisticOf(runs, measure, statistic)),
      )
      const verdicts = [verdict(cell, runs, 'must'), verdict(cell, runs, 'aim')]
      lines.push(
        `| ${cell.set} ${cell.floor} | ${policy} | ${figures.join(' | ')} | ${verdicts.join(' | ')} |`,
      )
    }
  }
  return lines.join('\n')
}

/** Bars kept and missed by a policy over all scenarios. */
export function countBars(
  scenarios: readonly Scenario[],
  outcomes: readonly Outcome[],
  level: 'must' | 'aim',
): { readonly kept: number; readonly missed: number } {
  let kept = 0
  let missed = 0
  for (const scenario of scenarios) {
    for (const cell of scenario.cells) {
      const runs = outcomes.filter(
        ({ scenario: name, set, floor }) =>
          name === scenario.name && set === cell.set && floor === cell.floor,
      )
      for (const bar of runs.length === 0 ? [] : cell.bars) {
        if (bar[level] === null) continue
        if (isKept(bar, runs, level)) kept++
        else missed++
      }
    }
  }
  return { kept, missed }
}

function verdict({ bars }: Cell, runs: readonly Outcome[], level: 'must' | 'aim'): string {
  const asked = bars.filter(bar => bar[level] !== null)
  if (asked.length === 0) return '–'
  const missed = asked.filter(bar => !isKept(bar, runs, level))
  if (missed.length === 0) return 'kept'
  return missed
    .map(bar => {
      const name = `${HEADINGS[bar.measure]}${SUFFIXES[bar.statistic]}`
      return `**missed**: ${name} ${bar.side} ${bar[level]}`
    })
    .join('; ')
}

function isKept(bar: Bar, runs: readonly Outcome[], level: 'must' | 'aim'): boolean {
  const value = statisticOf(runs, bar.measure, bar.statistic)
  const limit = bar[level]
  if (limit === null) return true
  if (value === null) return false
  return bar.side === 'at least' ? value >= limit : value <= limit
}

function statisticOf(runs: readonly Outcome[], measure: Measure, statistic: Statistic): number | null {
  if (statistic === 'leastBin' || statistic === 'mostBin') {
    const bins = binMeans(runs)
    if (bins.length === 0) return null
    return statistic === 'leastBin' ? Math.min(...bins) : Math.max(...bins)
  }
  const values = runs.flatMap(({ figures }) => figures[measure] ?? [])
  if (statistic === 'count') return values.filter(value => value !== 0).length
  // A run without the figure, as one that never says infeasible, is a miss and no gap in the mean.
  if (values.length < runs.length) return null
  switch (statistic) {
    case 'mean':
      return mean(values)
    case 'least':
      return Math.min(...values)
    case 'most':
      return Math.max(...values)
    case 'sd': {
      const centre = mean(values)
      return Math.sqrt(
        values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1),
      )
    }
  }
}

/** Means over the runs of d in every bin. */
function binMeans(runs: readonly Outcome[]): readonly number[] {
  const width = runs[0]?.bins.length ?? 0
  return Array.from({ length: width }, (_, bin) => mean(runs.map(({ bins }) => bins[bin] ?? 0)))
}

function show(measure: Measure, statistic: Statistic, value: number | null): string {
  if (value === null) return 'never'
  if (statistic === 'count' || measure === 'said' || measure === 'back') return String(Math.round(value))
  if (measure === 'ratio' || measure === 'postRatio') return value.toFixed(2)
  const signed = measure === 'd' || measure === 'postD'
  const digits = Math.abs(value).toFixed(3)
  return signed && statistic !== 'sd' ? `${value < 0 ? '−' : '+'}${digits}` : value.toFixed(3)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
