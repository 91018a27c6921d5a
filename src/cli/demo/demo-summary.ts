import type { FixedReference } from '../../lab/references.ts'
import type { DemoReport } from './demo-report.ts'
import { bar, formatCount, formatPercent, formatPerThousand, formatShare } from './figures.ts'
import { type Line, span } from './paint.ts'
import type { DemoOutcome } from './run-demo.ts'

const LABEL_WIDTH = 12
const NAME_WIDTH = 30
const BAR_WIDTH = 20

const labelled = (label: string, ...spans: Line): Line => [
  span(`  ${label.padEnd(LABEL_WIDTH)}`, 'dim'),
  ...spans,
]

function headLine(report: DemoReport): Line {
  const what = `${report.policy} on ${report.trace}, seed ${report.seed}, feedback ${report.feedback}`
  return [span('⊖ ', 'floor'), span('Plimsoll', 'title'), span(`  ${what}`, 'dim')]
}

/** What was measured: the mean of everything answered beside the promised one. */
function measuredLine({ satisfaction, floor, requests }: DemoReport): Line {
  const margin = satisfaction - floor
  const kept = margin >= -0.0005
  const size = Math.abs(margin).toFixed(3)
  const verdict = kept
    ? span(`kept in this run, ${size} above the floor`, 'good')
    : span(`missed in this run, by ${size}`, 'bad')
  return labelled(
    'promise',
    span(`floor ${formatShare(floor)}, served ${formatShare(satisfaction)}`, 'strong'),
    span(` over ${formatCount(requests)} requests: `),
    verdict,
  )
}

/** What may be said of the truth behind the measurement, which is less. */
function provenLine({ certificate, infeasible }: DemoReport): Line {
  if (certificate === null || certificate.labels === 0) {
    return labelled('proof', span('none: nobody said anything that can be counted', 'dim'))
  }
  const { state, lower, upper, delta, labels } = certificate
  const bounds = `${formatCount(labels)} labels put the true mean within [${formatShare(lower)}, ${formatShare(upper)}] at ${Math.round(100 * (1 - delta))}%`
  const reachable =
    infeasible === null ? '' : `; the best reachable is about ${formatShare(infeasible.reachable)}`
  switch (state) {
    case 'compliant':
      return labelled('proof', span('proven kept', 'good'), span(`: ${bounds}`))
    case 'breached':
      return labelled('proof', span('proven broken', 'bad'), span(`: ${bounds}${reachable}`))
    case 'infeasible':
      return labelled('proof', span('out of reach', 'bad'), span(`: ${bounds}${reachable}`))
    default:
      return labelled('proof', span('not yet decided', 'accent'), span(`: ${bounds}`))
  }
}

function costLines(report: DemoReport): readonly Line[] {
  const { costUsd, shadowCostUsd, references } = report
  const shadows = shadowCostUsd > 0 ? `, ${formatPerThousand(shadowCostUsd)} of it for shadow calls` : ''
  const mixtureUsd = references.staticMixtureAtAchieved?.costUsd ?? null
  const beside = (label: string, amountUsd: number, note: string): Line =>
    labelled(
      '',
      span(label.padEnd(NAME_WIDTH)),
      span(formatPerThousand(amountUsd).padStart(8)),
      span(`  ${note}`, 'dim'),
    )
  const fixed = (label: string, model: FixedReference): Line =>
    beside(
      label,
      model.costUsd,
      `${model.model} at ${formatShare(model.satisfaction)}${saving(costUsd, model.costUsd)}`,
    )
  return [
    labelled(
      'cost',
      span(`${formatPerThousand(costUsd)} per 1,000 requests`, 'strong'),
      span(shadows, 'dim'),
    ),
    ...(mixtureUsd === null
      ? []
      : [beside('best static mixture, as good', mixtureUsd, `in hindsight${saving(costUsd, mixtureUsd)}`)]),
    ...(references.cheapestFeasibleFixed === null
      ? [labelled('', span('no single model reaches the floor', 'dim'))]
      : [fixed('cheapest model on the floor', references.cheapestFeasibleFixed)]),
    fixed('best model', references.bestFixed),
  ]
}

function saving(costUsd: number, otherUsd: number): string {
  const saved = 1 - costUsd / otherUsd
  return saved >= 0 ? `; ${formatPercent(saved)} saved` : `; ${formatPercent(-saved)} more was paid`
}

function shareLines({ share }: DemoReport): readonly Line[] {
  const widest = Math.max(...Object.keys(share).map(model => model.length))
  return Object.entries(share).map(([model, part], i) =>
    labelled(
      i === 0 ? 'answers' : '',
      span(`${model.padEnd(widest)} `),
      span(`${formatPercent(part).padStart(4)} `),
      span(bar(part, BAR_WIDTH), 'floor'),
    ),
  )
}

function speedLine({ requestsPerSecond, overheadMs, seconds }: DemoReport, watched: boolean): Line {
  const overhead =
    overheadMs === null
      ? ''
      : `; the gateway added ${overheadMs.p50.toFixed(2)} ms (median), ${overheadMs.p99.toFixed(2)} ms (p99)`
  const pace = watched ? ' (paced to be watched)' : ''
  return labelled(
    'speed',
    span(`${formatCount(requestsPerSecond)} requests/s for ${seconds.toFixed(0)} s${pace}${overhead}`),
  )
}

function nextLines(report: DemoReport): readonly Line[] {
  const suggestions = [
    ...(report.policy === 'plimsoll'
      ? ['plimsoll demo --policy mess-plus', 'plimsoll demo --policy static-mixture']
      : ['plimsoll demo']),
    ...(report.feedback === 'chosen' ? ['plimsoll demo --feedback sparse:0.2'] : []),
    'plimsoll demo --trace your-trace.jsonl',
  ]
  return suggestions.map((command, i) => labelled(i === 0 ? 'try next' : '', span(command, 'floor')))
}

/** The closing words of a demo for people. */
export function summariseDemo(report: DemoReport, outcome: DemoOutcome, watched: boolean): readonly Line[] {
  const { failed } = report
  return [
    headLine(report),
    [],
    ...(outcome.endedEarly
      ? [labelled('ended', span('early; these are the requests answered until then', 'accent'))]
      : []),
    ...(failed > 0
      ? [labelled('failed', span(`${formatCount(failed)} requests; ${outcome.failures[0] ?? ''}`, 'bad'))]
      : []),
    measuredLine(report),
    provenLine(report),
    [],
    ...costLines(report),
    [],
    ...shareLines(report),
    [],
    speedLine(report, watched),
    [],
    ...nextLines(report),
  ]
}
