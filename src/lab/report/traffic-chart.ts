import { escaped, percent, shortName } from './markup.ts'
import type { ReportFigures } from './report-figures.ts'

/** Shares of the requests that each model answers, floor by floor, for one policy: bars from the cheapest to the dearest. */
export function trafficChart({ modelMap, models, policies }: ReportFigures, position: number): string {
  const policy = policies[position]
  if (policy === undefined) return ''
  const order = modelMap.models.map(name => models.findIndex(model => model.name === name))
  const used = order.filter(m => policy.points.some(point => (point.share[m] ?? 0) >= 0.005))
  const bars = policy.points.map(({ floor, share }) => {
    const parts = used.map((m, i) => {
      const width = share[m] ?? 0
      if (width <= 0) return ''
      const told = `${escaped(models[m]?.name ?? '')}: ${percent(width)}`
      const number = width >= 0.11 ? percent(width, 0) : ''
      return `<span class="part${stepOf(i, used.length) > 45 ? ' dark' : ''}" style="width:${(width * 100).toFixed(2)}%;--step:${stepOf(i, used.length)}" title="${told}">${number}</span>`
    })
    return `<div class="traffic-row"><span class="floor">${percent(floor)}</span><div class="bar">${parts.join('')}</div></div>`
  })
  const legend = used.map(
    (m, i) =>
      `<li><span class="swatch" style="--step:${stepOf(i, used.length)}"></span>${escaped(shortName(models[m]?.name ?? ''))}</li>`,
  )
  return `<div class="traffic">${bars.join('\n')}</div><ul class="legend">${legend.join('')}</ul>`
}

/** Place on the colour ramp, 0 for the cheapest model and 100 for the dearest. */
function stepOf(i: number, count: number): number {
  return count < 2 ? 50 : Math.round((100 * i) / (count - 1))
}
