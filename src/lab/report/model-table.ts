import { escaped, percent, perThousand, shortName } from './markup.ts'
import type { ModelMap, ModelMapRow } from './model-map.ts'

/** Points that a cheaper model may lack and still be the one to take. */
const nearBest = 0.01

/** Satisfaction by kind of prompt and model, cheapest model first; the best and the cheapest nearly best are marked. */
export function modelTable(map: ModelMap): string {
  const head = map.models.map(
    (model, m) =>
      `<th scope="col"><span title="${escaped(model)}">${escaped(shortName(model))}</span><small>${perThousand(map.costUsd[m] ?? 0)}</small></th>`,
  )
  const all = map.rows.flatMap(row => row.satisfaction)
  const low = Math.min(...all)
  const span = Math.max(1e-9, Math.max(...all) - low)
  const body = map.rows.map(row => modelRow(row, value => (value - low) / span))
  return `<div class="scroll"><table class="heat"><thead><tr><th scope="col">${map.by}<small>rows</small></th>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
}

function modelRow({ name, rows, satisfaction }: ModelMapRow, heatOf: (value: number) => number): string {
  const best = Math.max(...satisfaction)
  const takes = satisfaction.findIndex(value => value >= best - nearBest)
  const cells = satisfaction.map((value, m) => {
    const marks = `${value === best ? ' best' : ''}${m === takes ? ' takes' : ''}`
    const heat = Math.round(heatOf(value) * 100)
    return `<td class="cell${marks}${heat > 55 ? ' dark' : ''}" style="--heat:${heat}">${percent(value, 0).replace('%', '')}</td>`
  })
  return `<tr><th scope="row">${escaped(name)}<small>${rows}</small></th>${cells.join('')}</tr>`
}
