import { colourClass } from './marker.ts'
import { at, escaped, percent } from './markup.ts'
import type { ReportedPolicy } from './report-figures.ts'
import { evenScale, percentLabels, type Scale } from './scale.ts'

const side = 210
const left = 30
const right = side - 8
const top = 8
const bottom = side - 26

/** Axes that all policies have in common, so that their charts can be compared. */
export interface FloorAxes {
  readonly low: number
  readonly high: number
}

/** From the lowest to the highest floor or satisfaction that any policy shows. */
export function floorAxes(policies: readonly ReportedPolicy[]): FloorAxes {
  const points = policies.flatMap(policy => policy.points)
  const floors = points.map(point => point.floor)
  const [least, most] = [Math.min(...floors), Math.max(...floors)]
  const span = Math.max(0.02, most - least)
  // One policy far off must not flatten all others: beyond half a span the frame cuts.
  const low = Math.max(Math.min(least, ...points.map(point => point.lower)), least - span / 2, 0)
  const high = Math.min(Math.max(most, ...points.map(point => point.upper)), most + span / 2, 1)
  return { low, high }
}

/** Achieved satisfaction against the floor asked for, with intervals: full marks met the floor, hollow ones missed it. */
export function floorChart(policy: ReportedPolicy, position: number, axes: FloorAxes): string {
  const x = evenScale({ ...axes, from: left, to: right }, 4)
  const y = evenScale({ ...axes, from: bottom, to: top }, 4)
  const inside = (value: number): number => Math.min(bottom, Math.max(top, y.place(value)))
  const points = policy.points.map(({ floor, satisfaction, lower, upper }) => {
    const px = at(x.place(floor))
    const met = satisfaction >= floor - 1e-12
    const told = `asked ${percent(floor)}, achieved ${percent(satisfaction)}`
    const cut = satisfaction < axes.low || satisfaction > axes.high
    const mark = cut
      ? ''
      : `<circle class="${met ? 'met' : 'missed'}" cx="${px}" cy="${at(y.place(satisfaction))}" r="3.1"/>`
    return `<g><title>${told}</title><line class="whisker" x1="${px}" x2="${px}" y1="${at(inside(lower))}" y2="${at(inside(upper))}"/>${mark}</g>`
  })
  return `<figure class="small ${colourClass(position)}" data-policy="${position}"><figcaption>${escaped(policy.name)}</figcaption>
<svg class="chart" viewBox="0 0 ${side} ${side}" role="img" aria-label="Achieved against asked satisfaction of ${escaped(policy.name)}">
${squareAxes(x, y)}
<path class="diagonal" d="M${left} ${bottom}L${right} ${top}"/>
${points.join('')}
</svg></figure>`
}

/** Grid and numbers of a square chart, in percent on both axes. */
export function squareAxes(x: Scale, y: Scale): string {
  const xNames = percentLabels(x)
  const xTicks = x.ticks.map((value, i) => {
    const place = at(x.place(value))
    return `<line class="grid" x1="${place}" x2="${place}" y1="${top}" y2="${bottom}"/><text class="tick" x="${place}" y="${bottom + 14}" text-anchor="middle">${xNames[i] ?? ''}</text>`
  })
  const yNames = percentLabels(y)
  const yTicks = y.ticks.map((value, i) => {
    const place = at(y.place(value))
    return `<line class="grid" x1="${left}" x2="${right}" y1="${place}" y2="${place}"/><text class="tick" x="${left - 4}" y="${place}" dy=".35em" text-anchor="end">${yNames[i] ?? ''}</text>`
  })
  return `${xTicks.join('')}${yTicks.join('')}`
}
