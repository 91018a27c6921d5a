import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readLines } from '../read-lines.ts'
import { numberCell, objectCell, requiredText } from './cells.ts'
import { CellFault, DatasetError, datasetError } from './dataset-error.ts'
import type { DatasetReader, DatasetSource, SourceRow } from './dataset-source.ts'
import { type InputFile, inputFiles } from './input-files.ts'
import { findPrices, type PriceList, readPriceList, type TokenPrices, tokenCostUsd } from './price-list.ts'
import { parsePythonJson } from './python-text.ts'
import { createScoreTable, type ScoreTable } from './score-table.ts'

/** One answer of one model. */
interface ArenaLine {
  readonly file: string
  readonly number: number
  readonly key: string
  readonly prompt: string
  readonly model: string
  readonly score: number
  readonly promptTokens: number
  readonly completionTokens: number
  /** As the source recorded it; `NaN` without. */
  readonly recordedUsd: number
}

/**
 * RouterArena (arXiv 2510.00202): JSON Lines with one answer of one model per line (`global_index`, `question`,
 * `llm_selected`, `token_usage`, `evaluation_result`), usually a file per model, and a price list `model_cost.json`.
 */
export const routerarena: DatasetReader = {
  accepts: "RouterArena's repository, or a folder or file of its cached results in JSON Lines",
  carriesAnswers: false,
  async open(input, options) {
    const found = await inputFiles(input, {
      endings: ['.jsonl', '.jsonl.gz'],
      exclude: options.exclude,
      expected: "RouterArena's cached results, files in JSON Lines",
    })
    const cached = found.filter(({ path }) => basename(dirname(path)) === 'cached_results')
    const files = cached.length > 0 ? cached : found
    const lists = [...(options.prices === null ? [] : [options.prices]), ...(await publishedPrices(input))]
    return joined(files, lists, options.onRead)
  },
}

/** Reads the results once for their numbers; the rows then come with a second reading, which only passes the prompts through. */
async function joined(
  files: readonly InputFile[],
  lists: readonly PriceList[],
  onRead: (bytes: number) => void,
): Promise<DatasetSource> {
  const table = createScoreTable()
  const prices = new Map<string, TokenPrices | null>()
  for (const file of files) {
    for await (const line of arenaLines(file.path, onRead)) {
      if (!prices.has(line.model)) prices.set(line.model, findPrices(lists, line.model))
      // An answer that was graded is not replaced by a later one that was not.
      if (Number.isNaN(line.score) && !Number.isNaN(scoreOf(table, line))) continue
      table.add(line.model, line.key, {
        score: line.score,
        costUsd: costOf(line, prices.get(line.model) ?? null),
        promptTokens: line.promptTokens,
        completionTokens: line.completionTokens,
      })
    }
  }
  const models = [...prices.keys()]
  const priced = models.filter(model => prices.get(model) !== null)
  return {
    models,
    totalBytes: 2 * files.reduce((sum, file) => sum + file.bytes, 0),
    notes: [
      `costs are recorded token counts times list prices for ${priced.length} of ${models.length} models, those that the source recorded for the rest`,
    ],
    rows: () => arenaRows(files, table, models, onRead),
  }
}

async function* arenaRows(
  files: readonly InputFile[],
  table: ScoreTable,
  models: readonly string[],
  onRead: (bytes: number) => void,
): AsyncGenerator<SourceRow> {
  const done = new Set<string>()
  for (const file of files) {
    for await (const line of arenaLines(file.path, onRead)) {
      if (done.has(line.key)) continue
      done.add(line.key)
      yield {
        file: file.path,
        place: `line ${line.number}`,
        id: line.key,
        prompt: line.prompt,
        task: line.key.replace(/_[^_]*$/, ''),
        split: null,
        answers: null,
        ...table.take(line.key, models),
      }
    }
  }
}

function scoreOf(table: ScoreTable, line: ArenaLine): number {
  return table.take(line.key, [line.model]).scores[0] ?? Number.NaN
}

function costOf(line: ArenaLine, prices: TokenPrices | null): number {
  const listed = prices === null ? Number.NaN : tokenCostUsd(prices, line.promptTokens, line.completionTokens)
  const costUsd = Number.isNaN(listed) ? line.recordedUsd : listed
  if (!Number.isNaN(costUsd) || Number.isNaN(line.score)) return costUsd
  const fault = `no cost: '${line.model}' has no price and the line no inference_cost; give a price list with --prices FILE`
  throw new DatasetError(line.file, `line ${line.number}`, fault)
}

async function* arenaLines(path: string, onRead: (bytes: number) => void): AsyncGenerator<ArenaLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let place = 'line 1'
  try {
    for await (const { number, bytes } of readLines(path, onRead)) {
      place = `line ${number}`
      const text = decoder.decode(bytes)
      if (text.trim() !== '') yield arenaLine(path, number, text)
    }
  } catch (error) {
    throw datasetError(path, place, error)
  }
}

function arenaLine(file: string, number: number, text: string): ArenaLine {
  let parsed: unknown
  try {
    parsed = parsePythonJson(text)
  } catch {
    throw new CellFault('expected one JSON object per line, but it does not parse')
  }
  const value = objectCell(parsed, 'the line')
  const usage = objectCell(value.token_usage ?? {}, "'token_usage'")
  const result = objectCell(value.evaluation_result ?? {}, "'evaluation_result'")
  return {
    file,
    number,
    key: requiredText(value, 'global_index'),
    prompt: requiredText(value, 'question'),
    model: requiredText(value, 'llm_selected'),
    score: numberCell(result.score, 'evaluation_result.score'),
    promptTokens: numberCell(usage.input_tokens, 'token_usage.input_tokens'),
    completionTokens: numberCell(usage.output_tokens, 'token_usage.output_tokens'),
    recordedUsd: numberCell(result.inference_cost, 'evaluation_result.inference_cost'),
  }
}

/** The price lists that RouterArena keeps in `model_cost/`, beside the results or one folder up; the newer form first. */
async function publishedPrices(input: string): Promise<readonly PriceList[]> {
  const found = await stat(input)
  const folder = found.isDirectory() ? input : dirname(input)
  const lists: PriceList[] = []
  for (const base of [folder, dirname(folder)]) {
    for (const name of ['model_cost.json', 'cost.json']) {
      for (const path of [join(base, name), join(base, 'model_cost', name)]) {
        if ((await stat(path).catch(() => null)) !== null) lists.push(await readPriceList(path))
      }
    }
  }
  return lists
}
