import { numberCell, textCell } from './cells.ts'
import { CellFault, DatasetError } from './dataset-error.ts'
import type { DatasetReader, SourceRow } from './dataset-source.ts'
import { inputFiles } from './input-files.ts'
import { pythonListText } from './python-text.ts'
import { expectColumns, expectSameModels, mapRows, openTable, type Table, type TableRow } from './table.ts'

const costMark = '|total_cost'
const answerMark = '|model_response'

/**
 * RouterBench (arXiv 2403.12031): one row per prompt with `sample_id`, `prompt`, `eval_name` and per model a column of its
 * score, `MODEL|model_response` and `MODEL|total_cost` in USD. Published as a pickle, used as CSV or Parquet.
 */
export const routerbench: DatasetReader = {
  accepts: 'a CSV or Parquet file of RouterBench, or a folder of them',
  carriesAnswers: true,
  async open(input, options) {
    const files = await inputFiles(input, {
      endings: ['.csv', '.csv.gz', '.parquet'],
      exclude: options.exclude,
      expected: 'RouterBench as CSV or Parquet',
    })
    const tables = await Promise.all(files.map(openTable))
    const models = modelsOf(tables[0])
    expectSameModels(tables, modelsOf)
    return {
      models,
      totalBytes: files.reduce((sum, file) => sum + file.bytes, 0),
      notes: ['costs are those that RouterBench recorded'],
      async *rows() {
        const columns = [
          ...['sample_id', 'prompt', 'eval_name'],
          ...models.flatMap(model => [model, model + costMark]),
          ...(options.answers ? models.map(model => model + answerMark) : []),
        ]
        for (const table of tables) {
          expectColumns(table, columns)
          yield* mapRows(table, columns, options.onRead, row => readRow(table, row, models, options.answers))
        }
      },
    }
  },
}

/** Models are the columns that have a column of costs beside them. */
function modelsOf(table: Table | undefined): readonly string[] {
  if (table === undefined) return []
  const models = table.columns.filter(column => table.columns.includes(column + costMark))
  if (models.length > 0) return models
  const fault = "expected RouterBench's columns MODEL and MODEL|total_cost, found none"
  throw new DatasetError(table.file.path, null, fault)
}

function readRow(table: Table, row: TableRow, models: readonly string[], answers: boolean): SourceRow {
  const id = textCell(row.cell('sample_id'))
  if (id === null) throw new CellFault("column 'sample_id' is empty, expected text")
  const text = (column: string): string => conversationText(row.cell(column))
  const numbers = (mark: string): Float64Array =>
    Float64Array.from(models, model => numberCell(row.cell(model + mark), model + mark))
  return {
    file: table.file.path,
    place: row.place,
    id,
    prompt: text('prompt'),
    task: textCell(row.cell('eval_name')),
    split: null,
    scores: numbers(''),
    costsUsd: numbers(costMark),
    promptTokens: null,
    completionTokens: null,
    answers: answers ? models.map(model => text(model + answerMark)) : null,
  }
}

/** A text, a list of texts, or a list of texts as Python writes it: the turns of the conversation, joined by line breaks. */
function conversationText(value: unknown): string {
  if (Array.isArray(value)) return value.map(part => textCell(part) ?? '').join('\n')
  const text = textCell(value) ?? ''
  return pythonListText(text) ?? text
}
