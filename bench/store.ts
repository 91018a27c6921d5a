import { mkdtemp, rm, stat } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { decisionId, type RoutingContext } from '../src/routing/decision.ts'
import { createHashedFeaturizer } from '../src/routing/features/hashed-ngrams.ts'
import { type ModelSpec, modelId } from '../src/routing/model.ts'
import { createRandom } from '../src/routing/numeric/random.ts'
import { BatchEncoder } from '../src/store/event-codec.ts'
import { createEventQueue, type EventQueue } from '../src/store/event-queue.ts'
import { openSqliteStore } from '../src/store/sqlite.ts'
import type { NewEvent, Store } from '../src/store/store.ts'

// Measures the event log as a gateway uses it: 11 models, prompts of 2 KB, three events a request
// (decision, outcome, feedback). Usage: node bench/store.ts [seconds of paced load, default 5] [requests/s, default 10000]

const random = createRandom('bench')
const featurizer = createHashedFeaturizer()

const models: readonly ModelSpec[] = Array.from({ length: 11 }, (_, i) => ({
  id: modelId(`provider/model-${i}`),
  priceUsdPerMillion: { input: 0.1 * 2 ** i, output: 0.3 * 2 ** i },
  typicalCostUsd: null,
}))
const sla = {
  name: 'gold',
  floor: 0.9,
  feedback: 'chosen',
  promise: 'on-average',
  delta: 0.05,
} as const

function prompt(): string {
  let text = ''
  while (text.length < 2048) text += `${random.integer(5000).toString(36)}${random.integer(20)} `
  return text
}

/** Different prompts, featurized beforehand: features are not this benchmark's subject. */
const contexts: readonly RoutingContext[] = Array.from({ length: 512 }, () => ({
  sla,
  floor: 0.9,
  atMs: 1.7e12 + random.next() * 1e9,
  models,
  features: featurizer.featurize(prompt()),
  promptTokens: 400 + random.integer(300),
  load: models.map(() => ({
    inFlight: random.integer(20),
    recentLatencyMs: 300 * random.next(),
    availability: 1,
  })),
}))

