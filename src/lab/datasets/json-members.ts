import { readBytes } from '../read-lines.ts'
import { CellFault, datasetError } from './dataset-error.ts'
import { parsePythonJson } from './python-text.ts'

/** A part of a large JSON object: one of its members, or one item of the array that is streamed. */
export type JsonPart =
  | { readonly kind: 'member'; readonly name: string; readonly value: unknown }
  | { readonly kind: 'item' /** From 1. */; readonly number: number; readonly value: unknown }

/** Cuts a JSON object that comes in pieces into its parts. */
export interface JsonSplitter {
  push(bytes: Uint8Array): readonly JsonPart[]
  /** Throws `CellFault` where the object is not complete. */
  end(): void
  /** Items given out. */
  items(): number
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openArray = 0x5b
const closeArray = 0x5d
const openObject = 0x7b
const closeObject = 0x7d

/**
 * Streams a file that holds one JSON object with a long array in its member `arrayName`: items come one by one, the other
 * members as they pass; nothing but the part at hand is in memory. Throws `DatasetError`.
 */
export async function* jsonParts(
  path: string,
  arrayName: string,
  onRead: (bytes: number) => void,
): AsyncGenerator<JsonPart> {
  const splitter = createJsonSplitter(arrayName)
  try {
    for await (const bytes of readBytes(path, onRead)) yield* splitter.push(bytes)
    splitter.end()
  } catch (error) {
    throw datasetError(path, `${arrayName}, item ${splitter.items() + 1}`, error)
  }
}

/** Splitter of a JSON object along the commas of its own level and of the streamed array's. */
export function createJsonSplitter(arrayName: string): JsonSplitter {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let depth = 0
  let inString = false
  let escaped = false
  let inArray = false
  let items = 0
  let pieces: Uint8Array[] = []
  let parts: JsonPart[] = []

  const takeText = (last: Uint8Array): string => {
    const text = decoder.decode(pieces.length === 0 ? last : Buffer.concat([...pieces, last]))
    pieces = []
    return text
  }
  const emit = (text: string): void => {
    if (text.trim() === '') return
    if (inArray) {
      parts.push({ kind: 'item', number: items + 1, value: parse(text) })
      items++
      return
    }
    const [member] = Object.entries(parse(`{${text}}`) as Readonly<Record<string, unknown>>)
    if (member !== undefined) parts.push({ kind: 'member', name: member[0], value: member[1] })
  }
  /** Whether the array that opens here is the one to stream. */
  const opensArray = (byte: number, text: string): boolean =>
    byte === openArray && depth === 1 && text.trim().replace(/\s*:$/, '') === JSON.stringify(arrayName)

  return {
    push(bytes) {
      parts = []
      let from = 0
      for (let at = 0; at < bytes.length; at++) {
        const byte = bytes[at] ?? 0
        if (inString) {
          if (escaped) escaped = false
          else if (byte === backslash) escaped = true
          else if (byte === quote) inString = false
        } else if (byte === quote) inString = true
        else if (byte === openObject || byte === openArray) {
          if (depth === 0) {
            if (byte !== openObject) throw new CellFault('expected a JSON object, given an array')
            from = at + 1
          } else if (byte === openArray && depth === 1) {
            const text = takeText(bytes.subarray(from, at))
            from = at
            inArray = opensArray(byte, text)
            if (inArray) from = at + 1
            else pieces = [Buffer.from(text)]
          }
          depth++
        } else if (byte === closeObject || byte === closeArray) {
          depth--
          if (depth === 0 || (inArray && depth === 1)) {
            emit(takeText(bytes.subarray(from, at)))
            inArray = false
            from = at + 1
          }
        } else if (byte === comma && depth === (inArray ? 2 : 1)) {
          emit(takeText(bytes.subarray(from, at)))
          from = at + 1
        }
      }
      if (depth > 0) pieces.push(Buffer.from(bytes.subarray(from)))
      return parts
    },
    end() {
      if (depth > 0 || inString)
        throw new CellFault('the file ends in the middle of its JSON; is it a whole download?')
    },
    items: () => items,
  }
}

function parse(text: string): unknown {
  try {
    return parsePythonJson(text)
  } catch {
    throw new CellFault('does not parse as JSON')
  }
}
