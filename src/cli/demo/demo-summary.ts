import type { FixedReference } from '../../lab/references.ts'
import type { DemoReport } from './demo-report.ts'
import { bar, formatCount, formatPercent, formatPerThousand, formatShare } from './figures.ts'
import { type Line, type Span, span } from './paint.ts'
import type { DemoOutcome } from './run-demo.ts'
import { shortName } from './screen-layout.ts'

const LABEL_WIDTH = 12
const NAME_WIDTH = 25
const SAVING_WIDTH = 11
const BAR_WIDTH = 20

const labelled = (label: string, ...spans: Line): Line => [
  span(`  ${label.padEnd(LABEL_WIDTH)}`, 'dim'),
  ...spans,
]

function headLine(report: DemoReport): Line {
  const what = `${report.policy} on ${report.trace}, seed ${report.seed}, feedback ${report.feedback}`
  return [span('⊖ ', 'floor'), span('Plimsoll', 'title'), span(`  ${what}`, 'dim')]
}

/** Twice the standard error of the mean satisfaction: what chance alone moves it by. */
function chance(outcome: DemoOutcome, mean: number): number {
  const { answered } = outcome.tally
  const squares = answered.reduce((total, { served }) => total + (served.satisfaction - mean) ** 2, 0)
  return (2 * Math.sqrt(squares)) / answered.length
}

/** How the measured mean stands to the promised one, without claiming more than was measured. */
function verdict({ satisfaction, floor }: DemoReport, outcome: DemoOutcome): Span {
  const margin = satisfaction - floor
  if (Math.abs(margin) < 0.0005) return span('kept in this run, just', 'good')
  const size = Math.abs(margin).toFixed(3)
  if (margin > 0) return span(`kept in this run, by ${size}`, 'good')
  const noise = chance(outcome, satisfaction)
  if (-margin > noise) return span(`missed in this run, by ${size}`, 'bad')
  return span(`${size} short (noise ±${noise.toFixed(3)})`, 'accent')
}

/** What was measured: the mean of everything answered beside the promised one. */
function measuredLine(report: DemoReport, outcome: DemoOutcome): Line {
  const { satisfaction, floor, requests } = report
  return labelled(
    'promise',
    span(`floor ${formatShare(floor)}, served ${formatShare(satisfaction)}`, 'strong'),
    span(` over ${formatCount(requests)}: `),
    verdict(report, outcome),
  )
}

/** What may be said of the truth behind the measurement, which is less. */
function provenLine({ certificate, infeasible }: DemoReport): Line {
  if (certificate === null || certificate.labels === 0) {
    return labelled('proof', span('none: complaints and silence alone prove nothing', 'dim'))
  }
  const { state, lower, upper, delta, labels } = certificate
  const interval = `[${formatShare(lower)}, ${formatShare(upper)}]`
  // Each bound may be wrong with probability delta.
  const bounds = `true mean in ${interval} at ${Math.round(100 * (1 - 2 * delta))}%, ${formatCount(labels)} labels`
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

function auditLines({ auditRate, requests }: DemoReport): readonly Line[] {
  if (auditRate === 0) return []
  const count = formatCount(auditRate * requests)
  return [
    labelled('audits', span(`${count} answers, ${formatPercent(auditRate)} of all, labelled by a judge`)),
  ]
}

function costLines(report: DemoReport): readonly Line[] {
  const { costUsd, shadowCostUsd, references } = report
  const shadows = shadowCostUsd > 0 ? `, ${formatPerThousand(shadowCostUsd)} of it for shadow calls` : ''
  const mixtureUsd = references.staticMixtureAtAchieved?.costUsd ?? null
  const beside = (label: string, amountUsd: number, note: string): Line =>
    labelled(
      '',
      span(label.padEnd(NAME_WIDTH)),
      span(formatPerThousand(amountUsd).padStart(7)),
      savingSpan(costUsd, amountUsd),
      span(note, 'dim'),
    )
  const fixed = (label: string, model: FixedReference): Line =>
    beside(label, model.costUsd, `${shortName(model.model)} ${formatShare(model.satisfaction)}`)
  const feasible = references.cheapestFeasibleFixed
  return [
    labelled(
      'cost',
      span(`${formatPerThousand(costUsd)} per 1,000 requests`, 'strong'),
      span(shadows, 'dim'),
    ),
    ...(mixtureUsd === null ? [] : [beside('static mixture, as good', mixtureUsd, 'best in hindsight')]),
    feasible === null
      ? labelled('', span('no single model reaches the floor', 'dim'))
      : fixed('cheapest model on floor', feasible),
    fixed('best model', references.bestFixed),
  ]
}

/** What is saved, or paid on top, beside another way to serve the same rows. */
function savingSpan(costUsd: number, otherUsd: number): Span {
  const saved = 1 - costUsd / otherUsd
  if (Math.abs(saved) < 0.0005) return span(` ${'the same'.padStart(SAVING_WIDTH)}  `)
  const word = saved >= 0 ? `${formatPercent(saved)} saved` : `${formatPercent(-saved)} dearer`
  return span(` ${word.padStart(SAVING_WIDTH)}  `, saved >= 0 ? 'good' : 'bad')
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

function speedLines(
  { requestsPerSecond, overheadMs, seconds }: DemoReport,
  watched: boolean,
): readonly Line[] {
  const pace = watched ? ', paced to be watched' : ''
  const speed = `${formatCount(requestsPerSecond)} requests/s for ${seconds.toFixed(0)} s${pace}`
  if (overheadMs === null) return [labelled('speed', span(speed))]
  const { p50, p99 } = overheadMs
  return [
    labelled('speed', span(speed)),
    labelled(
      'overhead',
      span(`${p50.toFixed(2)} ms median, ${p99.toFixed(2)} ms p99`),
      span(', everything in one process', 'dim'),
    ),
  ]
}

function nextLines(report: DemoReport, { command, trace }: SummarySetting): readonly Line[] {
  const demo = trace === null ? command : `${command} ${trace}`
  const higher = Math.min(0.99, Math.round(100 * report.floor + 3) / 100)
  const commands = [
    `${demo} --floor ${higher}`,
    `${demo} --policy ${report.policy === 'plimsoll' ? 'mess-plus' : 'plimsoll'}`,
    ...(report.feedback === 'chosen' ? [`${demo} --feedback sparse:0.2`] : []),
    trace === null
      ? `${command} --trace your-trace.jsonl`
      : `plimsoll replay ${trace} --floor ${report.floor.toFixed(2)} --seeds 5`,
  ]
  return commands.map((next, i) => labelled(i === 0 ? 'try next' : '', span(next, 'floor')))
}

/** How a demo was shown and called. */
export interface SummarySetting {
  /** It was paced for a person who watched. */
  readonly watched: boolean
  /** What starts a demo, to be followed by options. */
  readonly command: string
  /** The options that name the trace; `null` for the synthetic world. */
  readonly trace: string | null
}

/** The closing words of a demo for people. */
export function summariseDemo(
  report: DemoReport,
  outcome: DemoOutcome,
  setting: SummarySetting,
): readonly Line[] {
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
    measuredLine(report, outcome),
    provenLine(report),
    ...auditLines(report),
    [],
    ...costLines(report),
    [],
    ...shareLines(report),
    [],
    ...speedLines(report, setting.watched),
    [],
    ...nextLines(report, setting),
  ]
}