/** The events of one request. */
function requestEvents(index: number): readonly [NewEvent, NewEvent, NewEvent] {
  const context = contexts[index % contexts.length]
  const [first] = models
  if (context === undefined || first === undefined) throw new RangeError('there are no contexts')
  const id = decisionId(`dec_${index.toString(36).padStart(8, '0')}_0123456789abcdef`)
  const probabilities = new Float64Array(models.length)
  probabilities[0] = 1
  const estimates = models.map((model, i) => ({
    model: model.id,
    satisfaction: 0.5 + 0.4 * random.next(),
    costUsd: 0.001 * 2 ** i * random.next(),
    score: random.next(),
  }))
  const prices = [{ constraint: 'satisfaction', priceUsd: random.next() }]
  const decision = {
    chosen: first.id,
    mode: 'exploit',
    shadows: [],
    prices,
    probabilities,
    estimates,
  } as const
  const common = { atMs: context.atMs, decision: id, model: first.id }
  const outcome = {
    costUsd: random.next(),
    promptTokens: 500,
    completionTokens: 200,
    latencyMs: 800 * random.next(),
    firstTokenMs: 100 * random.next(),
    error: null,
    shadow: false,
  }
  return [
    {
      kind: 'decision',
      atMs: context.atMs,
      policy: 'plimsoll',
      record: { id, context, decision, learnedUpTo: index },
    },
    { kind: 'outcome', ...common, outcome },
    { kind: 'feedback', ...common, metric: 'satisfaction', value: 1, source: 'user', idempotencyKey: 'k' },
  ]
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

function report(name: string, figures: Readonly<Record<string, number | string>>): void {
  const cells = Object.entries(figures).map(([key, value]) => {
    return `${key} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`
  })
  console.log(`${name.padEnd(34)} ${cells.join('   ')}`)
}

function benchEncoding(): void {
  const encoder = new BatchEncoder()
  const batchSize = 128
  const times: number[] = []
  let bytes = 0
  for (let round = 0; round < 400; round++) {
    const batch = Array.from({ length: batchSize }, (_, i) => requestEvents(round * batchSize + i)[0])
    const start = performance.now()
    const encoded = encoder.encode(batch)
    if (round >= 100) times.push(((performance.now() - start) * 1000) / batchSize)
    bytes = encoded.bytes.length / batchSize
  }
  const words = contexts.reduce((sum, { features }) => sum + features.buckets.length, 0) / contexts.length
  report('encode a decision (batches of 128)', {
    'us p50': quantile(times, 0.5),
    'us p99': quantile(times, 0.99),
    bytes,
    'buckets per prompt': words,
  })
}

async function benchCommits(store: Store, from: number): Promise<number> {
  let index = from
  for (const size of [1, 32, 128]) {
    const times: number[] = []
    for (let round = 0; round < 400; round++) {
      const batch = Array.from({ length: size }, () => requestEvents(index++)[0])
      const start = performance.now()
      await store.append(batch)
      times.push(performance.now() - start)
    }
    report(`commit ${size} decisions, one at a time`, {
      'ms p50': quantile(times, 0.5),
      'ms p99': quantile(times, 0.99),
      'ms max': Math.max(...times),
    })
  }
  return index
}

async function benchThroughput(store: Store, from: number): Promise<number> {
  const queue = createEventQueue({ store, maxDelayMs: 25 })
  const requests = 40_000
  const prepared = Array.from({ length: requests }, (_, i) => requestEvents(from + i))
  const start = performance.now()
  for (const events of prepared) {
    for (const event of events) queue.offer(event)
    while (queue.state().pending > 5000) await new Promise(resolve => setImmediate(resolve))
  }
  await queue.flush()
  const seconds = (performance.now() - start) / 1000
  report('as fast as it goes, 3 events/request', {
    'events/s': (3 * requests) / seconds,
    'requests/s': requests / seconds,
    dropped: queue.state().dropped,
  })
  await queue.close()
  return from + requests
}

/** Offers at a steady rate, as requests come, and takes what the request thread spends beyond making the events. */
async function benchPaced(store: Store, from: number, { seconds = 5, rate = 10_000 }): Promise<void> {
  const idle = await paced({ from, seconds, rate }, null)
  const queue = createEventQueue({ store, maxDelayMs: 25 })
  const sink: Sink = { queue, acknowledged: [], refused: 0 }
  const loaded = await paced({ from, seconds, rate }, sink)
  const { acknowledged, refused } = sink
  const { dropped } = queue.state()
  await queue.close()
  report(`paced, ${rate} requests/s, ${seconds} s`, {
    'request thread us/request': loaded - idle,
    'feedback acknowledged ms p50': quantile(acknowledged, 0.5),
    'ms p99': quantile(acknowledged, 0.99),
    'events dropped': dropped,
    'feedback refused': refused,
  })
}

interface Pace {
  readonly from: number
  readonly seconds: number
  readonly rate: number
}

interface Sink {
  readonly queue: EventQueue
  readonly acknowledged: number[]
  refused: number
}

/** Microseconds of CPU of this thread per request. */
async function paced({ from, seconds, rate }: Pace, sink: Sink | null): Promise<number> {
  const start = performance.now()
  const cpu = process.threadCpuUsage()
  const waiting: Promise<unknown>[] = []
  let sent = 0
  for (;;) {
    const elapsed = performance.now() - start
    const due = Math.min(seconds * rate, Math.floor((elapsed / 1000) * rate))
    for (; sent < due; sent++) {
      const [decided, called, said] = requestEvents(from + sent)
      if (sink === null) continue
      sink.queue.offer(decided)
      sink.queue.offer(called)
      // One feedback in ten waits for its acknowledgement, as users' statements are rarer than requests.
      if (sent % 10 !== 0) continue
      const asked = performance.now()
      const acknowledged = sink.queue.appendDurably(said).then(
        () => sink.acknowledged.push(performance.now() - asked),
        () => sink.refused++,
      )
      waiting.push(acknowledged)
    }
    if (sent >= seconds * rate) break
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await Promise.all(waiting)
  const used = process.threadCpuUsage(cpu)
  return (used.user + used.system) / sent
}

async function benchReading(store: Store): Promise<void> {
  const cpu = process.threadCpuUsage()
  const start = performance.now()
  let events = 0
  for (let after = 0; ; ) {
    const page = await store.readEvents(after, 500)
    const last = page.at(-1)
    if (last === undefined) break
    events += page.length
    after = last.cursor
  }
  const seconds = (performance.now() - start) / 1000
  const used = process.threadCpuUsage(cpu)
  report('read the log from its beginning', {
    'events/s': events / seconds,
    'request thread us/event': (used.user + used.system) / events,
  })
}

async function main(): Promise<void> {
  const [seconds = 5, rate = 10_000] = process.argv.slice(2).map(Number)
  const load = loadavg()
    .map(value => value.toFixed(2))
    .join(' ')
  console.log(
    `node ${process.version}, ${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, load ${load}`,
  )
  benchEncoding()
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-bench-'))
  try {
    for (const synchronous of ['normal', 'full'] as const) {
      console.log(`\nSQLite, synchronous = ${synchronous}`)
      const path = join(folder, `${synchronous}.db`)
      const store = await openSqliteStore(path, { synchronous })
      const committed = await benchCommits(store, 0)
      const next = await benchThroughput(store, committed)
      await benchPaced(store, next, { seconds, rate })
      await benchReading(store)
      const { decisions } = await store.summary()
      await store.close()
      const { size } = await stat(path)
      report('file', { 'bytes per decision, with its events': size / decisions })
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

await main()
