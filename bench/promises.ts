// Measures the promises of the routing policies on recorded traces, cell by cell, beside what must and should be kept:
//   node bench/promises.ts FOLDER --seeds 1..5 [--scenario cold,warm] [--policies plimsoll,mess-plus] [--sets A,B]
//     [--development] [--workers 2]
// FOLDER holds the traces of bench/promises/report-cells.ts, or with --development those of development-cells.ts, whose
// synthetic worlds are made on the way. A policy takes parameters as in `plimsoll?exploration=0.3`; bars are judged for every
// policy alike. Tables go to standard output, progress to standard error.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Outcome, PromiseTable, Scenario } from './promises/cell.ts'
import { developmentCells } from './promises/development-cells.ts'
import { writeWorld } from './promises/development-worlds.ts'
import { reportCells } from './promises/report-cells.ts'
import type { CellJob } from './promises/run-cells.ts'
import { countBars, scenarioTable } from './promises/table.ts'
import type { CellMessage } from './promises/worker.ts'

interface Request {
  readonly folder: string
  readonly seeds: readonly number[]
  readonly policies: readonly string[]
  readonly table: PromiseTable
  readonly workers: number
}

const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-promises-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

await print(readRequest())

function readRequest(): Request {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: 'string', default: '1..5' },
      scenario: { type: 'string' },
      policies: { type: 'string', default: 'plimsoll' },
      sets: { type: 'string' },
      development: { type: 'boolean', default: false },
      workers: { type: 'string', default: '2' },
    },
  })
  const [folder] = positionals
  const [first = Number.NaN, last = first] = values.seeds.split('..').map(Number)
  const workers = Number(values.workers)
  if (folder === undefined || !(first <= last) || !(workers >= 1)) return endWithUsage()
  const given = values.development ? developmentCells : reportCells
  return {
    folder,
    seeds: Array.from({ length: last - first + 1 }, (_, i) => first + i),
    policies: values.policies.split(','),
    table: pick(given, values.scenario?.split(',') ?? null, values.sets?.split(',') ?? null),
    workers,
  }
}

function endWithUsage(): never {
  process.stderr.write(
    'usage: node bench/promises.ts FOLDER --seeds A..B [--scenario NAME,…] [--policies P,…] [--sets S,…] [--development] [--workers n]\n',
  )
  process.exit(64)
}

/** The scenarios and sets asked for; names that are unknown end the command. */
function pick(
  { sets, scenarios }: PromiseTable,
  names: readonly string[] | null,
  setNames: readonly string[] | null,
): PromiseTable {
  const unknown = [
    ...(names ?? []).filter(name => scenarios.every(scenario => scenario.name !== name)),
    ...(setNames ?? []).filter(name => sets.every(set => set.name !== name)),
  ]
  if (unknown.length > 0) {
    const known = [...scenarios, ...sets].map(({ name }) => name)
    process.stderr.write(`unknown: ${unknown.join(', ')}; there are ${known.join(', ')}\n`)
    process.exit(64)
  }
  return {
    sets: sets.filter(({ name }) => setNames?.includes(name) ?? true),
    scenarios: scenarios
      .filter(({ name }) => names?.includes(name) ?? true)
      .map(scenario => ({
        ...scenario,
        cells: scenario.cells.filter(({ set }) => setNames?.includes(set) ?? true),
      })),
  }
}

async function print(request: Request): Promise<void> {
  const outcomes = await measure(request)
  const { scenarios } = request.table
  const first = request.seeds[0] ?? 0
  const range = request.seeds.length > 1 ? `${first} to ${request.seeds.at(-1)}` : String(first)
  process.stdout.write(`Seeds ${range}; policies ${request.policies.join(', ')}.\n`)
  for (const scenario of scenarios) {
    process.stdout.write(`\n### ${scenario.title} (\`${scenario.name}\`)\n\n`)
    process.stdout.write(`${scenarioTable(scenario, outcomes)}\n`)
  }
  process.stdout.write('\n')
  for (const policy of request.policies) {
    const own = outcomes.filter(outcome => outcome.policy === policy)
    const [must, aim] = [countBars(scenarios, own, 'must'), countBars(scenarios, own, 'aim')]
    process.stdout.write(
      `${policy}: musts ${must.kept} kept, ${must.missed} missed; aims ${aim.kept} kept, ${aim.missed} missed.\n`,
    )
  }
}

/** Runs all jobs on the workers; outcomes come in no particular order. */
async function measure({ folder, seeds, policies, table, workers }: Request): Promise<readonly Outcome[]> {
  const sources = table.sets.map(set => ({ ...set, path: pathOf(set, folder) }))
  const jobs = table.sets.flatMap(({ name: set }) =>
    seeds.flatMap(seed =>
      policies.map((policy): CellJob => ({ set, seed, policy, scenarios: table.scenarios })),
    ),
  )
  const total = jobs.reduce((sum, { set }) => sum + cellsOf(table.scenarios, set), 0)
  const outcomes: Outcome[] = []
  const lane = async (): Promise<void> => {
    const worker = new Worker(new URL('./promises/worker.ts', import.meta.url), { workerData: sources })
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      await runJob(worker, job, outcome => {
        outcomes.push(outcome)
        process.stderr.write(`\r${outcomes.length} of ${total} runs `)
      })
    }
    await worker.terminate()
  }
  await Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, lane))
  process.stderr.write('\n')
  return outcomes
}

function pathOf({ name, path }: PromiseTable['sets'][number], folder: string): string {
  if (name.startsWith('synthetic-')) return writeWorld(name, scratch)
  return path ?? join(folder, `${name}.jsonl.gz`)
}

function cellsOf(scenarios: readonly Scenario[], set: string): number {
  return scenarios.reduce((sum, { cells }) => sum + cells.filter(cell => cell.set === set).length, 0)
}

function runJob(worker: Worker, job: CellJob, onOutcome: (outcome: Outcome) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const listen = (message: CellMessage): void => {
      if (message.kind === 'outcome') {
        onOutcome(message.outcome)
        return
      }
      worker.off('message', listen)
      if (message.kind === 'idle') resolve()
      else reject(new Error(message.message))
    }
    worker.on('message', listen)
    worker.once('error', reject)
    worker.postMessage(job)
  })
}
