import { basename } from 'node:path'
import { estimateTokens } from '../../routing/features/prompt-text.ts'
import { numberCell, textCell } from './cells.ts'
import { CellFault, DatasetError, datasetError } from './dataset-error.ts'
import type { DatasetReader, SourceRow } from './dataset-source.ts'
import { inputFiles } from './input-files.ts'
import { pricesForAll, type TokenPrices, tokenCostUsd } from './price-list.ts'
import { routellmPrices } from './published-prices.ts'
import { expectSameModels, mapRows, openTable, type Table, type TableRow } from './table.ts'

const answerMark = '_response'

/**
 * RouteLLM (arXiv 2406.18665): `mmlu_SUBJECT.csv` with `prompt` and a column of True and False per model, and
 * `gsm8k_responses.csv` with `MODEL_response` besides. It has no costs: they are estimated tokens times prices.
 */
export const routellm: DatasetReader = {
  accepts:
    "one of RouteLLM's CSV files, or a folder with mmlu_SUBJECT.csv and gsm8k_responses.csv somewhere below",
  carriesAnswers: true,
  async open(input, options) {
    const found = await inputFiles(input, {
      endings: ['.csv', '.csv.gz'],
      exclude: options.exclude,
      expected: "RouteLLM's CSV files",
    })
    const named = found.filter(({ path }) => /^(mmlu_|gsm8k)/.test(basename(path)))
    const files = found.length === 1 ? found : named
    if (files.length === 0) {
      throw new DatasetError(
        input,
        null,
        'expected files named mmlu_SUBJECT.csv or gsm8k_responses.csv, found none',
      )
    }
    const tables = await Promise.all(files.map(openTable))
    const models = modelsOf(tables[0])
    expectSameModels(tables, modelsOf)
    const prices = pricesOf(input, models, options.prices === null ? [] : [options.prices])
    return {
      models,
      totalBytes: files.reduce((sum, file) => sum + file.bytes, 0),
      notes: [
        'costs are estimated tokens times prices: a quarter token per character of the prompt and of the stored answer, one token where no answer is stored',
      ],
      async *rows() {
        for (const table of tables) {
          let number = 0
          yield* mapRows(table, table.columns, options.onRead, row =>
            readRow({ table, row, number: ++number, models, prices, answers: options.answers }),
          )
        }
      },
    }
  },
}

function pricesOf(
  input: string,
  models: readonly string[],
  given: Parameters<typeof pricesForAll>[0],
): readonly TokenPrices[] {
  try {
    return pricesForAll([...given, routellmPrices], models)
  } catch (error) {
    throw datasetError(input, null, error)
  }
}

/** Models are the columns that are neither the prompt, nor an answer, nor the nameless index that pandas writes. */
function modelsOf(table: Table | undefined): readonly string[] {
  if (table === undefined) return []
  const models = table.columns.filter(
    column => column !== 'prompt' && column !== '' && column !== 'Unnamed: 0' && !column.endsWith(answerMark),
  )
  if (table.columns.includes('prompt') && models.length > 0) return models
  const fault = `expected RouteLLM's columns prompt and one per model; the file has ${table.columns.join(', ')}`
  throw new DatasetError(table.file.path, null, fault)
}

interface RoutellmRow {
  readonly table: Table
  readonly row: TableRow
  /** Of the row in its file, from 1. */
  readonly number: number
  readonly models: readonly string[]
  readonly prices: readonly TokenPrices[]
  readonly answers: boolean
}

function readRow({ table, row, number, models, prices, answers }: RoutellmRow): SourceRow {
  const prompt = textCell(row.cell('prompt'))
  if (prompt === null) throw new CellFault("column 'prompt' is empty, expected text")
  const task = basename(table.file.path).replace(/(_responses)?\.csv(\.gz)?$/, '')
  const told = models.map(model => textCell(row.cell(model + answerMark)))
  const promptTokens = estimateTokens(prompt)
  const completionTokens = Float64Array.from(told, answer => (answer === null ? 1 : estimateTokens(answer)))
  return {
    file: table.file.path,
    place: row.place,
    id: `${task}-${number}`,
    prompt,
    task,
    split: null,
    scores: Float64Array.from(models, model => numberCell(row.cell(model), model)),
    costsUsd: Float64Array.from(prices, (price, m) =>
      tokenCostUsd(price, promptTokens, completionTokens[m] ?? 1),
    ),
    promptTokens,
    completionTokens,
    answers: answers ? told.map(answer => answer ?? '') : null,
  }
}
