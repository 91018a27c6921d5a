import {
  bar,
  formatCount,
  formatDuration,
  formatPercent,
  formatPerThousand,
  formatShare,
  formatUsd,
} from './figures.ts'
import { fitLine, type Line, type Span, span, spread } from './paint.ts'
import { drawSatisfactionChart } from './satisfaction-chart.ts'
import type { ModelFigures, Standing } from './tally.ts'

/** What the gateway says of the promise. */
export interface PromiseView {
  readonly state: string
  readonly lower: number | null
  readonly upper: number | null
  readonly delta: number
  readonly labels: number
  /** USD per extra satisfied request; `null` while there is none. */
  readonly priceUsd: number | null
  /** Best reachable satisfaction where the floor was called infeasible. */
  readonly reachable: number | null
}

/** Everything that one frame shows. */
export interface DemoView {
  readonly policy: string
  readonly world: string
  readonly seed: number
  readonly feedback: string
  readonly total: number
  readonly elapsedMs: number
  readonly perSecond: number
  readonly floor: number
  readonly standing: Standing
  readonly promise: PromiseView | null
  /** Something that happened a moment ago. */
  readonly notice: string | null
  readonly keys: boolean
  /** Where the floor can be changed over HTTP. */
  readonly adminUrl: string
}

/** Size of a terminal in characters. */
export interface ScreenSize {
  readonly columns: number
  readonly rows: number
}

/** Width of the text columns of the lower half. */
const LABEL_WIDTH = 18
const MONEY_WIDTH = 8
const GUTTER = 3
/** From this width of the cost column on, bars are followed by names of this width. */
const NAMED_BARS_WIDTH = 56
const NAME_WIDTH = 20
/** Lines beside the chart and the lists: title, progress, satisfaction, headings, promise, keys and the gaps. */
const OTHER_LINES = 9
const SMALLEST_CHART = 4
const SHORTEST_LIST = 6

/**
 * Lays a frame out: exactly `rows` lines of `columns` columns. Made for 80 x 24; larger terminals get a larger chart
 * and the whole list of models, smaller ones lose the last lines.
 */
export function layOutScreen(view: DemoView, { columns, rows }: ScreenSize): readonly Line[] {
  const width = Math.max(40, columns)
  const longest = Math.max(SHORTEST_LIST, view.standing.models.length)
  const list = Math.min(longest, Math.max(SHORTEST_LIST, Math.floor((rows - OTHER_LINES) / 2)))
  const height = Math.max(SMALLEST_CHART, rows - OTHER_LINES - list)
  const { history } = view.standing
  const lines: readonly Line[] = [
    titleLine(view, width),
    progressLine(view, width),
    [],
    satisfactionLine(view, width),
    ...drawSatisfactionChart({ history, floor: view.floor, total: view.total, width, height }),
    [],
    ...beside(
      costColumn(view, leftWidth(width)),
      modelColumn(view, rightWidth(width), list),
      leftWidth(width),
    ),
    [],
    promiseLine(view),
    keysLine(view, width),
  ]
  const filled = [...lines, ...Array.from({ length: Math.max(0, rows - lines.length) }, (): Line => [])]
  return filled.slice(0, rows).map(line => fitLine(line, columns))
}

const leftWidth = (width: number): number => Math.floor((width - GUTTER) / 2)
const rightWidth = (width: number): number => width - GUTTER - leftWidth(width)

function titleLine(view: DemoView, width: number): Line {
  const what = `${view.policy} · ${view.world}, seed ${view.seed} · feedback ${view.feedback}`
  return spread(
    [span(' ⊖ ', 'floor'), span('PLIMSOLL', 'title'), span(`  ${what}`, 'dim')],
    [span(` ${formatDuration(view.elapsedMs)} `, 'dim')],
    width,
  )
}

