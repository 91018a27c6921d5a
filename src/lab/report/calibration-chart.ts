import { squareAxes } from './floor-chart.ts'
import { colourClass } from './marker.ts'
import { at, decimal, escaped, percent } from './markup.ts'
import type { ReportedPolicy } from './report-figures.ts'
import { evenScale } from './scale.ts'

/** Observed against predicted satisfaction in tenths; areas grow with the number of predictions. */
export function calibrationChart(policy: ReportedPolicy, position: number): string {
  const x = evenScale({ low: 0, high: 1, from: 30, to: 202 }, 4)
  const y = evenScale({ low: 0, high: 1, from: 184, to: 8 }, 4)
  const rows = policy.calibration.reduce((sum, bin) => sum + bin.rows, 0)
  const marks = policy.calibration.map(bin => {
    const radius = 1.5 + 12 * Math.sqrt(bin.rows / rows)
    const told = `${percent(bin.rows / rows, 0)} of the predictions: predicted ${percent(bin.predicted)}, observed ${percent(bin.observed)}`
    return `<g><title>${told}</title><circle class="bin" cx="${at(x.place(bin.predicted))}" cy="${at(y.place(bin.observed))}" r="${at(radius)}"/></g>`
  })
  const line = policy.calibration
    .map(
      ({ predicted, observed }, i) =>
        `${i === 0 ? 'M' : 'L'}${at(x.place(predicted))} ${at(y.place(observed))}`,
    )
    .join('')
  const { ece, brier } = policy.metrics
  const note =
    ece === null || brier === null
      ? ''
      : `<span class="note">ECE ${decimal(ece.mean, 3)} · Brier ${decimal(brier.mean, 3)}</span>`
  return `<figure class="small ${colourClass(position)}" data-policy="${position}"><figcaption>${escaped(policy.name)} ${note}</figcaption>
<svg class="chart" viewBox="0 0 210 210" role="img" aria-label="Calibration of ${escaped(policy.name)}">
${squareAxes(x, y)}
<path class="diagonal" d="M30 184L202 8"/>
<path class="line" d="${line}"/>${marks.join('')}
</svg></figure>`
}
