import { basename, dirname } from 'node:path'
import { type MessageText, promptText } from '../../routing/features/prompt-text.ts'
import { numberCell, objectCell, shown, textCell } from './cells.ts'
import { CellFault, DatasetError, datasetError } from './dataset-error.ts'
import type { DatasetReader, SourceRow } from './dataset-source.ts'
import { inputFiles } from './input-files.ts'
import { jsonParts } from './json-members.ts'
import { createScoreTable } from './score-table.ts'

const noResults =
  "expected a file with an array 'records' of results that is not marked as a demo, found none"

/** One file of results: all records of one model on one split of one task. */
interface ResultFile {
  readonly path: string
  readonly bytes: number
  readonly task: string
  readonly split: string
  readonly model: string
}

/** The files of one split of one task, one per model. */
type Group = readonly ResultFile[]

/**
 * LLMRouterBench (arXiv 2601.07206): a JSON file per task, split and model, with `records` of `index`, `prompt`, `score`,
 * `prompt_tokens`, `completion_tokens` and `cost` in USD. Task by task, the records of all models are joined by index.
 */
export const llmrouterbench: DatasetReader = {
  accepts: "LLMRouterBench's folder of results, or one below it",
  carriesAnswers: false,
  async open(input, options) {
    const files = await inputFiles(input, {
      endings: ['.json', '.json.gz'],
      exclude: options.exclude,
      expected: "LLMRouterBench's results, JSON files",
    })
    const described: (ResultFile | null)[] = []
    for (const file of files) described.push(await describe(file.path, file.bytes))
    const results = described.filter(file => file !== null)
    const groups = [...Map.groupBy(newestOnly(results), file => `${file.task}/${file.split}`).values()]
    const models = [...new Set(results.map(file => file.model))].sort()
    if (models.length === 0) throw new DatasetError(input, null, noResults)
    return {
      models,
      totalBytes: groups.flat().reduce((sum, file) => sum + file.bytes, 0),
      notes: ['costs are those that LLMRouterBench recorded; models that it ran itself cost nothing there'],
      async *rows() {
        for (const group of groups) yield* groupRows(group, models, options.onRead)
      },
    }
  },
}

async function* groupRows(
  group: Group,
  models: readonly string[],
  onRead: (bytes: number) => void,
): AsyncGenerator<SourceRow> {
  const table = createScoreTable()
  for (const file of group) {
    for await (const { index, value } of records(file.path, onRead)) {
      table.add(file.model, index, {
        score: numberCell(value.score, 'score'),
        costUsd: numberCell(value.cost, 'cost'),
        promptTokens: numberCell(value.prompt_tokens, 'prompt_tokens'),
        completionTokens: numberCell(value.completion_tokens, 'completion_tokens'),
      })
    }
  }
  const done = new Set<string>()
  for (const file of group) {
    // Models answer the same prompts: where the first file has them all, the others are not read again.
    if (done.size === table.size()) return
    for await (const { number, index, value } of records(file.path, () => {})) {
      if (done.has(index)) continue
      done.add(index)
      yield {
        file: file.path,
        place: `records, item ${number}`,
        id: `${file.task}/${file.split}/${index}`,
        prompt: promptOf(value),
        task: file.task,
        split: file.split,
        answers: null,
        ...table.take(index, models),
      }
    }
  }
}

interface NumberedRecord {
  readonly number: number
  readonly index: string
  readonly value: Readonly<Record<string, unknown>>
}

async function* records(path: string, onRead: (bytes: number) => void): AsyncGenerator<NumberedRecord> {
  let number = 0
  try {
    for await (const part of jsonParts(path, 'records', onRead)) {
      if (part.kind === 'member') continue
      number = part.number
      const value = objectCell(part.value, 'the record')
      const index = textCell(value.index)
      if (index === null) throw new CellFault(`field 'index' must be a number, given ${shown(value.index)}`)
      yield { number, index, value }
    }
  } catch (error) {
    throw datasetError(path, `records, item ${number}`, error)
  }
}

/** What a file holds, by the members before its records and else by its place `TASK/SPLIT/MODEL/FILE`; `null` for a demo and without records. */
async function describe(path: string, bytes: number): Promise<ResultFile | null> {
  const told = new Map<string, unknown>()
  let holdsRecords = false
  for await (const part of jsonParts(path, 'records', () => {})) {
    holdsRecords = part.kind === 'item'
    if (part.kind === 'item') break
    told.set(part.name, part.value)
  }
  if (!holdsRecords || told.get('demo') === true) return null
  const model = dirname(path)
  const split = dirname(model)
  const text = (name: string, folder: string): string => textCell(told.get(name)) ?? basename(folder)
  return {
    path,
    bytes,
    task: text('dataset_name', dirname(split)),
    split: text('split', split),
    model: text('model_name', model),
  }
}

/** Of several runs of one model on one split the one with the latest time stamp in its name. */
function newestOnly(files: readonly ResultFile[]): readonly ResultFile[] {
  const newest = new Map<string, ResultFile>()
  for (const file of files) {
    const key = JSON.stringify([file.task, file.split, file.model])
    const other = newest.get(key)
    if (other === undefined || stampOf(file) >= stampOf(other)) newest.set(key, file)
  }
  return [...newest.values()]
}

function stampOf(file: ResultFile): string {
  return /(\d{8}_\d{6})\.json(\.gz)?$/.exec(file.path)?.[1] ?? ''
}

/** The prompt as the models were given it, else the question behind it. */
function promptOf(value: Readonly<Record<string, unknown>>): string {
  for (const field of ['prompt', 'origin_query']) {
    const prompt = value[field]
    if (typeof prompt === 'string' && prompt !== '') return prompt
    if (Array.isArray(prompt) && prompt.length > 0) return promptText(prompt.filter(isMessage))
  }
  throw new CellFault("fields 'prompt' and 'origin_query' are both empty")
}

function isMessage(value: unknown): value is MessageText {
  return typeof value === 'object' && value !== null && 'content' in value && 'role' in value
}
