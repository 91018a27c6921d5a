import { type ChildProcess, fork, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatBytes, type LoadConnection, openConnection, throughput } from './http-load.ts'
import { cpuUs, residentMib } from './process-cost.ts'

// Measures what the gateway adds to a request: routing by the policy plimsoll, keys, event log in SQLite, request log and
// metrics on, against a provider that answers at once. Three targets take turns: the provider itself, a bare proxy on the same
// Node, and the gateway. Low load: request by request. Throughput: 16 connections. CPU per request counts all threads of a
// target and bears other load on the machine far better than requests per second do.
// Usage: node bench/overhead.ts [low-load rounds, default 2000] [models, default 4]

const rounds = Number(process.argv[2] ?? 2000)
const modelCount = Number(process.argv[3] ?? 4)
const WARM_UP_MS = 8000
const THROUGHPUT_ROUNDS = 3
const THROUGHPUT_MS = 3000
const CONNECTIONS = 16

const folder = mkdtempSync(join(tmpdir(), 'overhead-'))
const children: ChildProcess[] = []

/** Something that answers chat requests. */
interface Target {
  readonly name: string
  readonly url: URL
  readonly pid: number
}

try {
  const direct = await startScript('direct', './instant-upstream.ts')
  const targets = [
    direct,
    await startScript('bare proxy', './bare-proxy.ts', direct.url.origin),
    await startGateway(direct.url),
  ]
  console.log(
    `${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}, load ${loadavg()
      .map(load => load.toFixed(2))
      .join(' ')}, ${modelCount} models`,
  )
  // Until the compiler has come to rest; before, half of the CPU time is its own.
  for (const { url } of targets) await throughput(url, chatBytes(url, 1024), CONNECTIONS, WARM_UP_MS)
  for (const bytes of [1024, 16 * 1024]) {
    await lowLoad(targets, bytes)
    await highLoad(targets, bytes)
  }
} finally {
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(children.map(child => new Promise(resolve => child.once('exit', resolve))))
  rmSync(folder, { recursive: true, force: true })
}

function startScript(name: string, script: string, ...args: readonly string[]): Promise<Target> {
  const child = fork(new URL(script, import.meta.url), args)
  children.push(child)
  return new Promise((resolve, reject) => {
    child.once('message', (message: { readonly port: number }) =>
      resolve({ name, url: new URL(`http://127.0.0.1:${message.port}`), pid: child.pid ?? 0 }),
    )
    child.once('error', reject)
  })
}

async function startGateway(upstream: URL): Promise<Target> {
  const config = join(folder, 'plimsoll.yaml')
  const log = join(folder, 'log.txt')
  const sha256 = createHash('sha256').update('sk-bench').digest('hex')
  const model = (id: string, price: number): string =>
    `  - { id: ${id}, provider: bench, baseUrl: "${upstream.origin}/v1", priceUsdPerMillion: { input: ${price}, output: ${price * 3} }, contextWindow: 131072 }`
  const models = Array.from({ length: modelCount }, (_, i) => model(`m${i}`, 0.05 * 1.5 ** i))
  writeFileSync(
    config,
    [
      'listen: { port: 0, admin: 0 }',
      `store: sqlite:${join(folder, 'log.db')}`,
      'models:',
      ...models,
      'classes: [{ name: gold, satisfaction: { floor: 0.9 }, policy: plimsoll, proven: m0 }]',
      `keys: [{ name: bench, sha256: "${sha256}" }]`,
    ].join('\n'),
  )
  const cli = new URL('../src/cli/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [cli, 'serve', '--config', config], {
    stdio: ['ignore', 'ignore', openSync(log, 'w')],
  })
  children.push(child)
  for (let i = 0; i < 1000; i++) {
    const url = /serves on (\S+),/.exec(readFileSync(log, 'utf8'))?.[1]
    if (url !== undefined) return { name: 'gateway', url: new URL(url), pid: child.pid ?? 0 }
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`the gateway did not start: ${readFileSync(log, 'utf8')}`)
}

async function lowLoad(targets: readonly Target[], bytes: number): Promise<void> {
  const open = await Promise.all(targets.map(({ url }) => openConnection(url, chatBytes(url, bytes))))
  const times = targets.map(() => new Float64Array(rounds))
  for (let round = -500; round < rounds; round++)
    for (let turn = 0; turn < open.length; turn++) {
      const target = (turn + Math.abs(round)) % open.length
      const us = (await pausedAsk(open[target])) ?? 0
      if (round >= 0 && times[target] !== undefined) times[target][round] = us
    }
  for (const connection of open) connection.close()
  console.log(`\n${bytes} B, low load, ${rounds} rounds, microseconds`)
  targets.forEach(({ name }, t) => {
    const own = times[t] ?? new Float64Array()
    const added = own.map((us, i) => us - (times[0]?.[i] ?? 0))
    console.log(
      `${name.padEnd(12)} p50 ${at(own, 0.5)} p99 ${at(own, 0.99)}, added p50 ${at(added, 0.5)} p90 ${at(added, 0.9)}`,
    )
  })
}

/** A millisecond between requests: low load means that nothing waits for anything else. */
async function pausedAsk(connection: LoadConnection | undefined): Promise<number | undefined> {
  await new Promise(resolve => setTimeout(resolve, 1))
  return connection?.ask()
}

async function highLoad(targets: readonly Target[], bytes: number): Promise<void> {
  const rates: number[][] = targets.map(() => [])
  const costs: number[][] = targets.map(() => [])
  for (let round = 0; round < THROUGHPUT_ROUNDS; round++)
    for (const [t, { url, pid }] of targets.entries()) {
      const before = cpuUs(pid)
      const rate = await throughput(url, chatBytes(url, bytes), CONNECTIONS, THROUGHPUT_MS)
      rates[t]?.push(rate)
      costs[t]?.push(((cpuUs(pid) ?? Number.NaN) - (before ?? 0)) / ((rate * THROUGHPUT_MS) / 1000))
    }
  console.log(`\n${bytes} B, ${CONNECTIONS} connections, median of ${THROUGHPUT_ROUNDS}`)
  targets.forEach(({ name, pid }, t) => {
    console.log(
      `${name.padEnd(12)} ${at(rates[t] ?? [], 0.5)} requests/s, CPU ${at(costs[t] ?? [], 0.5)} us/request, ` +
        `RSS ${(residentMib(pid) ?? Number.NaN).toFixed(0)} MiB`,
    )
  })
}

function at(values: Iterable<number>, quantile: number): string {
  const sorted = Float64Array.from(values).sort()
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? 0).toFixed(0)
}
