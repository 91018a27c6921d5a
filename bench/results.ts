// Measures every policy on recorded traces and prints docs/results.md:
//   node bench/results.ts FOLDER [--seeds 101,102,103,104,105] [--first-split 301] > docs/results.md
// --offline prints the offline part alone; --policies P1,P2,… chooses its rows, of which the first is compared with.
// FOLDER holds the traces named below; one that is absent is left out and said so.
// Progress goes to standard error.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

interface DataSet {
  readonly name: string
  readonly floors: readonly number[]
  readonly options: readonly string[]
}

interface Scenario {
  readonly title: string
  readonly remark: string
  readonly options: readonly string[]
  readonly policies: readonly string[]
}

interface Evaluation {
  readonly policies: Readonly<
    Record<string, Readonly<Record<string, { readonly mean: number | null; readonly sd: number | null }>>>
  >
  readonly comparisons: readonly {
    readonly policy: string
    readonly metric: string
    readonly difference: number
    readonly errorOverSeeds: number | null
  }[]
}

interface RunFigures {
  readonly floor: number
  readonly satisfaction: number
  readonly costUsd: number
  readonly infeasible: object | null
  readonly certificate: { readonly state: string }
  readonly references: { readonly staticMixtureAtAchieved: { readonly costUsd: number } | null }
}

const dataSets: readonly DataSet[] = [
  { name: 'routerbench-3task', floors: [0.731, 0.805, 0.849], options: [] },
  { name: 'openzoo-mmlu', floors: [0.717, 0.758, 0.782], options: [] },
  { name: 'pareto-k4', floors: [0.6, 0.7, 0.75], options: ['--satisfied-at', '0.9'] },
]

/** Too small, or of too few tasks, to say anything online. */
const offlineOnly: readonly DataSet[] = [
  { name: 'gsm8k-pair', floors: [], options: [] },
  { name: 'gsm8k-zoo', floors: [], options: [] },
]

const online = ['plimsoll', 'mess-plus', 'static-mixture', 'cheapest-feasible', 'random', 'oracle']
const trained = ['plimsoll', 'ens', 'lr', 'knn', 'carrot', 'mean-cost', 'omnirouter', 'pareto-bandit']

const scenarios: readonly Scenario[] = [
  {
    title: 'Cold start, the label of the chosen answer',
    remark: 'Nothing is known at the start, neither prices nor quality; what learning costs is in the bill.',
    options: ['--feedback', 'chosen'],
    policies: online,
  },
  {
    title: 'Trained on 30% of the rows, then the label of the chosen answer',
    remark:
      'The figures are over the other 70%. `lr` to `omnirouter` do not learn online; `mess-plus` starts cold.',
    options: ['--feedback', 'chosen', '--warm-start', '0.3'],
    policies: [...trained, 'mess-plus'],
  },
  {
    title: 'Trained on 30%, complaints only (one in ten), audits of 5%',
    remark: 'An unsatisfied user complains with probability .1; nobody ever praises.',
    options: ['--feedback', 'one-sided:0.1', '--audit', '0.05', '--warm-start', '0.3'],
    policies: ['plimsoll', 'mess-plus'],
  },
]

/** Columns of the offline table: heading, metric, factor, digits. */
const offlineColumns = [
  ['saved against the best fixed, %', 'billSavedVsBestFixed', 100, 1],
  ['saved against the mixture, %', 'billSavedVsMixture', 100, 1],
  ['points over the mixture', 'pointsOverMixture', 1, 2],
  ['gap', 'gap', 1, 2],
  ['missed by over a point, %', 'missedByOnePoint', 100, 0],
  ['Brier', 'brier', 1, 4],
  ['AUC', 'auc', 1, 3],
  ['ECE', 'ece', 1, 3],
] as const

/** Columns of differences from the first policy: heading, metric, digits. */
const pairedColumns = [
  ['points − `lr`', 'pointsOverMixture', 2],
  ['Brier − `lr`', 'brier', 4],
] as const

const splits = 10

/** The others are compared with the first. */
const everyOfflinePolicy = [
  'lr',
  'plimsoll',
  'lr?learntCost=1',
  'knn',
  'ens',
  'carrot',
  'omnirouter',
  'mean-cost',
  'static-mixture',
]

