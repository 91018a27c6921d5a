import { basename } from 'node:path'
import { numberCell, objectCell, textCell } from './cells.ts'
import { CellFault, DatasetError, datasetError } from './dataset-error.ts'
import type { DatasetReader, SourceRow } from './dataset-source.ts'
import { type InputFile, inputFiles } from './input-files.ts'
import { openParquet, type ParquetFile, type ParquetRow } from './parquet-rows.ts'
import { pricesForAll, type TokenPrices, tokenCostUsd } from './price-list.ts'
import { sproutPrices } from './published-prices.ts'
import { namesInOneOnly } from './table.ts'

interface SproutFile {
  readonly file: InputFile
  readonly parquet: ParquetFile
}

const texts = ['key', 'dataset', 'prompt']
const numbers = ['score', 'num_input_tokens', 'num_output_tokens']

/**
 * SPROUT (CARROT, arXiv 2502.03261): Parquet files named for their split, with `key`, `dataset`, `prompt` and per model a
 * struct of `score`, `num_input_tokens`, `num_output_tokens` and `response`. It has no costs: they are tokens times prices.
 */
export const sprout: DatasetReader = {
  accepts: "a Parquet file of SPROUT, or the folder of its splits' files",
  carriesAnswers: true,
  async open(input, options) {
    const files = await inputFiles(input, {
      endings: ['.parquet'],
      exclude: options.exclude,
      expected: "SPROUT's Parquet files",
    })
    const opened = await Promise.all(
      files.map(async file => ({ file, parquet: await openParquet(file.path) })),
    )
    const models = sameModels(opened)
    const prices = sproutPricesOf(input, models, options.prices === null ? [] : [options.prices])
    const leaves = options.answers ? [...numbers, 'response'] : numbers
    const wanted = new Set(models)
    const keep = (path: readonly string[]): boolean => {
      const [column = '', leaf] = path
      return wanted.has(column) ? leaf !== undefined && leaves.includes(leaf) : texts.includes(column)
    }
    return {
      models,
      totalBytes: files.reduce((sum, file) => sum + file.bytes, 0),
      notes: [
        options.prices === null
          ? "costs are SPROUT's token counts times the prices that its authors use; --prices FILE gives others"
          : "costs are SPROUT's token counts times the prices given",
        'in_tokens is the mean of the models’ own counts',
      ],
      async *rows() {
        for (const { file, parquet } of opened) {
          for await (const row of parquet.rows(keep, options.onRead)) {
            yield readRow({ file: file.path, row, models, prices, answers: options.answers })
          }
        }
      },
    }
  },
}

function sproutPricesOf(
  input: string,
  models: readonly string[],
  given: Parameters<typeof pricesForAll>[0],
): readonly TokenPrices[] {
  try {
    return pricesForAll([...given, sproutPrices], models)
  } catch (error) {
    throw datasetError(input, null, error)
  }
}

/** Models are the struct columns with a score; every file must have the same. */
function sameModels(opened: readonly SproutFile[]): readonly string[] {
  const [first, ...others] = opened.map(({ file, parquet }) => {
    const missing = ['key', 'prompt'].filter(column => !parquet.columns.includes(column))
    const models = parquet.columns.filter(column =>
      numbers.every(leaf => parquet.fieldsOf(column)?.includes(leaf)),
    )
    if (missing.length === 0 && models.length > 0) return { path: file.path, models }
    const fault = `expected SPROUT's columns key, prompt and a struct of ${numbers.join(', ')} per model; the file has `
    throw new DatasetError(file.path, null, fault + parquet.columns.join(', '))
  })
  if (first === undefined) return []
  for (const { path, models } of others) {
    const strangers = namesInOneOnly(models, first.models)
    if (strangers.length === 0) continue
    throw new DatasetError(path, null, `names other models than ${first.path}: ${strangers.join(', ')}`)
  }
  return first.models
}

interface SproutRow {
  readonly file: string
  readonly row: ParquetRow
  readonly models: readonly string[]
  readonly prices: readonly TokenPrices[]
  readonly answers: boolean
}

function readRow({ file, row, models, prices, answers }: SproutRow): SourceRow {
  const place = `row ${row.number}`
  try {
    const cells = models.map(model => {
      const cell = row.values[model] ?? {}
      return objectCell(cell, `column '${model}'`)
    })
    const column = (leaf: string): Float64Array =>
      Float64Array.from(cells, (cell, m) => numberCell(cell[leaf], `${models[m]}.${leaf}`))
    const promptTokens = column('num_input_tokens')
    const completionTokens = column('num_output_tokens')
    const id = textCell(row.values.key)
    const prompt = textCell(row.values.prompt)
    if (id === null || prompt === null) throw new CellFault("columns 'key' and 'prompt' must not be empty")
    return {
      file,
      place,
      id,
      prompt,
      task: textCell(row.values.dataset),
      split: splitOf(file),
      scores: column('score'),
      costsUsd: Float64Array.from(prices, (price, m) =>
        tokenCostUsd(price, promptTokens[m] ?? Number.NaN, completionTokens[m] ?? Number.NaN),
      ),
      promptTokens: mean(promptTokens),
      completionTokens,
      answers: answers ? cells.map(cell => textCell(cell.response) ?? '') : null,
    }
  } catch (error) {
    throw datasetError(file, place, error)
  }
}

/** `train-00000-of-00003.parquet` belongs to the split `train`. */
function splitOf(path: string): string | null {
  return /^(train|validation|test)\b/.exec(basename(path))?.[1] ?? null
}

function mean(values: Float64Array): number | null {
  const known = values.filter(value => !Number.isNaN(value))
  return known.length === 0 ? null : Math.round(known.reduce((sum, value) => sum + value, 0) / known.length)
}
