import { type ChildProcess, fork, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatBytes, type LoadConnection, openConnection, throughput } from './http-load.ts'

// Measures what the gateway adds to a request: routing by the policy plimsoll, keys, event log in SQLite, request log and
// metrics on, against a provider that answers at once. Low load: direct and gateway take turns, request by request.
// Throughput: 16 connections, direct and gateway in turns. Usage: node bench/overhead.ts [low-load rounds, default 2000]

const rounds = Number(process.argv[2] ?? 2000)
const THROUGHPUT_ROUNDS = 3
const THROUGHPUT_MS = 3000
const CONNECTIONS = 16

const folder = mkdtempSync(join(tmpdir(), 'overhead-'))
const children: ChildProcess[] = []

try {
  const upstream = await startUpstream()
  const gateway = await startGateway(upstream)
  console.log(
    `${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}, load ${loadavg()
      .map(load => load.toFixed(2))
      .join(' ')}`,
  )
  for (const bytes of [1024, 16 * 1024]) {
    await lowLoad(upstream, gateway, bytes)
    await highLoad(upstream, gateway, bytes)
  }
} finally {
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(children.map(child => new Promise(resolve => child.once('exit', resolve))))
  rmSync(folder, { recursive: true, force: true })
}

function startUpstream(): Promise<URL> {
  const child = fork(new URL('./instant-upstream.ts', import.meta.url))
  children.push(child)
  return new Promise((resolve, reject) => {
    child.once('message', (message: { readonly port: number }) =>
      resolve(new URL(`http://127.0.0.1:${message.port}`)),
    )
    child.once('error', reject)
  })
}

async function startGateway(upstream: URL): Promise<URL> {
  const config = join(folder, 'plimsoll.yaml')
  const log = join(folder, 'log.txt')
  const sha256 = createHash('sha256').update('sk-bench').digest('hex')
  const model = (id: string, price: number): string =>
    `  - { id: ${id}, provider: bench, baseUrl: "${upstream.origin}/v1", priceUsdPerMillion: { input: ${price}, output: ${price * 3} }, contextWindow: 131072 }`
  const models = ['tiny', 'small', 'middle', 'large'].map((id, i) => model(id, 0.05 * 5 ** i))
  writeFileSync(
    config,
    [
      'listen: { port: 0, admin: 0 }',
      `store: sqlite:${join(folder, 'log.db')}`,
      'models:',
      ...models,
      'classes: [{ name: gold, satisfaction: { floor: 0.9 }, policy: plimsoll, proven: large }]',
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
    if (url !== undefined) return new URL(url)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error(`the gateway did not start: ${readFileSync(log, 'utf8')}`)
}

async function lowLoad(upstream: URL, gateway: URL, bytes: number): Promise<void> {
  const direct = await openConnection(upstream, chatBytes(upstream, bytes))
  const through = await openConnection(gateway, chatBytes(gateway, bytes))
  const times = { direct: new Float64Array(rounds), through: new Float64Array(rounds) }
  for (let i = -500; i < rounds; i++) {
    const first = i % 2 === 0
    const a = await pausedAsk(first ? direct : through)
    const b = await pausedAsk(first ? through : direct)
    if (i < 0) continue
    times.direct[i] = first ? a : b
    times.through[i] = first ? b : a
  }
  const added = times.through.map((us, i) => us - (times.direct[i] ?? 0))
  console.log(
    `${bytes} B, low load, ${rounds} pairs: direct p50 ${at(times.direct, 0.5)} p99 ${at(times.direct, 0.99)} us, ` +
      `gateway p50 ${at(times.through, 0.5)} p99 ${at(times.through, 0.99)} us, added p50 ${at(added, 0.5)} p99 ${at(added, 0.99)} us`,
  )
  direct.close()
  through.close()
}

/** A millisecond between requests: low load means that nothing waits for anything else. */
async function pausedAsk(connection: LoadConnection): Promise<number> {
  await new Promise(resolve => setTimeout(resolve, 1))
  return connection.ask()
}

async function highLoad(upstream: URL, gateway: URL, bytes: number): Promise<void> {
  const rates: { readonly direct: number; readonly through: number }[] = []
  for (let i = 0; i < THROUGHPUT_ROUNDS; i++)
    rates.push({
      direct: await throughput(upstream, chatBytes(upstream, bytes), CONNECTIONS, THROUGHPUT_MS),
      through: await throughput(gateway, chatBytes(gateway, bytes), CONNECTIONS, THROUGHPUT_MS),
    })
  const middle = (values: readonly number[]): string =>
    ([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0).toFixed(0)
  console.log(
    `${bytes} B, ${CONNECTIONS} connections, median of ${THROUGHPUT_ROUNDS}: direct ${middle(rates.map(rate => rate.direct))} requests/s, ` +
      `gateway ${middle(rates.map(rate => rate.through))} requests/s`,
  )
}

function at(values: Float64Array, quantile: number): string {
  const sorted = Float64Array.from(values).sort()
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? 0).toFixed(0)
}
