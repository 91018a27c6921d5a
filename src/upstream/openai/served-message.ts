import { EventReader, eventData } from './event-reader.ts'
import { isObject } from './from-wire.ts'

type JsonObject = Readonly<Record<string, unknown>>

const EVENT_LIMIT_BYTES = 16 * 1024 * 1024
const TEXT_FIELDS = ['content', 'refusal', 'reasoning', 'reasoning_content']
const MOST_TOOL_CALLS = 128

/** What was served, as one message; `cut` where it was longer than the limit. */
export interface ServedMessage {
  readonly message: JsonObject | null
  readonly cut: boolean
}

/** The message of the first choice of a complete answer, `null` where the body holds none. Only a longer one is taken apart. */
export function messageOf(body: Uint8Array, limitCharacters: number): ServedMessage {
  const document = parseObject(Buffer.from(body).toString('utf8'))
  const choices = document?.choices
  const message = Array.isArray(choices) && isObject(choices[0]) ? choices[0].message : null
  if (!isObject(message)) return { message: null, cut: false }
  if (body.length <= limitCharacters) return { message, cut: false }
  const shortened = new StreamedMessage(limitCharacters)
  shortened.add(message)
  return shortened.cut ? { message: shortened.read(), cut: true } : { message, cut: false }
}

/** Puts the message of a streamed answer together while it passes. */
export interface MessageAssembler {
  /** Takes the next bytes of the stream, cut anywhere. */
  push(bytes: Uint8Array): void
  /** The first choice's message as far as it came. */
  read(): ServedMessage
}

/** @param limitCharacters most characters that are kept of the message; the wire around them counts for nothing */
export function assembleMessage(limitCharacters: number): MessageAssembler {
  const reader = new EventReader(EVENT_LIMIT_BYTES)
  const message = new StreamedMessage(limitCharacters)
  const take = (event: Buffer): void => {
    const chunk = parseObject(eventData(event) ?? '')
    if (!Array.isArray(chunk?.choices)) return
    for (const choice of chunk.choices)
      if (isObject(choice) && (choice.index ?? 0) === 0 && isObject(choice.delta)) message.add(choice.delta)
  }
  return {
    push: bytes => reader.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), take),
    read() {
      reader.end(take)
      return { message: message.read(), cut: message.cut }
    },
  }
}

interface ToolCall {
  readonly id: string
  readonly name: string
  readonly args: string
}

class StreamedMessage {
  readonly #texts = new Map<string, string>()
  readonly #calls = new Map<number, ToolCall>()
  #left: number

  constructor(limitCharacters: number) {
    this.#left = limitCharacters
  }

  get cut(): boolean {
    return this.#left < 0
  }

  add(delta: JsonObject): void {
    if (this.cut) return
    for (const field of TEXT_FIELDS) {
      const text = this.#within(delta[field])
      if (text !== '') this.#texts.set(field, (this.#texts.get(field) ?? '') + text)
    }
    if (this.cut || !Array.isArray(delta.tool_calls)) return
    for (const call of delta.tool_calls) if (isObject(call)) this.#addCall(call)
  }

  read(): JsonObject {
    const calls = [...this.#calls].sort(([a], [b]) => a - b)
    const toolCalls = calls.map(([, { id, name, args }]) => ({
      id,
      type: 'function',
      function: { name, arguments: args },
    }))
    return {
      role: 'assistant',
      content: null,
      ...Object.fromEntries(this.#texts),
      ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    }
  }

  #addCall(call: JsonObject): void {
    const index = typeof call.index === 'number' ? call.index : this.#calls.size
    if (!(Number.isInteger(index) && index >= 0 && index < MOST_TOOL_CALLS)) return
    const own = isObject(call.function) ? call.function : {}
    const known = this.#calls.get(index) ?? { id: '', name: '', args: '' }
    this.#calls.set(index, {
      id: known.id + this.#within(call.id),
      name: known.name + this.#within(own.name),
      args: known.args + this.#within(own.arguments),
    })
  }

  /** As much of a text as still fits. */
  #within(value: unknown): string {
    if (typeof value !== 'string' || value === '' || this.#left < 0) return ''
    const text = value.slice(0, this.#left)
    this.#left = value.length > this.#left ? -1 : this.#left - value.length
    return text
  }
}

function parseObject(text: string): JsonObject | null {
  try {
    const document: unknown = JSON.parse(text)
    return isObject(document) ? document : null
  } catch {
    return null
  }
}
