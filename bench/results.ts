// Measures every policy on recorded traces and prints docs/results.md, section by section:
//   node bench/results.ts FOLDER [--section promises,cold,trained,complaints,changes,offline] [--policies P1,P2,…] > docs/results.md
// Every section names the command that prints it alone; --policies chooses the rows of the offline part, of which the first is
// compared with. FOLDER holds the traces; progress goes to standard error.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

interface DataSet {
  readonly name: string
  readonly options: readonly string[]
}

/** A part of the page that `bench/promises.ts` measures. */
interface PromiseSection {
  readonly name: string
  readonly title: string
  readonly remark: string
  readonly options: readonly string[]
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

const promiseSections: readonly PromiseSection[] = [
  {
    name: 'promises',
    title: '`plimsoll`, promise by promise',
    remark:
      'Ten seeds, each another order of the rows. *Must* and *aim* are the bars that we set ourselves ([the cells](../bench/promises/report-cells.ts)).',
    options: ['--seeds', '311..320'],
  },
  {
    name: 'cold',
    title: 'Side by side: cold start',
    remark: 'Five of the same seeds. The bars are those of `plimsoll`, judged for every policy alike.',
    options: [
      ...['--seeds', '311..315', '--scenario', 'cold'],
      ...['--policies', 'plimsoll,mess-plus,sla-router,static-mixture,cheapest-feasible,random'],
    ],
  },
  {
    name: 'trained',
    title: 'Side by side: trained on 30% of the rows',
    remark:
      'The figures are over the other 70%. `lr` to `proteus` do not learn online; `mess-plus` and `sla-router` go on learning.',
    options: [
      ...['--seeds', '311..315', '--scenario', 'warm', '--policies'],
      'plimsoll,mess-plus,sla-router,pareto-bandit,lr,knn,ens,carrot,omnirouter,mean-cost,proteus',
    ],
  },
  {
    name: 'complaints',
    title: 'Side by side: complaints and audits',
    remark: 'An unsatisfied user complains with probability .1; nobody ever praises; 5% are audited.',
    options: [
      ...['--seeds', '311..315', '--scenario', 'one-sided'],
      ...['--policies', 'plimsoll,mess-plus,sla-router'],
    ],
  },
  {
    name: 'changes',
    title: 'Side by side: a model gets worse half way',
    remark:
      'The most used cheap model keeps seven in ten of its satisfied answers. Cold start, labels of chosen answers.',
    options: [
      ...['--seeds', '311..315', '--scenario', 'change-quality-cold'],
      ...['--policies', 'plimsoll,mess-plus,sla-router'],
    ],
  },
]

const offlineSets: readonly DataSet[] = [
  { name: 'routerbench-3task', options: [] },
  { name: 'openzoo-mmlu', options: [] },
  { name: 'pareto-k4', options: ['--satisfied-at', '0.9'] },
  { name: 'gsm8k-pair', options: [] },
  { name: 'gsm8k-zoo', options: [] },
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
const firstSplit = 301

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

const sectionNames = [...promiseSections.map(({ name }) => name), 'offline']
const root = fileURLToPath(new URL('..', import.meta.url))
const { folder, sections, offlinePolicies } = readArguments()
const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-results-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

if (sections.length === sectionNames.length) introduce()
for (const section of promiseSections) if (sections.includes(section.name)) await measurePromises(section)
if (sections.includes('offline')) await measureOffline()
print(`Measured on ${cpus()[0]?.model.trim() ?? 'an unnamed processor'}, Node ${process.version}.`)

function introduce(): void {
  print(`# Results

What the policies reach on recorded answers of real models. One command prints this page:

    node bench/results.ts FOLDER > docs/results.md

FOLDER holds the traces ([their form](replay.md), [how to import published sets](data.md)); they are not part of this repository.
d is satisfaction minus floor, in means over the seeds; ratio is the bill, shadow calls included, relative to the cheapest
static mixture of single models that is as good with hindsight. A ratio below 1 with d near 0 is money saved at a kept
floor; a low ratio with d well below 0 is a broken promise.
`)
}

interface Arguments {
  readonly folder: string
  readonly sections: readonly string[]
  readonly offlinePolicies: readonly string[]
}

function readArguments(): Arguments {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      section: { type: 'string', default: sectionNames.join(',') },
      policies: { type: 'string', default: everyOfflinePolicy.join(',') },
    },
  })
  const [folder] = positionals
  const sections = values.section.split(',')
  if (folder !== undefined && sections.every(name => sectionNames.includes(name))) {
    return { folder, sections, offlinePolicies: values.policies.split(',') }
  }
  process.stderr.write(
    `usage: node bench/results.ts FOLDER [--section ${sectionNames.join(',')}] [--policies P1,P2,…]\n`,
  )
  process.exit(64)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function measurePromises({ title, remark, options }: PromiseSection): Promise<void> {
  process.stderr.write(`${title}\n`)
  print(`## ${title}\n\n${remark}\n\n    node bench/promises.ts FOLDER ${options.join(' ')}\n`)
  print(await run(['bench/promises.ts', folder, ...options]))
}

/** Trained on 70% of the prompts, tested on the others, without learning in between. */
async function measureOffline(): Promise<void> {
  const some = offlinePolicies.length < everyOfflinePolicy.length
  const chosenRows = some ? ` --policies '${offlinePolicies.join(',')}'` : ''
  print(`## Offline: trained on 70% of the prompts, tested on the others

    node bench/results.ts FOLDER --section offline${chosenRows}

Means ± standard deviations over ${splits} splits (seeds ${firstSplit} to ${firstSplit + splits - 1}) and eleven floors
([definitions](evaluate.md)). The mixture is the best static one with hindsight. \`lr\`, \`knn\` and \`ens\` read plain n-grams and
predict cost from the length of the prompt; \`lr?learntCost=1\` learns its costs as \`plimsoll\` and the others do. \`mean-cost\`
predicts cost and no quality: what others have above it is what predicting quality earns. The last two columns are
differences from \`lr\` on the same splits ± their standard error over the splits, which share rows, so that it is somewhat
too small.${some ? ' Without `--policies` the command prints the other policies as well.' : ''}
`)
  for (const set of offlineSets) {
    const trace = join(folder, `${set.name}.jsonl.gz`)
    if (!existsSync(trace)) {
      print(`FOLDER does not hold ${set.name}.\n`)
      continue
    }
    const file = join(scratch, `${set.name}.json`)
    await run([
      ...['src/cli/main.ts', 'evaluate', '--trace', trace, '--policies', offlinePolicies.join(',')],
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
    process.stderr.write(`offline on ${set.name}\n`)
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

/** Runs a script of the repository and gives what it printed. */
function run(args: readonly string[]): Promise<string> {
  const [script = '', ...rest] = args
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, script), ...rest], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let messages = ''
    child.stdout.on('data', chunk => (output += chunk))
    child.stderr.on('data', chunk => (messages += chunk))
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) resolve(output)
      else reject(new Error(`${args.join(' ')} ended with ${code}: ${messages}`))
    })
  })
}

function signed(value: number, digits = 3): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`
}
