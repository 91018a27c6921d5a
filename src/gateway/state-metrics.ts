import type { UpstreamLoad } from '../routing/decision.ts'
import type { ClassConfig } from './config.ts'
import type { Gateway } from './gateway.ts'
import type { MetricRegistry } from './metrics.ts'
import { type ClassKnowledge, classKnowledge, constraintState, satisfactionEstimate } from './sla-view.ts'

/** Decisions over which the exploration ratio is taken. */
const RATIO_WINDOW = 1000

type Rows = () => Iterable<readonly [readonly string[], number]>
type RegisterGauge = (name: string, help: string, labels: readonly string[], rows: Rows) => void

/** Gauges that are read from the gateway's state whenever the metrics are. */
export function registerStateMetrics(metrics: MetricRegistry, gateway: Gateway): void {
  const gauge: RegisterGauge = (name, help, labels, rows) =>
    metrics.gauge({ name: `plimsoll_${name}`, help, labels }, rows)
  registerPromises(gauge, gateway)
  registerRouting(gauge, gateway)
  registerHealth(gauge, gateway)
  registerAudits(gauge, gateway)
}

function registerPromises(gauge: RegisterGauge, gateway: Gateway): void {
  const perClass = (
    name: string,
    help: string,
    read: (known: ClassKnowledge, config: ClassConfig) => number | null | undefined,
  ): void =>
    gauge(name, help, ['class', 'constraint'], function* () {
      for (const config of gateway.serving().classes.values()) {
        const value = read(classKnowledge(gateway, config), config)
        if (value != null) yield [[config.sla.name, 'satisfaction'], value]
      }
    })
  perClass('sla_target', 'The promised floor.', known => known.floor)
  perClass('sla_estimate', 'Satisfaction as measured.', (known, config) =>
    satisfactionEstimate(config, known.ledger),
  )
  perClass('sla_lower_bound', 'Certified lower bound.', known => known.ledger?.certificate?.lower)
  perClass('sla_upper_bound', 'Certified upper bound.', known => known.ledger?.certificate?.upper)
  perClass('sla_breach_alarm', '1 once the breach alarm was raised, which is no breach.', known =>
    known.ledger?.certificate == null ? null : Number(known.ledger.certificate.alarm !== null),
  )
  gauge('sla_state', '1 for the state of the promise.', ['class', 'constraint', 'state'], function* () {
    for (const config of gateway.serving().classes.values())
      yield [[config.sla.name, 'satisfaction', constraintState(classKnowledge(gateway, config))], 1]
  })
  perClass('dual_price', 'USD per extra satisfied request.', known => known.report?.priceUsd)
}

function registerRouting(gauge: RegisterGauge, gateway: Gateway): void {
  gauge('routing_share', 'Share of requests by model.', ['class', 'model'], function* () {
    for (const config of gateway.serving().classes.values())
      for (const [model, share] of Object.entries(gateway.learner.slaReport(config.sla.name)?.share ?? {}))
        yield [[config.sla.name, model], share]
  })
  gauge('exploration_ratio', 'Share of recent decisions that explored.', ['class'], () =>
    explorationRatios(gateway),
  )
  const perModel = (name: string, help: string, read: (load: UpstreamLoad) => number): void =>
    gauge(name, help, ['model'], function* () {
      for (const { config, meter } of gateway.serving().models) yield [[config.spec.id], read(meter.read())]
    })
  perModel('upstream_in_flight', 'Calls under way.', load => load.inFlight)
  perModel('upstream_availability', 'Recent share of calls that succeeded.', load => load.availability)
}

function registerAudits(gauge: RegisterGauge, gateway: Gateway): void {
  const names = (): readonly string[] => [...gateway.serving().classes.keys()]
  gauge('audits_open', '1 while answers are drawn for audits.', ['class'], function* () {
    for (const name of names()) {
      const report = gateway.audits.report(name)
      if (report !== null) yield [[name], Number(report.state === 'open')]
    }
  })
  gauge('audits_waiting', 'Answers that wait to be judged.', ['class', 'for'], function* () {
    for (const name of names()) {
      const report = gateway.audits.report(name)
      if (report === null) continue
      yield [[name, 'judge'], report.waiting]
      yield [[name, 'human'], report.waitingForHumans]
    }
  })
  gauge('judge_error', 'Wrong verdicts, where a human judged as well.', ['class', 'kind'], function* () {
    for (const name of names()) {
      const judge = gateway.learner.labelReport(name)?.judge
      if (judge?.falsePositive != null) yield [[name, 'false_positive'], judge.falsePositive.estimate]
      if (judge?.falseNegative != null) yield [[name, 'false_negative'], judge.falseNegative.estimate]
    }
  })
  const labels = ['class', 'metric', 'seen']
  gauge('signal_unsatisfied', 'Unsatisfied users with and without a signal.', labels, function* () {
    for (const name of names())
      for (const signal of gateway.learner.labelReport(name)?.signals ?? []) {
        const { metric, unsatisfiedWith, unsatisfiedWithout } = signal
        if (unsatisfiedWith !== null) yield [[name, metric, 'yes'], unsatisfiedWith.estimate]
        if (unsatisfiedWithout !== null) yield [[name, metric, 'no'], unsatisfiedWithout.estimate]
      }
  })
}

function registerHealth(gauge: RegisterGauge, gateway: Gateway): void {
  const single = (name: string, help: string, read: () => number): void =>
    gauge(name, help, [], () => [[[], read()]])
  single('store_healthy', '1 while the event log is written.', () =>
    Number(gateway.queue.state().health === 'ok'),
  )
  single('store_pending_events', 'Events not yet committed.', () => gateway.queue.state().pending)
  single('store_dropped_events', 'Events lost since the start.', () => gateway.queue.state().dropped)
  single('learner_healthy', '1 while the log is folded.', () =>
    Number(gateway.learner.state().health === 'ok'),
  )
}

/** Over the latest decisions in memory. */
function explorationRatios(gateway: Gateway): Iterable<readonly [readonly string[], number]> {
  const counts = new Map<string, { decisions: number; explored: number }>()
  for (const decision of gateway.recent.list(RATIO_WINDOW)) {
    const count = counts.get(decision.class) ?? { decisions: 0, explored: 0 }
    count.decisions++
    if (decision.mode === 'explore') count.explored++
    counts.set(decision.class, count)
  }
  return [...counts].map(([name, count]) => [[name], count.explored / count.decisions] as const)
}
