import { evidenceAdvice, evidenceOf } from '../../routing/predict/evidence.ts'
import { calibrationChart } from './calibration-chart.ts'
import { differenceCharts } from './difference-chart.ts'
import { finding, tiles } from './findings.ts'
import { floorAxes, floorChart } from './floor-chart.ts'
import { floorTables } from './floor-table.ts'
import { frontierChart } from './frontier-chart.ts'
import { colourClass, marker } from './marker.ts'
import { counted, escaped } from './markup.ts'
import { metricsTable } from './metrics-table.ts'
import { modelTable } from './model-table.ts'
import type { ReportFigures } from './report-figures.ts'
import { reportStyle } from './style.ts'
import { trafficChart } from './traffic-chart.ts'

/** Renders the report as one HTML file that needs nothing from elsewhere; `command` says how to make it again. */
export function renderReport(figures: ReportFigures, command: string): string {
  const title = `${escaped(figures.title)}: routers compared`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="plimsoll evaluate">
<title>${title}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
${head(figures)}
${sections(figures).join('\n')}
${closing(figures, command)}
</main>
<script>${focusScript}</script>
</body>
</html>
`
}

function head(figures: ReportFigures): string {
  const { title, testTitle, models, rows, trainingRows, testRows, splits } = figures
  const how =
    testTitle === null
      ? `${counted(rows, 'row')}, ${counted(splits, 'random split')} of ${trainingRows.toLocaleString('en')} training and ${testRows.toLocaleString('en')} test rows`
      : `trained on ${trainingRows.toLocaleString('en')} rows, tested on ${testRows.toLocaleString('en')} rows of ${escaped(testTitle)}`
  return `<header>
<div class="brand"><svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="7.4"/><path d="M1 12H23"/></svg>plimsoll evaluate</div>
<h1>${escaped(title)}</h1>
<p class="facts">${counted(models.length, 'model')}, ${how}</p>
<p class="finding">${finding(figures)}</p>
${caution(figures)}
${tiles(figures)}
</header>`
}

/** Said at the top where too few rows were trained on; elsewhere the method says that they suffice. */
function caution({ trainingRows }: ReportFigures): string {
  const evidence = evidenceOf(trainingRows)
  return evidence === 'full'
    ? ''
    : `<p class="facts"><b>Little evidence:</b> ${evidenceAdvice(evidence)}.</p>`
}

function sections(figures: ReportFigures): readonly string[] {
  const { policies, splits, modelMap } = figures
  const axes = floorAxes(policies)
  const first = escaped(policies[0]?.name ?? '')
  const spread = splits > 1 ? `over ${splits} splits` : 'of the mean over the test rows'
  const best = modelMap.by === 'task' ? 'task' : 'length of prompt'
  return [
    section(
      'frontiers',
      'What a point of satisfaction costs',
      `Up and to the left is better. Each line is one policy, each mark one floor that it was asked for. The dotted line is the best static mixture of two models with hindsight: what lies above it was earned by reading prompts. The grey dashed line knows every label in advance.${figures.predictorFrontier.length === 0 ? '' : ` The thin dashed one is what the best prices, found with hindsight, would make of the predictions of ${first}.`}`,
      `<div class="wide">${frontierChart(figures, { width: 1024, height: 520, narrow: false })}</div><div class="narrow">${frontierChart(figures, { width: 360, height: 400, narrow: true })}</div>${legend(figures)}`,
    ),
    section(
      'floors',
      'Asked and achieved',
      `Percent satisfied (up) against the floor asked for (right). On the diagonal a floor is met exactly; full marks met it, hollow ones did not. Bars are 95% intervals ${spread}.`,
      `<div class="multiples">${policies.map((policy, p) => floorChart(policy, p, axes)).join('\n')}</div>`,
    ),
    section(
      'metrics',
      'Every metric',
      `${errorsOf(figures)} A dot marks the best policy of a column.`,
      metricsTable(figures),
    ),
    figures.comparisons.length === 0
      ? ''
      : section(
          'differences',
          `Against ${first}`,
          `Differences from ${first} on the same prompts, with 95% intervals by resampling prompts. A full dot is an interval without zero.`,
          differenceCharts(figures),
        ),
    calibrationSection(figures),
    section(
      'models',
      'Where each model wins',
      `Percent satisfied by ${best} over all rows, models from cheap to dear with their cost per 1,000 requests. A frame marks the best of a row, ◆ the cheapest within a point of it.`,
      modelTable(modelMap),
    ),
    section(
      'traffic',
      `Who answers under ${first}`,
      'Share of the test requests per model at each floor, the cheapest model to the left.',
      trafficChart(figures, 0),
    ),
    section(
      'per-floor',
      'Floor by floor',
      'Cost is in USD per 1,000 requests; what is saved is against the best static mixture at the satisfaction achieved.',
      floorTables(figures),
    ),
  ]
}

function calibrationSection({ policies }: ReportFigures): string {
  const charts = policies.flatMap((policy, p) =>
    policy.calibration.length === 0 ? [] : [calibrationChart(policy, p)],
  )
  if (charts.length === 0) return ''
  return section(
    'calibration',
    'Can the predictions be believed?',
    'Observed satisfaction (up) against predicted (right), in percent, over all pairs of prompt and model. Areas grow with the number of predictions. Below the diagonal a policy is over-confident.',
    `<div class="multiples">${charts.join('\n')}</div>`,
  )
}

function errorsOf({ splits, testTitle }: ReportFigures): string {
  if (testTitle !== null) return 'Figures ± standard errors by resampling test prompts.'
  return splits > 1 ? `Means ± standard deviations over ${splits} splits.` : 'Figures of a single split.'
}

function section(id: string, title: string, caption: string, content: string): string {
  return `<section id="${id}"><h2>${title}</h2><p class="caption">${caption}</p>${content}</section>`
}

function legend({ policies }: ReportFigures): string {
  const items = policies.map(
    ({ name }, p) =>
      `<li><button type="button" aria-pressed="false" data-focus="${p}" class="${colourClass(p)}"><svg viewBox="0 0 26 12" aria-hidden="true"><line x1="0" x2="26" y1="6" y2="6"/>${marker(p, 13, 6, 4)}</svg>${escaped(name)}</button></li>`,
  )
  return `<ul class="legend">${items.join('')}</ul>`
}

function closing(figures: ReportFigures, command: string): string {
  const { splits, testTitle, summarisedFrom, trainingRows } = figures
  const dropped =
    summarisedFrom > 0 ? ' Summaries leave the lowest floor out: the cheapest model meets it.' : ''
  const errors =
    testTitle === null
      ? `Rows are split at random ${splits === 1 ? 'once' : `${splits} times`}`
      : 'All rows of the test trace are decided'
  return `<section id="method"><h2>How this was made</h2>
<div class="method">
<p><b>Splits.</b> ${errors}; prompts that are the same but for case and punctuation never stand on both sides.</p>
<p><b>No leaks.</b> A policy sees training rows, the test prompt and each model's mean training cost; no label, cost or task of a test row. It learns nothing while it is tested, and does not explore.</p>
<p><b>Floors.</b> Every policy is asked for the same floors.${dropped} The price of satisfaction is chosen on training rows.</p>
<p><b>Evidence.</b> ${counted(trainingRows, 'training row')}: ${evidenceAdvice(evidenceOf(trainingRows))}.</p>
<p><b>Best static mixture.</b> The cheapest lottery over single models, solved with hindsight on the test rows. It reads no prompt.</p>
<p><b>Saved.</b> A saving is counted at the satisfaction really achieved, so that missing a floor earns nothing.</p>
<p><b>References.</b> What carries hindsight is no policy: it has seen the labels, and only bounds what can be had.</p>
</div>
<h3>Run it again</h3>
<pre>${escaped(command)}</pre></section>`
}

/** A legend entry dims all other policies of the frontier until it is pressed again; without scripts everything shows. */
const focusScript = `
const buttons = [...document.querySelectorAll('[data-focus]')]
for (const button of buttons) button.addEventListener('click', () => {
  const on = button.getAttribute('aria-pressed') !== 'true'
  for (const other of buttons) other.setAttribute('aria-pressed', String(on && other === button))
  for (const line of document.querySelectorAll('.policy')) line.classList.toggle('dim', on && line.dataset.policy !== button.dataset.focus)
})
`