const root = fileURLToPath(new URL('..', import.meta.url))
const { folder, seeds, firstSplit, offline, offlinePolicies } = readArguments(process.argv.slice(2))
const isPresent = ({ name }: DataSet): boolean => existsSync(fileOf(name))
const present = dataSets.filter(isPresent)
const presentOffline = [...dataSets, ...offlineOnly].filter(isPresent)
const absent = [...dataSets, ...offlineOnly].filter(set => !isPresent(set)).map(({ name }) => name)
const onlineRuns = scenarios.reduce((sum, { policies }) => sum + policies.length, 0) * present.length
const total = (offline ? 0 : onlineRuns) + presentOffline.length
let done = 0
const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-results-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

if (!offline) {
  introduce()
  for (const scenario of scenarios) await measure(scenario)
}
await measureOffline()
print(`Measured on ${cpus()[0]?.model.trim() ?? 'an unnamed processor'}, Node ${process.version}.`)

function introduce(): void {
  print('# Results\n')
  print(
    'What the policies reach online, on recorded answers of real models. Every figure below comes from one command:\n',
  )
  print(
    `    node bench/results.ts FOLDER --seeds ${seeds.join(',')} --first-split ${firstSplit} > docs/results.md\n`,
  )
  print(
    'FOLDER holds the traces ([their form](replay.md), [how to import published sets](data.md)); they are not part of this',
  )
  print(
    'repository. Each cell is `d @ ratio`, means over the seeds, each seed another order of the rows: d is satisfaction minus',
  )
  print(
    'floor, with the lowest single run in brackets; ratio is the bill, shadow calls included, relative to the cheapest static',
  )
  print(
    'mixture of single models that is as good with hindsight. A ratio below 1 with d near 0 is money saved at a kept floor; a',
  )
  print('low ratio with d well below 0 is a broken promise.\n')
  if (absent.length > 0) print(`Left out, because FOLDER does not hold them: ${absent.join(', ')}.\n`)
}

interface Arguments {
  readonly folder: string
  readonly seeds: readonly number[]
  readonly firstSplit: number
  readonly offline: boolean
  readonly offlinePolicies: readonly string[]
}

function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seeds: { type: 'string', default: '101,102,103,104,105' },
      'first-split': { type: 'string', default: '301' },
      offline: { type: 'boolean', default: false },
      policies: { type: 'string', default: everyOfflinePolicy.join(',') },
    },
  })
  const [folder] = positionals
  const numbers = values.seeds.split(',').map(Number)
  const firstSplit = Number(values['first-split'])
  if (folder !== undefined && [...numbers, firstSplit].every(Number.isInteger)) {
    const { offline, policies } = values
    return { folder, seeds: numbers, firstSplit, offline, offlinePolicies: policies.split(',') }
  }
  process.stderr.write(
    'usage: node bench/results.ts FOLDER [--seeds 101,102,...] [--first-split 301] [--offline] [--policies P1,P2,...]\n',
  )
  process.exit(64)
}

