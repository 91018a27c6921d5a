import { GatewayError } from '../../inference/errors.ts'
import type { InferenceRequest } from '../../inference/inference-request.ts'
import { requiredCapabilities } from './requirements.ts'
import { type Patch, splice, topLevelString, topLevelValues } from './splice.ts'

type JsonObject = Readonly<Record<string, unknown>>

const STREAM_OPTIONS = Buffer.from('"stream_options":')
const COMMA = Buffer.from(',')

/** A message as far as routing reads it. */
export interface ChatMessage {
  readonly role: string
  readonly content: unknown
}

/** A chat completion request, checked as far as routing depends on it; everything else is the provider's to judge. */
export interface ChatRequest {
  readonly model: string
  readonly messages: readonly ChatMessage[]
  /** The client wants the usage at the end of its stream. */
  readonly includeUsage: boolean
  readonly body: JsonObject
  readonly bodyBytes: number
  readonly inference: InferenceRequest
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const shown = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string'
  return typeof value === 'object' ? 'an object' : `${typeof value === 'number' ? value : typeof value}`
}

function invalid(param: string, expected: string, given: unknown): GatewayError {
  const was = given === undefined ? 'it is missing' : `${shown(given)} was given`
  return new GatewayError('invalid_request', `${param} must be ${expected}, but ${was}`, { param })
}

/** Reads a request body. Throws `invalid_request` with the path of the first field that is wrong. */
export function parseChatRequest(raw: Buffer): ChatRequest {
  const body = parseJson(raw)
  const model = body.model
  if (typeof model !== 'string' || model === '')
    throw invalid('model', 'a non-empty string, for example "auto"', model)
  const messages = checkMessages(body.messages)
  const stream = optional(body, 'stream', 'boolean') ?? false
  const options = body.stream_options
  if (options !== undefined && options !== null && !isObject(options))
    throw invalid('stream_options', 'an object', options)
  checkFields(body)
  const includeUsage = stream && isObject(options) && options.include_usage === true
  const limit = body.max_completion_tokens ?? body.max_tokens ?? null
  return {
    model,
    messages,
    includeUsage,
    body,
    bodyBytes: raw.length,
    inference: {
      protocol: 'openai',
      stream,
      requires: requiredCapabilities(body, messages),
      maxOutputTokens: typeof limit === 'number' ? limit : null,
      body: (upstreamModel, measureUsage) =>
        rewrite(raw, upstreamModel, stream && measureUsage && !includeUsage ? { given: options } : null),
    },
  }
}

function parseJson(raw: Buffer): JsonObject {
  let body: unknown
  try {
    body = JSON.parse(raw.toString('utf8'))
  } catch (cause) {
    // The parser's own message quotes the body, and a body is private: only the position is told.
    const position = cause instanceof Error ? /position (\d+)/.exec(cause.message)?.[1] : undefined
    const where = position === undefined ? '' : ` (at character ${position})`
    const what = raw.length === 0 ? 'the body is empty' : `the body is not valid JSON${where}`
    throw new GatewayError(
      'invalid_request',
      `${what}; send a JSON object with content-type application/json`,
    )
  }
  if (!isObject(body))
    throw new GatewayError('invalid_request', `the body must be a JSON object, but ${shown(body)} was given`)
  return body
}

function checkMessages(messages: unknown): readonly ChatMessage[] {
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid('messages', 'a non-empty array', messages)
  for (let i = 0; i < messages.length; i++) checkMessage(messages[i], `messages[${i}]`)
  return messages as readonly ChatMessage[]
}

function checkMessage(message: unknown, path: string): void {
  if (!isObject(message)) throw invalid(path, 'an object', message)
  const role = message.role
  if (typeof role !== 'string' || role === '') throw invalid(`${path}.role`, 'a non-empty string', role)
  const content = message.content
  if (typeof content === 'string') return
  if (Array.isArray(content)) {
    for (let i = 0; i < content.length; i++)
      if (!isObject(content[i])) throw invalid(`${path}.content[${i}]`, 'an object with a type', content[i])
    return
  }
  // An assistant's turn may consist of tool calls, a refusal or audio alone.
  const empty = content === undefined || content === null
  if (!(empty && role === 'assistant'))
    throw invalid(`${path}.content`, 'a string or an array of parts', content)
}

function optional(body: JsonObject, param: string, type: 'boolean'): boolean | null {
  const value = body[param]
  if (value === undefined || value === null) return null
  if (typeof value !== type) throw invalid(param, `a ${type}`, value)
  return value === true
}

function checkFields(body: JsonObject): void {
  for (const param of ['max_tokens', 'max_completion_tokens', 'n'])
    checkNumber(body, param, value => Number.isInteger(value) && value >= 1, 'a whole number, 1 or more')
  for (const param of ['temperature', 'top_p'])
    checkNumber(body, param, value => value >= 0, 'a number, 0 or more')
  const tools = body.tools
  if (tools !== undefined && tools !== null) {
    if (!Array.isArray(tools)) throw invalid('tools', 'an array', tools)
    for (let i = 0; i < tools.length; i++)
      if (!isObject(tools[i])) throw invalid(`tools[${i}]`, 'an object', tools[i])
  }
  const format = body.response_format
  if (format !== undefined && format !== null && !isObject(format))
    throw invalid('response_format', 'an object', format)
}

function checkNumber(
  body: JsonObject,
  param: string,
  test: (value: number) => boolean,
  expected: string,
): void {
  const value = body[param]
  if (value === undefined || value === null) return
  if (typeof value !== 'number' || !test(value)) throw invalid(param, expected, value)
}

/** @param ask a stream's options as given, when they must be made to ask for usage; `null` to leave them */
function rewrite(raw: Buffer, upstreamModel: string, ask: { readonly given: unknown } | null): Buffer {
  const model = Buffer.from(JSON.stringify(upstreamModel))
  const patches: Patch[] = topLevelString(raw, 'model').map(span => ({ ...span, bytes: model }))
  if (ask === null) return splice(raw, patches)
  const options = { ...(isObject(ask.given) ? ask.given : {}), include_usage: true }
  const bytes = Buffer.from(JSON.stringify(options))
  if (ask.given === undefined) {
    const start = raw.indexOf('{') + 1
    patches.unshift({ start, end: start, bytes: Buffer.concat([STREAM_OPTIONS, bytes, COMMA]) })
  } else {
    patches.push(...topLevelValues(raw, 'stream_options').map(span => ({ ...span, bytes })))
    patches.sort((a, b) => a.start - b.start)
  }
  return splice(raw, patches)
}
