/** Labels of one series, in the order of the metric's label names. */
export type LabelValues = readonly string[]

/** A number that only grows. */
export interface Counter {
  add(value: number, ...labels: LabelValues): void
}

/** A distribution, counted in buckets. */
export interface Histogram {
  observe(value: number, ...labels: LabelValues): void
}

/** A number read when the metrics are: each row is label values and the value. */
export type GaugeRows = () => Iterable<readonly [LabelValues, number]>

/** What a metric is called and labelled with. */
export interface MetricName {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

/** A set of metrics and their text form for Prometheus. */
export interface MetricRegistry {
  counter(metric: MetricName): Counter
  histogram(metric: MetricName, bounds: readonly number[]): Histogram
  gauge(metric: MetricName, rows: GaugeRows): void
  /** The exposition format 0.0.4. */
  render(): string
}

interface Buckets {
  readonly counts: Float64Array
  sum: number
  count: number
}

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

function labelText(names: readonly string[], values: LabelValues, extra = ''): string {
  const pairs = names.map((name, i) => `${name}="${escapeLabel(values[i] ?? '')}"`)
  if (extra !== '') pairs.push(extra)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const header = (metric: MetricName, type: string): string =>
  `# HELP ${metric.name} ${metric.help}\n# TYPE ${metric.name} ${type}\n`

/** Series by their joined labels; the separator cannot occur in a name from the configuration. */
const seriesKey = (labels: LabelValues): string =>
  labels.length === 1 ? (labels[0] ?? '') : labels.join('\u0000')

/** An empty registry. */
export function createMetricRegistry(): MetricRegistry {
  const renderers: (() => string)[] = []
  return {
    counter(metric) {
      const series = new Map<string, { readonly labels: LabelValues; value: number }>()
      renderers.push(() => renderCounter(metric, series.values()))
      return {
        add(value, ...labels) {
          const key = seriesKey(labels)
          const found = series.get(key)
          if (found === undefined) series.set(key, { labels, value })
          else found.value += value
        },
      }
    },
    histogram(metric, bounds) {
      const series = new Map<string, { readonly labels: LabelValues; readonly buckets: Buckets }>()
      renderers.push(() => renderHistogram(metric, bounds, series.values()))
      return {
        observe(value, ...labels) {
          const key = seriesKey(labels)
          let found = series.get(key)
          if (found === undefined) {
            found = { labels, buckets: { counts: new Float64Array(bounds.length), sum: 0, count: 0 } }
            series.set(key, found)
          }
          addTo(found.buckets, bounds, value)
        },
      }
    },
    gauge(metric, rows) {
      renderers.push(() => {
        let text = header(metric, 'gauge')
        for (const [labels, value] of rows())
          text += `${metric.name}${labelText(metric.labels, labels)} ${value}\n`
        return text
      })
    },
    render: () => renderers.map(render => render()).join(''),
  }
}

function addTo(buckets: Buckets, bounds: readonly number[], value: number): void {
  buckets.sum += value
  buckets.count++
  for (let i = 0; i < bounds.length; i++)
    if (value <= (bounds[i] ?? 0)) {
      buckets.counts[i] = (buckets.counts[i] ?? 0) + 1
      return
    }
}

function renderCounter(
  metric: MetricName,
  series: Iterable<{ readonly labels: LabelValues; readonly value: number }>,
): string {
  let text = header(metric, 'counter')
  for (const { labels, value } of series)
    text += `${metric.name}${labelText(metric.labels, labels)} ${value}\n`
  return text
}

function renderHistogram(
  metric: MetricName,
  bounds: readonly number[],
  series: Iterable<{ readonly labels: LabelValues; readonly buckets: Buckets }>,
): string {
  let text = header(metric, 'histogram')
  for (const { labels, buckets } of series) {
    let cumulative = 0
    for (const [i, bound] of bounds.entries()) {
      cumulative += buckets.counts[i] ?? 0
      text += `${metric.name}_bucket${labelText(metric.labels, labels, `le="${bound}"`)} ${cumulative}\n`
    }
    text += `${metric.name}_bucket${labelText(metric.labels, labels, 'le="+Inf"')} ${buckets.count}\n`
    text += `${metric.name}_sum${labelText(metric.labels, labels)} ${buckets.sum}\n`
    text += `${metric.name}_count${labelText(metric.labels, labels)} ${buckets.count}\n`
  }
  return text
}