function fileOf(name: string): string {
  return join(folder, `${name}.jsonl.gz`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function measure({ title, remark, options, policies }: Scenario): Promise<void> {
  print(`## ${title}\n\n${remark}\n`)
  for (const set of present) {
    print(`### ${set.name}\n`)
    print(`| policy | ${set.floors.join(' | ')} |\n|---|${set.floors.map(() => '---|').join('')}`)
    for (const policy of policies) {
      const rows = await runSeeds([
        ...['--trace', fileOf(set.name), '--policy', policy, '--floor', set.floors.join(',')],
        ...[...set.options, ...options],
      ])
      print(
        `| ${policy} | ${set.floors.map(floor => cell(rows.filter(run => run.floor === floor))).join(' | ')} |`,
      )
      process.stderr.write(`${++done} of ${total}: ${policy} on ${set.name}\n`)
    }
    print('')
  }
}

/** Trained on 70% of the prompts, tested on the others, without learning in between. */
async function measureOffline(): Promise<void> {
  const last = firstSplit + splits - 1
  print('## Offline: trained on 70% of the prompts, tested on the others\n')
  if (offline) {
    const rows = offlinePolicies.join(',')
    print(`    node bench/results.ts FOLDER --offline --first-split ${firstSplit} --policies '${rows}'\n`)
  }
  print(
    `Means ± standard deviations over ${splits} splits (seeds ${firstSplit} to ${last}) and eleven floors`,
  )
  print(
    '([definitions](evaluate.md)). The mixture is the best static one with hindsight. `lr`, `knn` and `ens` read plain n-grams',
  )
  print(
    'and predict cost from the length of the prompt; `lr?learntCost=1` learns its costs as `plimsoll` and the others do.',
  )
  print(
    '`mean-cost` predicts cost and no quality: what others have above it is what predicting quality earns. The last two',
  )
  print(
    'columns are differences from `lr` on the same splits ± their standard error over the splits, which share rows, so',
  )
  const rest = ' Without `--policies` the command prints the other policies as well.'
  const some = offlinePolicies.length < everyOfflinePolicy.length
  print(`that it is somewhat too small.${some ? rest : ''}\n`)
  for (const set of presentOffline) {
    const file = join(scratch, `${set.name}.json`)
    await command([
      ...['evaluate', '--trace', fileOf(set.name), '--policies', offlinePolicies.join(',')],
      ...['--seeds', String(splits), '--first-seed', String(firstSplit), '--json', file, ...set.options],
    ])
    const found: Evaluation = JSON.parse(readFileSync(file, 'utf8'))
    const headings = [...offlineColumns, ...pairedColumns].map(([heading]) => heading)
    print(`### ${set.name}\n`)
    print(`| policy | ${headings.join(' | ')} |`)
    print(`|---|${headings.map(() => '---|').join('')}`)
    for (const policy of offlinePolicies) {
      print(`| ${policy} | ${[...offlineCells(found, policy), ...pairedCells(found, policy)].join(' | ')} |`)
    }
    print('')
    process.stderr.write(`${++done} of ${total}: offline on ${set.name}\n`)
  }
}

function offlineCells({ policies }: Evaluation, policy: string): readonly string[] {
  return offlineColumns.map(([, metric, factor, digits]) => {
    const { mean: average = null, sd = null } = policies[policy]?.[metric] ?? {}
    if (average === null) return '–'
    return `${(average * factor).toFixed(digits)} ±${((sd ?? 0) * factor).toFixed(digits)}`
  })
}

function pairedCells({ comparisons }: Evaluation, policy: string): readonly string[] {
  return pairedColumns.map(([, metric, digits]) => {
    const found = comparisons.find(each => each.policy === policy && each.metric === metric)
    if (found === undefined) return '–'
    return `${signed(found.difference, digits)} ±${(found.errorOverSeeds ?? 0).toFixed(digits)}`
  })
}

/** All seeds of one policy, as many at once as there are cores. */
async function runSeeds(options: readonly string[]): Promise<readonly RunFigures[]> {
  const waiting = [...seeds]
  const rows: RunFigures[] = []
  const lane = async (): Promise<void> => {
    for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
      rows.push(...(await replay([...options, '--seed', String(seed)])))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
  return rows
}

async function replay(options: readonly string[]): Promise<readonly RunFigures[]> {
  const output = await command(['replay', ...options, '--json'])
  return output
    .split('\n')
    .filter(Boolean)
    .map((line): RunFigures => JSON.parse(line))
}

/** Runs one command of the product and gives what it printed. */
function command(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let messages = ''
    child.stdout.on('data', chunk => (output += chunk))
    child.stderr.on('data', chunk => (messages += chunk))
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) resolve(output)
      else reject(new Error(`plimsoll ${args.join(' ')} ended with ${code}: ${messages}`))
    })
  })
}

function cell(runs: readonly RunFigures[]): string {
  const distances = runs.map(run => run.satisfaction - run.floor)
  const ratios = runs.map(
    run => run.costUsd / (run.references.staticMixtureAtAchieved?.costUsd ?? Number.NaN),
  )
  const worst = Math.min(...distances)
  return `${signed(mean(distances))} (${signed(worst)}) @ ${mean(ratios).toFixed(2)}`
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function signed(value: number, digits = 3): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`
}
