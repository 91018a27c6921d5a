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

/** The series of one metric as a tree, one level per label: finding one builds no key. */
interface Branch<T> {
  readonly branches: Map<string, Branch<T>>
  series: { readonly labels: LabelValues; readonly value: T } | null
}

/** The series of one metric, in the order of their first use. */
interface SeriesSet<T> {
  find(labels: LabelValues): T
  readonly all: readonly { readonly labels: LabelValues; readonly value: T }[]
}

function createSeriesSet<T>(create: () => T): SeriesSet<T> {
  const newBranch = (): Branch<T> => ({ branches: new Map(), series: null })
  const root = newBranch()
  const all: { readonly labels: LabelValues; readonly value: T }[] = []
  return {
    all,
    find(labels) {
      let branch = root
      for (const label of labels) {
        let next = branch.branches.get(label)
        if (next === undefined) {
          next = newBranch()
          branch.branches.set(label, next)
        }
        branch = next
      }
      if (branch.series === null) {
        branch.series = { labels, value: create() }
        all.push(branch.series)
      }
      return branch.series.value
    },
  }
}

/** An empty registry. */
export function createMetricRegistry(): MetricRegistry {
  const renderers: (() => string)[] = []
  return {
    counter(metric) {
      const series = createSeriesSet(() => ({ total: 0 }))
      renderers.push(() => renderCounter(metric, series))
      return {
        add(value, ...labels) {
          series.find(labels).total += value
        },
      }
    },
    histogram(metric, bounds) {
      const empty = (): Buckets => ({ counts: new Float64Array(bounds.length), sum: 0, count: 0 })
      const series = createSeriesSet(empty)
      renderers.push(() => renderHistogram(metric, bounds, series))
      return {
        observe: (value, ...labels) => addTo(series.find(labels), bounds, value),
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

function renderCounter(metric: MetricName, series: SeriesSet<{ readonly total: number }>): string {
  let text = header(metric, 'counter')
  for (const { labels, value } of series.all)
    text += `${metric.name}${labelText(metric.labels, labels)} ${value.total}\n`
  return text
}

function renderHistogram(metric: MetricName, bounds: readonly number[], series: SeriesSet<Buckets>): string {
  let text = header(metric, 'histogram')
  for (const { labels, value: buckets } of series.all) {
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
