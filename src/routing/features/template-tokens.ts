import { DIGIT, LOWER, SPACE, WORD } from './character-table.ts'
import type { TokenCounter } from './token-counter.ts'
import { extendHash, finishHash, startHash } from './token-hash.ts'

/** Lines of a prompt that template tokens look at. */
export const TEMPLATE_LINES = 12

// Seeds that keep the families of template tokens apart.
const SHAPE = 11
const PREFIX = 12
const PREFIXES = 13
const LAST_LINE = 14
const FIRST_LINE = 15
const LINE_COUNT = 16
const PUNCTUATION = 17
const FIRST_TOKENS = 20
const LAST_TOKENS = 30

const SHAPE_LENGTH = 12
const LETTER_A = 97
const NINE = 57
const COMMA = 44

/** Where the lines of a prompt begin and end. */
export interface LineSpans {
  /** Non-blank lines, counted to the end. */
  count: number
  /** Of the first `TEMPLATE_LINES` non-blank lines. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  lastStart: number
  lastEnd: number
}

/** One prompt as the template tokens see it. */
export interface TemplateView {
  readonly text: string
  readonly lines: LineSpans
  /** Hashes of the first and of the last four tokens (words and single symbols), and how many there are. */
  readonly firstTokens: Int32Array
  readonly lastTokens: Int32Array
  readonly tokenCount: number
  /** Occurrences of ASCII symbols. */
  readonly ascii: Uint16Array
}

/**
 * Counts the tokens that recognise the template a prompt was written from: how it begins and ends,
 * the shapes and prefixes of its lines, how many lines it has and which symbols it uses.
 */
export function countTemplateTokens(view: TemplateView, table: Int32Array, counter: TokenCounter): void {
  const { text, lines } = view
  countEdgeTokens(view, counter)
  const listed = Math.min(lines.count, TEMPLATE_LINES)
  let prefixes = startHash(PREFIXES)
  for (let line = 0; line < listed; line++) {
    const start = lines.starts[line] ?? 0
    const end = lines.ends[line] ?? 0
    counter.addTemplate(shapeHash(text, start, end, table))
    const prefix = prefixHash(text, start, end, table)
    counter.addTemplate(prefix)
    if (line >= 1 && line <= 3) prefixes = extendHash(prefixes, prefix)
  }
  if (listed > 1) counter.addTemplate(finishHash(prefixes))
  counter.addTemplate(finishHash(extendHash(startHash(LINE_COUNT), listed)))
  if (lines.count > 0) {
    const firstStart = lines.starts[0] ?? 0
    const firstEnd = Math.min(lines.ends[0] ?? 0, firstStart + 30)
    counter.addTemplate(spanHash(text, firstStart, firstEnd, table, FIRST_LINE))
    const lastEnd = Math.min(lines.lastEnd, lines.lastStart + 60)
    counter.addTemplate(spanHash(text, lines.lastStart, lastEnd, table, LAST_LINE))
  }
  counter.addTemplate(punctuationHash(view.ascii))
}

function countEdgeTokens(view: TemplateView, counter: TokenCounter): void {
  const length = Math.min(4, view.tokenCount)
  let first = startHash(FIRST_TOKENS)
  let last = startHash(LAST_TOKENS)
  for (let i = 0; i < length; i++) {
    first = extendHash(first, view.firstTokens[i] ?? 0)
    counter.addTemplate(finishHash(first))
    last = extendHash(last, view.lastTokens[i] ?? 0)
    counter.addTemplate(finishHash(last))
  }
}

/** Letters, spaces and commas in a row become one `a`, digits in a row one `9`; the first 12 symbols count. */
function shapeHash(text: string, start: number, end: number, table: Int32Array): number {
  let hash = startHash(SHAPE)
  let previous = 0
  let length = 0
  for (let i = start; i < end && length < SHAPE_LENGTH; i++) {
    const unit = text.charCodeAt(i)
    const bits = table[unit] ?? 0
    let symbol = unit
    if ((bits & DIGIT) !== 0) symbol = NINE
    else if ((bits & (WORD | SPACE)) !== 0 || unit === COMMA) symbol = LETTER_A
    if (symbol === previous && (symbol === LETTER_A || symbol === NINE)) continue
    hash = extendHash(hash, symbol)
    previous = symbol
    length++
  }
  return finishHash(hash)
}

/** Leading symbols, up to two word characters, and one symbol more: `A)`, `- x`, `12.`. */
function prefixHash(text: string, start: number, end: number, table: Int32Array): number {
  let hash = startHash(PREFIX)
  let i = start
  while (i < end && ((table[text.charCodeAt(i)] ?? 0) & WORD) === 0) {
    hash = extendHash(hash, text.charCodeAt(i++))
  }
  for (let taken = 0; taken < 2 && i < end; taken++) {
    const unit = text.charCodeAt(i)
    if (((table[unit] ?? 0) & WORD) === 0) break
    hash = extendHash(hash, unit)
    i++
  }
  if (i < end && ((table[text.charCodeAt(i)] ?? 0) & WORD) === 0) {
    hash = extendHash(hash, text.charCodeAt(i))
  }
  return finishHash(hash)
}

function spanHash(text: string, start: number, end: number, table: Int32Array, seed: number): number {
  let hash = startHash(seed)
  for (let i = start; i < end; i++) hash = extendHash(hash, (table[text.charCodeAt(i)] ?? 0) & LOWER)
  return finishHash(hash)
}

/** Which ASCII symbols occur, as a set: the first 20 in code order. */
function punctuationHash(ascii: Uint16Array): number {
  let hash = startHash(PUNCTUATION)
  let length = 0
  for (let unit = 33; unit < 127 && length < 20; unit++) {
    if ((ascii[unit] ?? 0) === 0) continue
    hash = extendHash(hash, unit)
    length++
  }
  return finishHash(hash)
}
