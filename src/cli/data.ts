import { resolve } from 'node:path'
import { DatasetError } from '../lab/datasets/dataset-error.ts'
import {
  type DatasetName,
  datasetReaders,
  type ImportRequest,
  type ImportSummary,
  importDataset,
} from '../lab/datasets/import-dataset.ts'
import { readPriceList } from '../lab/datasets/price-list.ts'
import { type CommandSpec, commandHelp, nearestName, parseArguments } from './arguments.ts'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'
import { createProgress } from './progress.ts'

const importCommand: CommandSpec = {
  name: 'data import',
  summary: 'turn a published data set into a trace',
  positionals: ['DATASET', 'IN', 'OUT'],
  options: [
    {
      name: 'prices',
      kind: 'text',
      value: 'FILE',
      meaning: 'USD per million tokens, as RouterArena writes its price list',
    },
    { name: 'models', kind: 'text', value: 'A,B,…', meaning: 'keep these models (default all)' },
    { name: 'answers', kind: 'flag', meaning: 'carry the answers of the models' },
    { name: 'json', kind: 'flag', meaning: 'print a summary as one JSON object' },
  ],
  notes: [
    'DATASET and what IN may be:',
    ...Object.entries(datasetReaders).map(([name, reader]) => `  ${name.padEnd(15)} ${reader.accepts}`),
    'OUT is a file; it is packed when its name ends in .gz.',
  ],
}

/** `plimsoll data import`: turns a published data set into a trace. */
export async function run(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args
  if (verb === '--help' || verb === '-h') return help()
  if (verb !== 'import') {
    const given = verb === undefined ? 'nothing was given' : `'${verb}' was given`
    throw wrongUsage(`expected import, ${given}; see plimsoll data --help`)
  }
  const given = parseArguments(importCommand, rest)
  if (given === 'help') return help()
  const [name = '', input = '', output = ''] = given.positionals
  const dataset = datasetNamed(name)
  if (given.flag('answers') && !datasetReaders[dataset].carriesAnswers) {
    throw wrongUsage(`--answers: ${dataset} is published model by model; its answers are not imported`)
  }
  if (resolve(input) === resolve(output)) throw wrongUsage(`IN and OUT are the same file, ${input}`)
  const models = modelsOf(given.text('models'))
  try {
    const pricesPath = given.text('prices')
    const prices = pricesPath === undefined ? null : await readPriceList(pricesPath)
    const answers = given.flag('answers')
    const summary = await importWithProgress({
      dataset,
      input,
      output,
      prices,
      models,
      answers,
    })
    if (given.flag('json'))
      process.stdout.write(`${JSON.stringify({ dataset, input, output, ...summary })}\n`)
    else process.stderr.write(told(output, summary))
    return exitCodes.done
  } catch (error) {
    if (error instanceof DatasetError) throw new CommandError(exitCodes.badData, error.message, error)
    if (isWriteError(error, output)) {
      throw new CommandError(exitCodes.failed, `${output} cannot be written: ${error.message}`, error)
    }
    throw error
  }
}

function help(): number {
  process.stdout.write(commandHelp(importCommand))
  return exitCodes.done
}

/** Names in a list with commas, each once; `null` where no list is given. */
function modelsOf(list: string | undefined): readonly string[] | null {
  if (list === undefined) return null
  const models = [...new Set(list.split(','))].filter(model => model !== '')
  if (models.length === 0) throw wrongUsage(`--models needs at least one name, but '${list}' was given`)
  return models
}

function datasetNamed(name: string): DatasetName {
  const names = Object.keys(datasetReaders)
  if (Object.hasOwn(datasetReaders, name)) return name as DatasetName
  const nearest = nearestName(name, names)
  const hint = nearest === undefined ? `expected one of ${names.join(', ')}` : `did you mean ${nearest}?`
  throw wrongUsage(`unknown data set '${name}'; ${hint}`)
}

async function importWithProgress(request: Omit<ImportRequest, 'onProgress'>): Promise<ImportSummary> {
  const progress = createProgress(1)
  try {
    return await importDataset({
      ...request,
      onProgress: ({ readBytes, totalBytes, rows }) => {
        if (totalBytes === null) progress.update(0, `${Math.round(readBytes / 1e6)} MB read`)
        else progress.update(readBytes / Math.max(1, totalBytes), `${rows} rows`)
      },
    })
  } finally {
    progress.end()
  }
}

/** What was done, for people. */
function told(output: string, summary: ImportSummary): string {
  const lines = [`${output}: ${summary.rows} rows, ${summary.models.length} models`]
  if (summary.dropped > 0) {
    const gaps = Object.entries(summary.gaps).map(([model, rows]) => `${model} in ${rows}`)
    const worst = gaps.length > 3 ? `${gaps.slice(0, 3).join(', ')}, …` : gaps.join(', ')
    lines.push(`${summary.dropped} rows left out, where a score or a cost is missing: ${worst}`)
  }
  return `${[...lines, ...summary.notes].join('\n')}\n`
}

/** Whether it was the output that failed: the disk is full, or the file cannot be made. */
function isWriteError(error: unknown, output: string): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('code' in error)) return false
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return true
  return 'path' in error && typeof error.path === 'string' && error.path.startsWith(output)
}
