import { colourClass } from './marker.ts'
import { escaped, percent, perThousand, signed } from './markup.ts'
import type { FloorPoint, ReportedPolicy, ReportFigures } from './report-figures.ts'

/** What every policy did at every floor; one block per policy, the first one open. */
export function floorTables({ policies, splits }: ReportFigures): string {
  return policies.map((policy, p) => floorTable(policy, p, splits)).join('\n')
}

function floorTable({ name, points }: ReportedPolicy, position: number, splits: number): string {
  const rows = points.map(point => floorRow(point, splits))
  return `<details${position === 0 ? ' open' : ''} data-policy="${position}"><summary class="${colourClass(position)}"><span class="chip"></span>${escaped(name)}</summary>
<div class="scroll"><table><thead><tr><th scope="col">asked</th><th scope="col">achieved</th><th scope="col">difference</th><th scope="col">95% interval</th><th scope="col">${splits > 1 ? 'splits met' : 'met'}</th><th scope="col">per 1,000</th><th scope="col">saved, mixture</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div></details>`
}

function floorRow(point: FloorPoint, splits: number): string {
  const { floor, satisfaction, lower, upper, met, costUsd, savedVsMixture } = point
  const missed = satisfaction < floor - 1e-12
  const metCell = splits > 1 ? percent(met, 0) : met === 1 ? 'yes' : 'no'
  return `<tr${missed ? ' class="short"' : ''}><td>${percent(floor)}</td><td>${percent(satisfaction)}</td><td>${signed((satisfaction - floor) * 100, 1)}</td><td>${percent(lower)} – ${percent(upper)}</td><td>${metCell}</td><td>${perThousand(costUsd)}</td><td>${percent(savedVsMixture ?? Number.NaN)}</td></tr>`
}
