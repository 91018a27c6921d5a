import type { SettledAudit } from '../audit/auditor.ts'
import type { Attempt } from '../inference/attempt.ts'
import { type GatewayError, toGatewayError } from '../inference/errors.ts'
import type { FeedbackSource, Outcome } from '../routing/learning-event.ts'
import type { ModelId } from '../routing/model.ts'
import type { Exchange } from './exchange.ts'
import type { MetricRegistry } from './metrics.ts'
import type { Routed } from './route-request.ts'

/** One finished request, as metrics and the request log see it. */
export interface RequestFacts {
  readonly exchange: Exchange
  readonly routed: Routed
  /** The model that answered or failed last. */
  readonly model: ModelId
  readonly outcome: Outcome
  /** The provider reported no usage. */
  readonly estimated: boolean
  readonly attempts: readonly Attempt[]
  readonly durationMs: number
  /** Time spent in the gateway itself; `null` where waiting for the client cannot be told apart (streams). */
  readonly overheadMs: number | null
}

/** Turns what happens into metrics and log lines. Never sees a prompt or a key. */
export interface Observer {
  request(facts: RequestFacts): void
  /** A request refused before any model was called. */
  refused(exchange: Exchange, error: GatewayError): void
  shadow(routed: Routed, model: ModelId, outcome: Outcome): void
  feedback(source: FeedbackSource, lagMs: number): void
  signal(className: string, metric: string): void
  audit(settled: Omit<SettledAudit, 'result'> & { readonly result: string }): void
  /** Something failed beside the request path; the request went on. */
  fault(what: string, error: unknown): void
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
const OVERHEAD_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05]
const LAG_SECONDS = [1, 10, 60, 600, 3600, 21_600, 86_400, 604_800]

/** Where lines go and whether each request has one. */
export interface ObserverOptions {
  readonly metrics: MetricRegistry
  readonly log: (line: string) => void
  readonly logRequests: () => boolean
  readonly now: () => number
}

function createInstruments(metrics: MetricRegistry) {
  const counter = (name: string, help: string, ...labels: string[]) =>
    metrics.counter({ name: `plimsoll_${name}`, help, labels })
  const histogram = (name: string, help: string, bounds: readonly number[], ...labels: string[]) =>
    metrics.histogram({ name: `plimsoll_${name}`, help, labels }, bounds)
  return {
    requests: counter(
      'requests_total',
      'Requests by how they ended.',
      'class',
      'model',
      'provider',
      'outcome',
    ),
    refused: counter('refused_total', 'Requests refused before any model was called.', 'code'),
    duration: histogram(
      'request_duration_seconds',
      'From the first byte in to the last byte out.',
      SECONDS,
      'class',
    ),
    firstToken: histogram(
      'time_to_first_token_seconds',
      'Of streams, from the upstream call.',
      SECONDS,
      'model',
    ),
    overhead: histogram('overhead_seconds', 'Time added by the gateway.', OVERHEAD_SECONDS),
    tokens: counter('tokens_total', 'Tokens as the providers count them.', 'model', 'direction'),
    cost: counter('cost_usd_total', 'Cost of all calls, shadow calls included.', 'class', 'model'),
    unpriced: counter('unpriced_calls_total', 'Calls of models whose price is unknown.', 'model'),
    estimated: counter('estimated_usage_total', 'Calls whose provider reported no usage.', 'model'),
    attempts: counter('upstream_attempts_total', 'Calls of upstreams by result.', 'model', 'code'),
    shadows: counter('shadow_calls_total', 'Calls beside the served model.', 'class', 'model', 'outcome'),
    decisions: counter('decisions_total', 'Decisions by mode.', 'class', 'mode'),
    feedback: counter('feedback_total', 'Accepted feedback.', 'source'),
    feedbackLag: histogram('feedback_lag_seconds', 'From decision to feedback.', LAG_SECONDS),
    audits: counter('audits_total', 'Drawn audits by how they ended.', 'class', 'result'),
    auditCost: counter('audit_cost_usd_total', 'Cost of judging.', 'class'),
    signals: counter('signals_total', 'What users told without saying it.', 'class', 'metric'),
    faults: counter('faults_total', 'Failures beside the request path.', 'what'),
  }
}

