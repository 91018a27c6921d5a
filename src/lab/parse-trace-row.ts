import { promptText } from '../routing/features/prompt-text.ts'
import { type ModelId, modelId } from '../routing/model.ts'
import type { TraceRow } from './trace.ts'

/** How a line becomes a row. */
export interface RowRules {
  /** The models of the rows before; `null` for the first row, which fixes them. */
  readonly models: readonly ModelId[] | null
  /** Scores of at least this value count as 1 and others as 0; `null` keeps them as they are. */
  readonly satisfiedAt: number | null
}

/** What is wrong with a line, without its place: what was given and what was expected. */
export class RowFault extends Error {}

/** Parses and checks one line of a trace. Throws `RowFault`. */
export function parseTraceRow(line: string, rules: RowRules): { row: TraceRow; models: readonly ModelId[] } {
  const value = parseObject(line)
  const models = rules.models ?? namesOf(objectField(value, 'scores'))
  const scores = perModel(value, 'scores', models, { min: 0, max: 1, complete: true })
  const costsUsd = perModel(value, 'costs', models, { min: 0, max: Number.MAX_VALUE, complete: true })
  const positive = { min: 0, max: Number.MAX_VALUE, complete: false }
  const row: TraceRow = {
    id: requiredText(value, 'id'),
    prompt: promptOf(value),
    scores: rules.satisfiedAt === null ? scores : thresholded(scores, rules.satisfiedAt),
    costsUsd,
    task: optionalText(value, 'task'),
    split: optionalText(value, 'split'),
    promptTokens: optionalCount(value, 'in_tokens'),
    completionTokens: isAbsent(value.out_tokens) ? null : perModel(value, 'out_tokens', models, positive),
    latencyMs: isAbsent(value.latency_ms) ? null : perModel(value, 'latency_ms', models, positive),
    answers: isAbsent(value.answers) ? null : answersOf(objectField(value, 'answers'), models),
  }
  return { row, models }
}

type JsonObject = Readonly<Record<string, unknown>>

function parseObject(line: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    // The parser's own message quotes the text, and prompts have no place in messages.
    const [, position] = / at position (\d+)/.exec(String(error)) ?? []
    const where = position === undefined ? '' : ` (at character ${Number(position) + 1})`
    throw new RowFault(`expected one JSON object per line, but the line is not valid JSON${where}`)
  }
  if (!isObject(value)) throw new RowFault(`expected a JSON object, given ${shown(value)}`)
  return value
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function objectField(value: JsonObject, field: string): JsonObject {
  const inner = value[field]
  if (isObject(inner)) return inner
  throw new RowFault(`field '${field}' must be an object with one entry per model, given ${shown(inner)}`)
}

function namesOf(scores: JsonObject): readonly ModelId[] {
  const names = Object.keys(scores)
  if (names.length === 0) throw new RowFault("field 'scores' must name at least one model, given {}")
  if (names.includes('')) throw new RowFault("field 'scores' names a model '', expected a non-empty name")
  return names.map(modelId)
}

interface Range {
  readonly min: number
  readonly max: number
  /** Every model must have a value; otherwise a missing one becomes NaN. */
  readonly complete: boolean
}

function perModel(value: JsonObject, field: string, models: readonly ModelId[], range: Range): Float64Array {
  const entries = objectField(value, field)
  refuseStrangers(entries, field, models)
  return Float64Array.from(models, model => {
    const entry = Object.hasOwn(entries, model) ? entries[model] : undefined
    if (entry === undefined && !range.complete) return Number.NaN
    if (entry === undefined) {
      throw new RowFault(
        `field '${field}' lacks model '${model}'; every row must name the same ${models.length} models`,
      )
    }
    if (typeof entry === 'number' && entry >= range.min && entry <= range.max) return entry
    const expected = range.max === 1 ? 'a number from 0 to 1' : 'a finite number, 0 or more'
    throw new RowFault(`field '${field}' of model '${model}' must be ${expected}, given ${shown(entry)}`)
  })
}

function refuseStrangers(entries: JsonObject, field: string, models: readonly ModelId[]): void {
  const known: ReadonlySet<string> = new Set(models)
  const stranger = Object.keys(entries).find(name => !known.has(name))
  if (stranger === undefined) return
  throw new RowFault(
    `field '${field}' names model '${stranger}', which the rows before (or 'scores') do not name`,
  )
}

function answersOf(entries: JsonObject, models: readonly ModelId[]): readonly string[] {
  refuseStrangers(entries, 'answers', models)
  return models.map(model => {
    const answer = Object.hasOwn(entries, model) ? entries[model] : ''
    if (typeof answer === 'string') return answer
    throw new RowFault(`field 'answers' of model '${model}' must be text, given ${shown(answer)}`)
  })
}

function promptOf(value: JsonObject): string {
  const { prompt, messages } = value
  if (isAbsent(prompt) === isAbsent(messages)) {
    throw new RowFault(
      `expected exactly one of 'prompt' and 'messages', given ${isAbsent(prompt) ? 'neither' : 'both'}`,
    )
  }
  if (isAbsent(messages)) {
    if (typeof prompt === 'string') return prompt
    throw new RowFault(`field 'prompt' must be text, given ${shown(prompt)}`)
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new RowFault(`field 'messages' must be a non-empty list, given ${shown(messages)}`)
  }
  messages.forEach(checkMessage)
  return promptText(messages)
}

function checkMessage(message: unknown, index: number): void {
  if (!isObject(message) || typeof message.role !== 'string') {
    throw new RowFault(`messages[${index}] must be an object with a role, given ${shown(message)}`)
  }
  const content = message.content
  const parts = Array.isArray(content) && content.every(isObject)
  if (typeof content === 'string' || isAbsent(content) || parts) return
  throw new RowFault(`messages[${index}].content must be text or a list of parts, given ${shown(content)}`)
}

function requiredText(value: JsonObject, field: string): string {
  const text = value[field]
  if (typeof text === 'string' && text !== '') return text
  throw new RowFault(`field '${field}' must be non-empty text, given ${shown(text)}`)
}

function optionalText(value: JsonObject, field: string): string | null {
  const text = value[field]
  if (isAbsent(text)) return null
  if (typeof text === 'string') return text
  throw new RowFault(`field '${field}' must be text, given ${shown(text)}`)
}

function optionalCount(value: JsonObject, field: string): number | null {
  const count = value[field]
  if (isAbsent(count)) return null
  if (typeof count === 'number' && Number.isFinite(count) && count >= 0) return count
  throw new RowFault(`field '${field}' must be a number, 0 or more, given ${shown(count)}`)
}

function thresholded(scores: Float64Array, satisfiedAt: number): Float64Array {
  return scores.map(score => (score >= satisfiedAt ? 1 : 0))
}

/** A value as it stands in an error message: never long, and never the text of a prompt. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string')
    return value.length > 20 ? `text of ${value.length} characters` : JSON.stringify(value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
