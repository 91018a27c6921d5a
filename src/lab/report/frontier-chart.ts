import type { RouterPoint } from '../metrics/outcome-matrix.ts'
import { colourClass, marker } from './marker.ts'
import { at, escaped, percent, perThousand, shortName } from './markup.ts'
import type { ReportFigures } from './report-figures.ts'
import { evenScale, logScale, percentLabels, type Scale } from './scale.ts'

/** Size of a chart in its own units, which are pixels where it is shown unscaled. */
export interface ChartSize {
  readonly width: number
  readonly height: number
  /** Narrow charts leave out what would not fit. */
  readonly narrow: boolean
}

interface Frame {
  readonly size: ChartSize
  readonly x: Scale
  readonly y: Scale
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Satisfaction against cost on a logarithmic axis: policies at their floors, single models, mixture, clairvoyant. */
export function frontierChart(figures: ReportFigures, size: ChartSize): string {
  const frame = frameOf(figures, size)
  const policies = figures.policies.map((policy, p) => policyLine(frame, policy, p))
  const label = `Satisfaction against cost for ${figures.policies.length} policies and their references`
  return `<svg class="chart" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${label}">
${axes(frame)}
<path class="clairvoyant" d="${path(frame, figures.clairvoyant)}"/>
<path class="mixture" d="${path(frame, figures.mixture)}"/>
${oracleMark(frame, figures)}
<path class="predictor c0" d="${path(frame, figures.predictorFrontier)}"/>
${modelMarks(frame, figures)}
${policies.toReversed().join('\n')}
${labels(frame, figures)}
</svg>`
}

function frameOf(figures: ReportFigures, size: ChartSize): Frame {
  const left = size.narrow ? 34 : 46
  const right = size.width - (size.narrow ? 8 : 16)
  const top = 24
  const bottom = size.height - 40
  const achieved = figures.policies.flatMap(policy => policy.points)
  const shown = [...achieved, ...figures.mixture, ...figures.clairvoyant, ...figures.predictorFrontier]
  const satisfactions = shown.map(point => point.satisfaction)
  const low = Math.min(...satisfactions)
  const high = Math.max(...satisfactions)
  const pad = Math.max(0.005, (high - low) * 0.06)
  const costs = [...shown, ...figures.models.filter(model => model.satisfaction >= low - pad)]
    .map(point => point.costUsd)
    .filter(cost => cost > 0)
  // Where nothing costs anything, any axis will do.
  const least = costs.length === 0 ? 1e-3 : Math.min(...costs)
  const most = Math.max(...costs, least * 1.5)
  const room = (most / least) ** 0.05
  const x = logScale(
    { low: (least / room) * 1000, high: most * room * 1000, from: left, to: right },
    size.narrow ? 6 : 11,
  )
  const y = evenScale(
    { low: Math.max(0, low - pad), high: Math.min(1, high + pad), from: bottom, to: top },
    size.narrow ? 6 : 8,
  )
  return { size, x: { ...x, place: usd => x.place(usd * 1000) }, y, left, right, top, bottom }
}

function axes({ x, y, left, right, top, bottom, size }: Frame): string {
  const xTicks = x.ticks.map(value => {
    const place = at(x.place(value / 1000))
    return `<line class="grid" x1="${place}" x2="${place}" y1="${top}" y2="${bottom}"/><text class="tick" x="${place}" y="${bottom + 16}" text-anchor="middle">${tickUsd(value)}</text>`
  })
  const yNames = percentLabels(y)
  const yTicks = y.ticks.map((value, i) => {
    const place = at(y.place(value))
    return `<line class="grid" x1="${left}" x2="${right}" y1="${place}" y2="${place}"/><text class="tick" x="${left - 6}" y="${place}" dy=".35em" text-anchor="end">${yNames[i] ?? ''}</text>`
  })
  const title = size.narrow
    ? 'USD per 1,000 requests (log)'
    : 'mean cost, USD per 1,000 requests (logarithmic)'
  return `${xTicks.join('')}${yTicks.join('')}
<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>
<text class="axis-title" x="${right}" y="${bottom + 34}" text-anchor="end">${title}</text>
<text class="axis-title" x="${left - 6}" y="${top - 12}">satisfied, %</text>`
}

function tickUsd(value: number): string {
  return value >= 1 ? String(Math.round(value)) : String(Number(value.toPrecision(1)))
}

/** A line through points, between which a lottery moves: straight in cost, and so bent on a logarithmic axis. */
function path({ x, y }: Frame, points: readonly RouterPoint[]): string {
  const bent = points.flatMap((point, i) => {
    const before = points[i - 1]
    if (before === undefined) return [point]
    const length = Math.abs(x.place(point.costUsd) - x.place(before.costUsd))
    const pieces = Math.max(1, Math.ceil(length / 16))
    return Array.from({ length: pieces }, (_, k) => {
      const share = stepShare(before.costUsd, point.costUsd, (k + 1) / pieces)
      return {
        costUsd: before.costUsd + share * (point.costUsd - before.costUsd),
        satisfaction: before.satisfaction + share * (point.satisfaction - before.satisfaction),
      }
    })
  })
  return bent
    .map(
      ({ costUsd, satisfaction }, i) =>
        `${i === 0 ? 'M' : 'L'}${at(x.place(costUsd))} ${at(y.place(satisfaction))}`,
    )
    .join('')
}

/** Share of the way from one cost to the other at which equal steps on a logarithmic axis stand. */
function stepShare(from: number, to: number, step: number): number {
  if (!(from > 0 && to > 0) || Math.abs(to / from - 1) < 1e-6) return step
  return (from * (to / from) ** step - from) / (to - from)
}

/** A name and the room that it takes. */
interface Label {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly kind: 'model-label' | 'line-label'
}

/** Names of models and lines, over everything else, as far as they do not run into each other. */
function labels(frame: Frame, figures: ReportFigures): string {
  const taken: Label[] = []
  const free = (label: Label): boolean =>
    taken.every(
      other =>
        Math.abs(other.y - label.y) > 12 ||
        other.x > label.x + label.width + 4 ||
        label.x > other.x + other.width + 4,
    )
  for (const choices of [...modelLabels(frame, figures), ...lineLabels(frame, figures)]) {
    const label = choices.find(free)
    if (label !== undefined) taken.push(label)
  }
  return taken
    .map(({ kind, x, y, text }) => `<text class="${kind}" x="${at(x)}" y="${at(y)}">${escaped(text)}</text>`)
    .join('')
}

/** Below a model and to its right, or to its left where the frame ends. */
function modelLabels(frame: Frame, { models }: ReportFigures): readonly (readonly Label[])[] {
  const { x, y, right, bottom, size } = frame
  const named = visibleModels(frame, models).map(model => {
    const px = x.place(model.costUsd)
    const text = shortName(model.name)
    const width = text.length * 5.7
    const left = px + width + 8 > right ? px - width - 8 : px + 8
    const py = y.place(model.satisfaction)
    const below = py + 13 < bottom ? py + 13 : py - 6
    return [{ text, x: left, y: below, width, kind: 'model-label' } as const]
  })
  return size.narrow ? named.slice(0, 4) : named
}

/** The two references are named where they are drawn, at the first place of several that is free. */
function lineLabels(
  { x, y, left, size }: Frame,
  { mixture, clairvoyant }: ReportFigures,
): readonly (readonly Label[])[] {
  const along = (points: readonly RouterPoint[], text: string, below: boolean): readonly Label[] =>
    [0.35, 0.5, 0.65, 0.2, 0.8, 0.95].flatMap(share => {
      const point = points[Math.round((points.length - 1) * share)]
      if (point === undefined) return []
      const width = text.length * 6
      const px = x.place(point.costUsd)
      const start = below || px - width - 8 < left ? px + 8 : px - width - 8
      const py = y.place(point.satisfaction) + (below ? 15 : -4)
      return [{ text, x: start, y: py, width, kind: 'line-label' } as const]
    })
  return [
    along(mixture, size.narrow ? 'best mixture' : 'best static mixture', true),
    along(clairvoyant, 'clairvoyant', false),
  ]
}

/** The oracle stands where the clairvoyant's line ends. */
function oracleMark({ x, y }: Frame, { clairvoyant }: ReportFigures): string {
  const end = clairvoyant.at(-1)
  if (end === undefined) return ''
  const told = `oracle: ${percent(end.satisfaction)} at ${perThousand(end.costUsd)}`
  const [px, py] = [x.place(end.costUsd), y.place(end.satisfaction)]
  return `<g class="oracle"><title>${told}</title><circle cx="${at(px)}" cy="${at(py)}" r="3.4"/><text class="line-label" x="${at(px + 7)}" y="${at(py + 4)}">oracle</text></g>`
}

/** Single models as crosses. */
function modelMarks(frame: Frame, { models }: ReportFigures): string {
  const { x, y } = frame
  return visibleModels(frame, models)
    .map(({ name, satisfaction, costUsd }) => {
      const told = `${name}: ${percent(satisfaction)} at ${perThousand(costUsd)}`
      const corner = `${at(x.place(costUsd) - 4)} ${at(y.place(satisfaction) - 4)}`
      return `<g class="model"><title>${escaped(told)}</title><path d="M${corner}l8 8m0-8l-8 8"/></g>`
    })
    .join('')
}

/** Models inside the frame, the best first. */
function visibleModels({ y, bottom }: Frame, models: ReportFigures['models']): ReportFigures['models'] {
  return models
    .filter(model => y.place(model.satisfaction) <= bottom - 3)
    .toSorted((a, b) => b.satisfaction - a.satisfaction)
}

function policyLine(frame: Frame, { name, points }: ReportFigures['policies'][number], p: number): string {
  const { x, y } = frame
  const radius = p === 0 ? 4.2 : 3.2
  const marks = points.map(point => {
    const told = `${name} at floor ${percent(point.floor)}: ${percent(point.satisfaction)} at ${perThousand(point.costUsd)}`
    return `<g><title>${escaped(told)}</title>${marker(p, x.place(point.costUsd), y.place(point.satisfaction), radius)}</g>`
  })
  return `<g class="policy ${colourClass(p)}${p === 0 ? ' first' : ''}" data-policy="${p}"><path class="line" d="${path(frame, points)}"/>${marks.join('')}</g>`
}
