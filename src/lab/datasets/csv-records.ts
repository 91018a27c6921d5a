import { readBytes } from '../read-lines.ts'
import { CellFault, datasetError } from './dataset-error.ts'

/** One record of a CSV file. */
export interface CsvRecord {
  /** Line on which it begins, counted from 1. */
  readonly line: number
  readonly fields: readonly string[]
}

/** Cuts CSV text that comes in pieces into records. */
export interface CsvParser {
  /** The records that end in this piece. Throws `CellFault` where the text is no CSV. */
  push(text: string): readonly CsvRecord[]
  /** The record that ends with the text, if there is one. */
  end(): readonly CsvRecord[]
  /** Line reached, counted from 1. */
  line(): number
}

/** Text longer than this without the end of its field is a quote that nobody closed. */
const longestField = 1 << 28

/** Streams the records of a CSV file (RFC 4180, UTF-8, `.gz` unpacked); blank lines are passed over. Throws `DatasetError`. */
export async function* csvRecords(path: string, onRead: (bytes: number) => void): AsyncGenerator<CsvRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const parser = createCsvParser()
  try {
    for await (const bytes of readBytes(path, onRead))
      yield* parser.push(decoder.decode(bytes, { stream: true }))
    yield* parser.push(decoder.decode())
    yield* parser.end()
  } catch (error) {
    throw datasetError(path, `line ${parser.line()}`, error)
  }
}

/** `opening` stands before a field, `closing` behind a quote that either ends the field or doubles. */
type State = 'opening' | 'plain' | 'quoted' | 'closing'

/** Parser of RFC 4180: fields in quotes hold commas, line breaks and doubled quotes; records end in CRLF, LF or CR. */
export function createCsvParser(): CsvParser {
  let state: State = 'opening'
  let field = ''
  let fields: string[] = []
  let line = 1
  let recordLine = 1
  let afterReturn = false
  let records: CsvRecord[] = []

  const endField = (): void => {
    fields.push(field)
    field = ''
    state = 'opening'
  }
  const endRecord = (): void => {
    const blank = fields.length === 0 && field === '' && state === 'opening'
    endField()
    if (!blank) records.push({ line: recordLine, fields })
    fields = []
    line++
    recordLine = line
  }
  const separator = (character: string): void => {
    if (character === ',') endField()
    else endRecord()
    afterReturn = character === '\r'
  }
  const plain = (text: string, from: number): number => {
    const end = nextSpecial(text, from)
    field += text.slice(from, end)
    const character = text[end]
    if (character === undefined) return end
    if (character === '"') throw new CellFault('a quote stands inside a field that is not quoted')
    separator(character)
    return end + 1
  }
  const quoted = (text: string, from: number): number => {
    const quote = text.indexOf('"', from)
    const end = quote < 0 ? text.length : quote
    for (let at = text.indexOf('\n', from); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) line++
    field += text.slice(from, end)
    if (field.length > longestField) throw unclosed(recordLine)
    if (quote < 0) return end
    state = 'closing'
    return end + 1
  }
  const closing = (text: string, from: number): number => {
    const character = text[from] ?? ''
    if (character === '"') {
      field += '"'
      state = 'quoted'
    } else if (character === ',' || character === '\n' || character === '\r') separator(character)
    else throw new CellFault('after the closing quote of a field, expected a comma or the end of the line')
    return from + 1
  }
  const opening = (text: string, from: number): number => {
    const character = text[from]
    if (afterReturn && character === '\n') {
      afterReturn = false
      return from + 1
    }
    afterReturn = false
    state = character === '"' ? 'quoted' : 'plain'
    if (character !== '\n' && character !== '\r') return state === 'quoted' ? from + 1 : from
    state = 'opening'
    separator(character)
    return from + 1
  }
  const steps = { opening, plain, quoted, closing } as const

  return {
    push(text) {
      records = []
      for (let at = 0; at < text.length; ) at = steps[state](text, at)
      return records
    },
    end() {
      records = []
      if (state === 'quoted') throw unclosed(recordLine)
      if (fields.length > 0 || state !== 'opening') endRecord()
      return records
    },
    line: () => line,
  }
}

function unclosed(recordLine: number): CellFault {
  return new CellFault(`the record that begins on line ${recordLine} opens a quote that is never closed`)
}

/** Position of the next comma, quote or line break; the text's length without one. */
function nextSpecial(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x2c || unit === 0x22 || unit === 0x0a || unit === 0x0d) break
  }
  return at
}