/** An observer that writes to a registry and a log. */
export function createObserver(options: ObserverOptions): Observer {
  const to = createInstruments(options.metrics)
  const stamp = createStamp()
  const charge = (className: string, model: ModelId, outcome: Outcome): void => {
    if (outcome.costUsd !== null) to.cost.add(outcome.costUsd, className, model)
    else if (outcome.error === null) to.unpriced.add(1, model)
    if (outcome.promptTokens !== null) to.tokens.add(outcome.promptTokens, model, 'input')
    if (outcome.completionTokens !== null) to.tokens.add(outcome.completionTokens, model, 'output')
  }
  return {
    request(facts) {
      const { routed, model, outcome, attempts } = facts
      const className = routed.record.context.sla.name
      const provider = attempts.at(-1)?.provider ?? ''
      to.requests.add(1, className, model, provider, outcome.error ?? 'ok')
      to.decisions.add(1, className, routed.reason === 'pinned' ? 'pinned' : routed.record.decision.mode)
      to.duration.observe(facts.durationMs / 1000, className)
      if (outcome.firstTokenMs !== null) to.firstToken.observe(outcome.firstTokenMs / 1000, model)
      if (facts.overheadMs !== null) to.overhead.observe(Math.max(0, facts.overheadMs) / 1000)
      for (const attempt of attempts) to.attempts.add(1, attempt.model, attempt.code ?? 'ok')
      if (facts.estimated) to.estimated.add(1, model)
      charge(className, model, outcome)
      if (options.logRequests()) options.log(`${stamp(options.now())} ${requestLine(facts)}`)
    },
    refused(exchange, error) {
      to.refused.add(1, error.code)
      const internal = error.code === 'internal'
      if (internal) to.faults.add(1, 'request')
      if (!internal && !options.logRequests()) return
      const cause = internal ? ` cause=${JSON.stringify(describeFault(error.cause))}` : ''
      options.log(
        `${stamp(options.now())} ${exchange.names.requestId} refused code=${error.code} status=${error.status}${cause}`,
      )
    },
    shadow(routed, model, outcome) {
      const className = routed.record.context.sla.name
      to.shadows.add(1, className, model, outcome.error ?? 'ok')
      charge(className, model, outcome)
    },
    feedback(source, lagMs) {
      to.feedback.add(1, source)
      to.feedbackLag.observe(Math.max(0, lagMs) / 1000)
    },
    signal: (className, metric) => to.signals.add(1, className, metric),
    audit({ className, result, costUsd }) {
      to.audits.add(1, className, result)
      if (costUsd > 0) to.auditCost.add(costUsd, className)
    },
    fault(what, error) {
      to.faults.add(1, what)
      options.log(`${stamp(options.now())} fault in ${what}: ${describeFault(error)}`)
    },
  }
}

/** Spells times as ISO 8601; all of one second share their spelling up to the milliseconds. */
function createStamp(): (nowMs: number) => string {
  let second = Number.NaN
  let spelled = ''
  return nowMs => {
    const now = Math.floor(nowMs / 1000)
    if (now !== second) {
      second = now
      spelled = new Date(now * 1000).toISOString().slice(0, -4)
    }
    return `${spelled}${String(Math.floor(nowMs - now * 1000)).padStart(3, '0')}Z`
  }
}

/** Where something failed, without what it said: messages of unknown errors may quote data. */
function describeFault(error: unknown): string {
  const known = toGatewayError(error)
  if (known.code !== 'internal') return `${known.code}: ${known.message}`
  if (!(error instanceof Error)) return typeof error
  const code = 'code' in error ? ` ${String(error.code)}` : ''
  const frames = (error.stack ?? '').split('\n').filter(line => /^\s+at /.test(line))
  return `${error.name}${code}${frames
    .slice(0, 3)
    .map(frame => ` |${frame.trim()}`)
    .join('')}`
}

function requestLine(facts: RequestFacts): string {
  const { routed, outcome, exchange, attempts } = facts
  const { context } = routed.record
  const cost = outcome.costUsd === null ? '-' : outcome.costUsd.toFixed(8)
  return (
    `${exchange.names.requestId} class=${context.sla.name} floor=${context.floor} model=${facts.model}` +
    ` reason=${routed.reason} outcome=${outcome.error ?? 'ok'} attempts=${attempts.length}` +
    ` in=${outcome.promptTokens ?? '-'} out=${outcome.completionTokens ?? '-'} cost=${cost}` +
    ` ms=${facts.durationMs.toFixed(1)} key=${exchange.caller?.name ?? '-'}`
  )
}