function progressLine({ standing, total, perSecond }: DemoView, width: number): Line {
  const done = standing.answered + standing.failed
  const failed = standing.failed === 0 ? '' : `, ${formatCount(standing.failed)} failed`
  const counted = ` ${formatCount(done)} of ${formatCount(total)} requests${failed}`
  const rate = ` ${formatCount(perSecond)}/s `
  const room = Math.max(8, width - counted.length - rate.length - 4)
  const filled = bar(total === 0 ? 0 : done / total, room)
  return [
    span(' '),
    span(filled, 'floor'),
    span('░'.repeat(Math.max(0, room - [...filled].length)), 'dim'),
    span(counted),
    span(rate, 'dim'),
  ]
}

/** How far above or below: said with a sign and a word, so that it needs no colour. */
function distance(satisfaction: number, promised: number, floor: number): Span {
  const points = satisfaction - promised
  const from = Math.abs(promised - floor) < 0.0005 ? 'the floor' : formatShare(promised)
  if (Math.abs(points) < 0.0005) return span(`= on ${from}`, 'good')
  const size = Math.abs(points).toFixed(3)
  return points > 0 ? span(`▲ ${size} above ${from}`, 'good') : span(`▼ ${size} below ${from}`, 'bad')
}

function satisfactionLine({ standing, floor }: DemoView, width: number): Line {
  const { satisfaction, satisfactionRecent, meanFloor } = standing
  const known = satisfaction !== null && meanFloor !== null
  const verdict = known ? [span('  '), distance(satisfaction, meanFloor, floor)] : []
  const left = [span(' SATISFACTION  ', 'strong'), span(formatShare(satisfaction), 'strong'), ...verdict]
  const recent = [span(' last 200 ', 'dim'), span(`${formatShare(satisfactionRecent)}  `)]
  return spread(left, [...recent, span(`floor ${formatShare(floor)} ⊖ `, 'floor')], width)
}

interface CostRow {
  readonly label: string
  readonly costUsd: number | null
  readonly tone: Span['tone']
  /** Written after the bar where there is room. */
  readonly model?: string
}

function costRows({ policy, standing }: DemoView): readonly CostRow[] {
  const { references } = standing
  const feasible = references?.cheapestFeasible ?? null
  const best = references?.bestFixed ?? null
  return [
    { label: policy, costUsd: standing.costUsd, tone: 'good' },
    { label: 'mixture as good', costUsd: references?.mixtureAtAchievedUsd ?? null, tone: 'accent' },
    fixedRow('one model on floor', feasible),
    fixedRow('best model', best),
  ]
}

function fixedRow(
  label: string,
  fixed: { readonly model: string; readonly costUsd: number } | null,
): CostRow {
  if (fixed === null) return { label, costUsd: null, tone: 'dim' }
  return { label, costUsd: fixed.costUsd, tone: 'dim', model: shortName(fixed.model) }
}

function costColumn(view: DemoView, width: number): readonly Line[] {
  const rows = costRows(view)
  const dearest = Math.max(0, ...rows.map(row => row.costUsd ?? 0))
  const names = width >= NAMED_BARS_WIDTH ? NAME_WIDTH : 0
  const room = Math.max(0, width - LABEL_WIDTH - MONEY_WIDTH - 3 - names)
  const money = (amount: string): string => `${amount.padStart(MONEY_WIDTH)} `
  return [
    [span(' COST PER 1,000 REQUESTS', 'strong')],
    ...rows.map(({ label, costUsd, tone, model }): Line => {
      const filled = bar(dearest === 0 ? 0 : (costUsd ?? 0) / dearest, room)
      return [
        span(` ${pad(label, LABEL_WIDTH)}`, tone === 'good' ? 'strong' : 'plain'),
        span(money(formatPerThousand(costUsd))),
        span(filled, tone),
        ...(names > 0 && model !== undefined ? [span(` ${model}`, 'dim')] : []),
      ]
    }),
    [span(` ${savingText(view.standing)}`, 'dim')],
    [
      span(` ${pad('price of quality', LABEL_WIDTH)}`, 'strong'),
      span(money(formatUsd(view.promise?.priceUsd ?? null)), 'accent'),
      span(names > 0 ? 'per extra satisfied' : '/ answer', 'dim'),
    ],
  ]
}

