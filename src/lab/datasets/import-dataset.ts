import { DatasetError } from './dataset-error.ts'
import type { DatasetReader, DatasetSource, SourceRow } from './dataset-source.ts'
import { llmrouterbench } from './llmrouterbench.ts'
import type { PriceList } from './price-list.ts'
import { routellm } from './routellm.ts'
import { routerarena } from './routerarena.ts'
import { routerbench } from './routerbench.ts'
import { sprout } from './sprout.ts'
import { writeLines } from './trace-writer.ts'

/** The data sets that can be imported, by the names that the command line uses. */
export const datasetReaders = { routerbench, sprout, llmrouterbench, routerarena, routellm } as const

/** Name of a data set. */
export type DatasetName = keyof typeof datasetReaders

/** How far an import has come. */
export interface ImportProgress {
  readonly readBytes: number
  /** `null` while the source is being opened. */
  readonly totalBytes: number | null
  /** Rows written. */
  readonly rows: number
}

/** What to import. */
export interface ImportRequest {
  readonly dataset: DatasetName
  /** File or folder. */
  readonly input: string
  /** File; packed when its name ends in `.gz`. */
  readonly output: string
  /** Prices that go before those of the source. */
  readonly prices: PriceList | null
  /** Models to keep; `null` for all. */
  readonly models: readonly string[] | null
  readonly answers: boolean
  readonly onProgress: (progress: ImportProgress) => void
}

/** What an import came to. */
export interface ImportSummary {
  readonly models: readonly string[]
  /** Rows written. */
  readonly rows: number
  /** Rows left out because a model has no score or no cost there. */
  readonly dropped: number
  /** Per model, how many rows lack its score or cost; models without a gap are not named. */
  readonly gaps: Readonly<Record<string, number>>
  readonly notes: readonly string[]
}

/**
 * Turns a published data set into a trace, row by row. Every row of the trace names the same models: rows in which one is
 * missing are left out and counted. Throws `DatasetError`; the output then stays as it was.
 */
export async function importDataset(request: ImportRequest): Promise<ImportSummary> {
  const reader: DatasetReader = datasetReaders[request.dataset]
  const { input, output, prices, answers } = request
  const counts: RowCounts = { rows: 0, dropped: 0, gaps: new Map() }
  let readBytes = 0
  let totalBytes: number | null = null
  const tell = (bytes: number): void => {
    readBytes += bytes
    request.onProgress({ readBytes, totalBytes, rows: counts.rows })
  }
  const source = await reader.open(input, { prices, answers, exclude: output, onRead: tell })
  totalBytes = source.totalBytes
  const chosen = chooseModels(source, request)
  await writeLines(output, traceLines(source, { chosen, counts, tell, input }))
  return {
    models: chosen.models,
    rows: counts.rows,
    dropped: counts.dropped,
    gaps: Object.fromEntries([...counts.gaps].sort(([, a], [, b]) => b - a)),
    notes: source.notes,
  }
}

/** The models of the trace and where they stand in the source. */
interface ChosenModels {
  readonly models: readonly string[]
  readonly positions: readonly number[]
}

interface RowCounts {
  rows: number
  dropped: number
  readonly gaps: Map<string, number>
}

function chooseModels(source: DatasetSource, request: ImportRequest): ChosenModels {
  const models = request.models ?? source.models
  const strangers = models.filter(model => !source.models.includes(model))
  if (strangers.length > 0) {
    const fault = `has no model ${strangers.join(', ')}; it has ${source.models.join(', ')}`
    throw new DatasetError(request.input, null, fault)
  }
  return { models, positions: models.map(model => source.models.indexOf(model)) }
}

interface LineOptions {
  readonly chosen: ChosenModels
  /** Counts what becomes of the rows. */
  readonly counts: RowCounts
  readonly tell: (bytes: number) => void
  readonly input: string
}

async function* traceLines(
  source: DatasetSource,
  { chosen, counts, tell, input }: LineOptions,
): AsyncGenerator<string> {
  for await (const row of source.rows()) {
    const missing = chosen.models.filter((_, m) => lacks(row, chosen.positions[m] ?? -1))
    for (const model of missing) counts.gaps.set(model, (counts.gaps.get(model) ?? 0) + 1)
    if (missing.length > 0) counts.dropped++
    else {
      counts.rows++
      yield traceLine(row, chosen)
    }
    tell(0)
  }
  if (counts.rows > 0) return
  const worst = [...counts.gaps].sort(([, a], [, b]) => b - a).slice(0, 5)
  const gaps = worst.map(([model, rows]) => `${model} in ${rows}`).join(', ')
  const fault =
    counts.dropped === 0
      ? 'holds no rows'
      : `no row has a score and a cost of every model (most often missing: ${gaps}; ${counts.dropped} rows); choose some with --models A,B,…`
  throw new DatasetError(input, null, fault)
}

function lacks(row: SourceRow, position: number): boolean {
  return (
    Number.isNaN(row.scores[position] ?? Number.NaN) || Number.isNaN(row.costsUsd[position] ?? Number.NaN)
  )
}

/** One line of the trace; fields that the source does not have are left out. */
function traceLine(row: SourceRow, { models, positions }: ChosenModels): string {
  const byModel = <T>(values: ArrayLike<T>): Record<string, T> => {
    const entries = models.flatMap((model, m) => {
      const value = values[positions[m] ?? -1]
      return value === undefined || Number.isNaN(value) ? [] : [[model, value] as const]
    })
    return Object.fromEntries(entries)
  }
  checkRange(row, 'score', byModel(row.scores), 1)
  checkRange(row, 'cost', byModel(row.costsUsd), Number.MAX_VALUE)
  return JSON.stringify({
    id: row.id,
    ...(row.task === null ? {} : { task: row.task }),
    prompt: row.prompt,
    scores: byModel(row.scores),
    costs: byModel(row.costsUsd),
    ...(row.promptTokens === null ? {} : { in_tokens: row.promptTokens }),
    ...(row.completionTokens === null ? {} : { out_tokens: byModel(row.completionTokens) }),
    ...(row.answers === null ? {} : { answers: byModel(row.answers) }),
    ...(row.split === null ? {} : { split: row.split }),
  })
}

function checkRange(
  row: SourceRow,
  what: string,
  values: Readonly<Record<string, number>>,
  max: number,
): void {
  const wrong = Object.entries(values).find(([, value]) => value < 0 || value > max)
  if (wrong === undefined) return
  const [model, value] = wrong
  const expected = max === 1 ? 'from 0 to 1' : 'that is finite and 0 or more'
  const fault = `the ${what} of '${model}' must be a number ${expected}, given ${value}`
  throw new DatasetError(row.file, row.place, fault)
}
