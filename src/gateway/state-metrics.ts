import type { Gateway } from './gateway.ts'
import type { MetricRegistry } from './metrics.ts'
import { classKnowledge } from './sla-view.ts'

/** Decisions over which the exploration ratio is taken. */
const RATIO_WINDOW = 1000

/** Gauges that are read from the gateway's state whenever the metrics are. */
export function registerStateMetrics(metrics: MetricRegistry, gateway: Gateway): void {
  const gauge = (
    name: string,
    help: string,
    labels: readonly string[],
    rows: () => Iterable<readonly [readonly string[], number]>,
  ): void => metrics.gauge({ name: `plimsoll_${name}`, help, labels }, rows)
  const perClass = (read: (known: ReturnType<typeof classKnowledge>) => number | null | undefined) =>
    function* (): Generator<readonly [readonly string[], number]> {
      for (const config of gateway.serving().classes.values()) {
        const value = read(classKnowledge(gateway, config))
        if (value != null) yield [[config.sla.name, 'satisfaction'], value]
      }
    }
  const byConstraint = ['class', 'constraint']
  gauge(
    'sla_target',
    'The promised floor.',
    byConstraint,
    perClass(known => known.floor),
  )
  gauge(
    'sla_estimate',
    'Satisfaction as measured.',
    byConstraint,
    perClass(known => known.ledger?.certificate?.estimate),
  )
  gauge(
    'sla_lower_bound',
    'Certified lower bound.',
    byConstraint,
    perClass(known => known.ledger?.certificate?.lower),
  )
  gauge(
    'dual_price',
    'USD per extra satisfied request.',
    byConstraint,
    perClass(known => known.report?.priceUsd),
  )
  gauge('routing_share', 'Share of requests by model.', ['class', 'model'], function* () {
    for (const config of gateway.serving().classes.values())
      for (const [model, share] of Object.entries(gateway.learner.slaReport(config.sla.name)?.share ?? {}))
        yield [[config.sla.name, model], share]
  })
  gauge('exploration_ratio', 'Share of recent decisions that explored.', ['class'], () =>
    explorationRatios(gateway),
  )
  gauge('upstream_in_flight', 'Calls under way.', ['model'], function* () {
    for (const { config, meter } of gateway.serving().models) yield [[config.spec.id], meter.read().inFlight]
  })
  gauge('upstream_availability', 'Recent share of calls that succeeded.', ['model'], function* () {
    for (const { config, meter } of gateway.serving().models)
      yield [[config.spec.id], meter.read().availability]
  })
  gauge('store_healthy', '1 while the event log is written.', [], () => [
    [[], gateway.queue.state().health === 'ok' ? 1 : 0],
  ])
  gauge('store_pending_events', 'Events not yet committed.', [], () => [[[], gateway.queue.state().pending]])
  gauge('store_dropped_events', 'Events lost since the start.', [], () => [
    [[], gateway.queue.state().dropped],
  ])
  gauge('learner_healthy', '1 while the log is folded.', [], () => [
    [[], gateway.learner.state().health === 'ok' ? 1 : 0],
  ])
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
