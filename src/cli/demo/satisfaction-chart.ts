import { type Line, type Span, span } from './paint.ts'

/** The floor and the satisfaction of the last requests, when so many had been answered. */
export interface HistoryPoint {
  readonly answered: number
  /** Mean over the last 200 answers, or fewer at the beginning. */
  readonly satisfaction: number
  readonly floor: number
}

/** What a chart shows and how large it is. */
export interface SatisfactionChart {
  readonly history: readonly HistoryPoint[]
  /** The floor of the requests to come. */
  readonly floor: number
  /** Requests at the right edge. */
  readonly total: number
  readonly width: number
  readonly height: number
}

/** Columns left of the plot: `0.90 ┤`, `0.850⊖`. */
const AXIS_WIDTH = 6
/** Answers from which the mean of the last 200 is one of 200. */
const STEADY_AFTER = 200
/** A braille character holds two columns of four dots. */
const DOTS_ACROSS = 2
const DOTS_DOWN = 4
const BRAILLE = 0x2800
/** Bits of the dots of a braille character, by column, from the top. */
const DOT_BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const

interface Range {
  readonly low: number
  readonly high: number
}

/** Where the curve and the floor stand at one column of dots; `null` where there is no curve yet. */
interface Column {
  readonly satisfaction: number | null
  readonly floor: number
}

interface Cell {
  dots: number
  /** The best that the curve says in this cell; `null` without a curve. */
  above: boolean | null
}

/**
 * The values to show: the curve and every floor, at least a tenth high, in steps of five hundredths. The first points are
 * means of few answers and swing widely: once there are steadier ones they are drawn at the edge instead.
 */
export function chartRange({ history, floor }: Pick<SatisfactionChart, 'history' | 'floor'>): Range {
  const steady = history.filter(point => point.answered >= STEADY_AFTER)
  const shown = steady.length > 0 ? steady : history
  const values = [floor, ...history.map(point => point.floor), ...shown.map(point => point.satisfaction)]
  const low = Math.max(0, Math.floor((Math.min(...values) - 0.02) * 20) / 20)
  const high = Math.min(1, Math.ceil((Math.max(...values) + 0.02) * 20) / 20)
  return high - low >= 0.1 - 1e-9
    ? { low, high }
    : { low: Math.max(0, high - 0.1), high: Math.max(0.1, high) }
}

function columnsOf({ history, floor, total, width }: SatisfactionChart): readonly Column[] {
  const count = Math.max(1, (width - AXIS_WIDTH) * DOTS_ACROSS)
  let next = 0
  return Array.from({ length: count }, (_, column) => {
    const until = ((column + 1) * total) / count
    let point: HistoryPoint | undefined
    while (next < history.length && (history[next]?.answered ?? 0) <= until) point = history[next++]
    if (point !== undefined) return { satisfaction: point.satisfaction, floor: point.floor }
    const following = history[next]
    if (following === undefined) return { satisfaction: null, floor }
    // A run of fewer requests than columns leaves columns without a point of their own: the one before holds on.
    const before = history[next - 1]
    return { satisfaction: before?.satisfaction ?? null, floor: (before ?? following).floor }
  })
}

/** Dots from the top at which a value stands. */
function dotRow(value: number, { low, high }: Range, height: number): number {
  const dots = height * DOTS_DOWN
  return Math.min(dots - 1, Math.max(0, Math.round(((high - value) / (high - low)) * (dots - 1))))
}

function axisLabel(row: number, range: Range, height: number): string {
  if (row === 0) return range.high.toFixed(2)
  return row === height - 1 ? range.low.toFixed(2) : ''
}

/** The left edge of a line: the ends of the range, and the floor where it stands now. */
function axis(row: number, { floor, height }: SatisfactionChart, range: Range): Span {
  const floorRow = Math.floor(dotRow(floor, range, height) / DOTS_DOWN)
  if (row === floorRow) return span(`${floor.toFixed(3)}⊖`, 'floor')
  const label = axisLabel(row, range, height)
  return span(`${label.padStart(AXIS_WIDTH - 2)} ${label === '' ? '│' : '┤'}`, 'dim')
}

function plot(columns: readonly Column[], range: Range, height: number): readonly (readonly Cell[])[] {
  const across = Math.ceil(columns.length / DOTS_ACROSS)
  const cells = Array.from({ length: height }, () =>
    Array.from({ length: across }, (): Cell => ({ dots: 0, above: null })),
  )
  const cellAt = (x: number, y: number): Cell | undefined =>
    cells[Math.floor(y / DOTS_DOWN)]?.[Math.floor(x / DOTS_ACROSS)]
  const dot = (x: number, y: number): number => DOT_BITS[x % DOTS_ACROSS]?.[y % DOTS_DOWN] ?? 0
  let previous: number | null = null
  for (const [x, { satisfaction, floor }] of columns.entries()) {
    const surface = dotRow(floor, range, height)
    const surfaceCell = cellAt(x, surface)
    if (surfaceCell !== undefined) surfaceCell.dots |= dot(x, surface)
    if (satisfaction === null) continue
    const y = dotRow(satisfaction, range, height)
    // The curve is drawn without gaps: from where it stood a column before.
    const from = previous === null ? y : previous + Math.sign(y - previous)
    for (let row = Math.min(from, y); row <= Math.max(from, y); row++) {
      const cell = cellAt(x, row)
      if (cell === undefined) continue
      cell.dots |= dot(x, row)
      cell.above = (cell.above ?? false) || satisfaction >= floor
    }
    previous = y
  }
  return cells
}

/**
 * Draws the satisfaction of the last requests over the run, and the floor as a waterline: what lies below it is under water.
 * `height` lines of `width` columns.
 */
export function drawSatisfactionChart(chart: SatisfactionChart): readonly Line[] {
  const { height } = chart
  const range = chartRange(chart)
  const columns = columnsOf(chart)
  const cells = plot(columns, range, height)
  return cells.map((row, y) => {
    const spans = row.map((cell, x): Span => {
      const surface = dotRow(columns[x * DOTS_ACROSS]?.floor ?? chart.floor, range, height)
      const tone = cell.above === null ? 'floor' : cell.above ? 'good' : 'bad'
      const text = cell.dots === 0 ? ' ' : String.fromCodePoint(BRAILLE + cell.dots)
      return { text, tone, submerged: y * DOTS_DOWN > surface }
    })
    return [axis(y, chart, range), ...joined(spans)]
  })
}

/** Joins neighbours that look alike, so that a frame stays small. */
function joined(spans: readonly Span[]): Line {
  const merged: Span[] = []
  for (const next of spans) {
    const last = merged.at(-1)
    if (last !== undefined && last.tone === next.tone && last.submerged === next.submerged) {
      merged[merged.length - 1] = { ...last, text: last.text + next.text }
    } else {
      merged.push(next)
    }
  }
  return merged
}