/** What the run saves against the mixture that is as good: the only saving that is claimed. */
function savingText({ costUsd, references }: Standing): string {
  const mixtureUsd = references?.mixtureAtAchievedUsd ?? 0
  if (costUsd === null || mixtureUsd === 0) return ''
  const saved = 1 - costUsd / mixtureUsd
  return saved >= 0
    ? `${formatPercent(saved)} below the mixture's bill`
    : `${formatPercent(-saved)} above the mixture's bill`
}

function modelColumn({ standing }: DemoView, width: number, longest: number): readonly Line[] {
  const { models } = standing
  const shown = models.length <= longest ? models : byShare(models).slice(0, longest - 1)
  const others = models.length - shown.length
  const room = Math.max(0, width - LABEL_WIDTH - 14)
  const lines = shown.map(
    (figures): Line => [
      span(`${pad(shortName(figures.model), LABEL_WIDTH)} `),
      span(formatPercent(figures.share).padStart(4)),
      span(` ${bar(figures.share, room).padEnd(room)} `, 'floor'),
      span(formatShare(figures.satisfaction).padStart(6), 'dim'),
    ],
  )
  const rest = models.filter(model => !shown.includes(model)).reduce((sum, model) => sum + model.share, 0)
  return [
    spread([span('WHO ANSWERS', 'strong')], [span('satisfied ', 'dim')], width),
    ...lines,
    ...(others === 0
      ? []
      : [[span(`${pad(`${others} others`, LABEL_WIDTH)} ${formatPercent(rest).padStart(4)}`, 'dim')]]),
  ]
}

const byShare = (models: readonly ModelFigures[]): readonly ModelFigures[] =>
  models.toSorted((a, b) => b.share - a.share)

function beside(left: readonly Line[], right: readonly Line[], width: number): readonly Line[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => [
    ...fitLine(left[i] ?? [], width),
    span(' '.repeat(GUTTER)),
    ...(right[i] ?? []),
  ])
}

/** The word for a state of the promise; `compliant` alone means that it is proven. */
export function promiseWord(state: string): string {
  switch (state) {
    case 'compliant':
      return 'proven kept'
    case 'breached':
      return 'proven broken'
    case 'infeasible':
      return 'out of reach'
    default:
      return 'not yet decided'
  }
}

function promiseLine({ promise }: DemoView): Line {
  if (promise === null) return [span(' PROMISE', 'strong'), span('  waiting for the first label', 'dim')]
  const { state, lower, upper, delta, labels, reachable } = promise
  const tone = state === 'compliant' ? 'good' : state === 'undecided' ? 'accent' : 'bad'
  if (state === 'infeasible' && reachable !== null) {
    const beliefs = `  the best reachable is about ${formatShare(reachable)} by what was learned`
    return [span(' PROMISE  ', 'strong'), span(promiseWord(state), 'bad'), span(beliefs, 'dim')]
  }
  // Each bound may be wrong with probability delta.
  const bounds = `true mean within [${formatShare(lower)}, ${formatShare(upper)}] at ${Math.round(100 * (1 - 2 * delta))}%`
  return [
    span(' PROMISE  ', 'strong'),
    span(promiseWord(state), tone),
    span(`  ${bounds}, ${formatCount(labels)} labels`, 'dim'),
  ]
}

function keysLine({ keys, notice, adminUrl }: DemoView, width: number): Line {
  const help = keys ? [span(' + / –  ', 'floor'), span('floor'), span('   q  ', 'floor'), span('end')] : []
  const address = span(`admin API ${adminUrl.replace(/^http:\/\//, '')} `, 'dim')
  return spread(help, [notice === null ? address : span(`${notice} `, 'accent')], width)
}

/** A model's name without its provider. */
export function shortName(model: string): string {
  return model.slice(model.indexOf('/') + 1)
}

/** A text cut with an ellipsis, or filled up, to a width. */
function pad(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)
}
