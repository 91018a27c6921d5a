import { DIGIT, FOREIGN, IDEOGRAPH, LOWER, SPACE, UNDERSCORE, UPPER, WORD } from './character-table.ts'
import { createCueWords } from './cue-words.ts'
import { CUES, createTally, type PromptTally, resetTally } from './prompt-statistics.ts'
import { countTemplateTokens, type LineSpans, TEMPLATE_LINES } from './template-tokens.ts'
import type { TokenCounter } from './token-counter.ts'
import { extendHash, finishHash, hashWord, startHash } from './token-hash.ts'

const LINE_BREAK = 10
const UNDERSCORE_UNIT = 95
const BACKTICK = 96
const FULL_STOP = 46
const QUESTION_MARK = 63
const EXCLAMATION_MARK = 33
const OPENING_PARENTHESIS = 40
const CLOSING_PARENTHESIS = 41
const COLON = 58
const LETTER_A = 65
const LETTER_E = 69
const LONG_WORD = 8
const DEF = hashWord('def')

/**
 * Reads a prompt once, character by character: words are hashed while they are scanned, and what the statistics
 * and template tokens need is tallied on the way. Scratch memory is reused from prompt to prompt.
 */
export class PromptScanner {
  readonly #table: Int32Array
  readonly #counter: TokenCounter
  readonly #cueWords = createCueWords()
  readonly #tally: PromptTally = createTally()
  readonly #lines: LineSpans = {
    count: 0,
    starts: new Int32Array(TEMPLATE_LINES),
    ends: new Int32Array(TEMPLATE_LINES),
    lastStart: 0,
    lastEnd: 0,
  }
  readonly #firstTokens = new Int32Array(4)
  /** Hashes of the last four tokens and of the last three words, latest first. */
  readonly #lastTokens = new Int32Array(4)
  readonly #lastWords = new Int32Array(3)
  #tokenCount = 0
  /** First and last visible character of the current line; -1 while it is blank. */
  #lineStart = -1
  #lineEnd = 0
  #firstOption = -1

  constructor(table: Int32Array, counter: TokenCounter) {
    this.#table = table
    this.#counter = counter
  }

  /** Counts the tokens of a text into the counter and returns its tally, valid until the next scan. */
  scan(text: string): PromptTally {
    this.#reset()
    const table = this.#table
    const length = text.length
    let at = 0
    while (at < length) {
      const unit = text.charCodeAt(at)
      const bits = table[unit] ?? 0
      if ((bits & WORD) === 0) {
        this.#symbol(text, at, unit, bits)
        at++
      } else if ((bits & IDEOGRAPH) !== 0) {
        this.#ideograph(unit, at)
        at++
      } else at = this.#word(text, at)
    }
    this.#finish(text)
    return this.#tally
  }

  #reset(): void {
    resetTally(this.#tally)
    this.#lines.count = 0
    this.#tokenCount = 0
    this.#firstTokens.fill(0)
    this.#lastTokens.fill(0)
    this.#lastWords.fill(0)
    this.#lineStart = -1
    this.#firstOption = -1
  }

  /** Scans one run of word characters and returns the position after it. */
  #word(text: string, start: number): number {
    const table = this.#table
    const length = text.length
    let hash = startHash()
    let seen = 0
    let at = start
    let bits = table[text.charCodeAt(at)] ?? 0
    const first = bits
    do {
      hash = extendHash(hash, bits & LOWER)
      seen |= bits
      at++
      bits = at < length ? (table[text.charCodeAt(at)] ?? 0) : 0
    } while ((bits & (WORD | IDEOGRAPH)) === WORD)
    if ((seen & (DIGIT | UPPER | FOREIGN | UNDERSCORE)) !== 0) this.#countRare(text, start, at)
    if ((seen & DIGIT) !== 0) this.#number(text, start, at)
    if (at - start >= LONG_WORD) this.#tally.longWords++
    if ((first & UPPER) !== 0) this.#tally.capitalisedWords++
    this.#endWord(finishHash(hash), start, at)
    if (at - start === 1) this.#option(text, start)
    return at
  }

  /** Counts what most words have none of, kept out of the inner loop. */
  #countRare(text: string, start: number, end: number): void {
    const tally = this.#tally
    for (let at = start; at < end; at++) {
      const bits = this.#table[text.charCodeAt(at)] ?? 0
      if ((bits & DIGIT) !== 0) tally.digits++
      else if ((bits & UPPER) !== 0) tally.capitals++
      if ((bits & FOREIGN) !== 0) tally.nonAscii++
      if ((bits & UNDERSCORE) !== 0) tally.ascii[UNDERSCORE_UNIT] = (tally.ascii[UNDERSCORE_UNIT] ?? 0) + 1
    }
  }

  #ideograph(unit: number, at: number): void {
    this.#tally.ideographs++
    this.#tally.nonAscii++
    this.#endWord(finishHash(extendHash(startHash(), unit)), at, at + 1)
  }

  #endWord(hash: number, start: number, end: number): void {
    const tally = this.#tally
    tally.words++
    tally.wordCharacters += end - start
    this.#counter.addWord(hash)
    const words = this.#lastWords
    tally.cues |= this.#cueWords.match(hash, words)
    words[2] = words[1] ?? 0
    words[1] = words[0] ?? 0
    words[0] = hash
    this.#token(hash)
    this.#visible(start, end)
  }

  #symbol(text: string, at: number, unit: number, bits: number): void {
    const tally = this.#tally
    if ((bits & FOREIGN) === 0) tally.ascii[unit] = (tally.ascii[unit] ?? 0) + 1
    else {
      tally.nonAscii++
      if (unit > 0x2e80) tally.ideographs++
    }
    if ((bits & SPACE) !== 0) {
      if (unit === LINE_BREAK) this.#endLine()
      else if (this.#lastWords[0] === (DEF | 0)) tally.cues |= CUES.code
      return
    }
    this.#token(finishHash(extendHash(startHash(), unit)))
    this.#visible(at, at + 1)
    if (unit === FULL_STOP || unit === QUESTION_MARK || unit === EXCLAMATION_MARK) {
      if (at + 1 >= text.length || this.#isSpace(text, at + 1)) tally.sentences++
    } else if (
      unit === BACKTICK &&
      text.charCodeAt(at + 1) === BACKTICK &&
      text.charCodeAt(at + 2) === BACKTICK
    ) {
      tally.cues |= CUES.code
    }
  }

  /** A single letter A to E set off like an option: `A) `, `(B) `, `C. `, `D: `. */
  #option(text: string, at: number): void {
    const unit = text.charCodeAt(at)
    if (unit < LETTER_A || unit > LETTER_E) return
    const after = text.charCodeAt(at + 1)
    if (after !== CLOSING_PARENTHESIS && after !== FULL_STOP && after !== COLON) return
    if (at + 2 < text.length && !this.#isSpace(text, at + 2)) return
    const before = at > 0 && text.charCodeAt(at - 1) === OPENING_PARENTHESIS ? at - 2 : at - 1
    if (before >= 0 && !this.#isSpace(text, before)) return
    this.#tally.optionMarkers++
    if (this.#firstOption < 0) this.#firstOption = at
  }

  #number(text: string, start: number, end: number): void {
    const tally = this.#tally
    let value = -1
    for (let at = start; at <= end; at++) {
      const digit = at < end ? text.charCodeAt(at) - 48 : -1
      if (digit >= 0 && digit <= 9) value = Math.max(0, value) * 10 + digit
      else if (value >= 0) {
        tally.numbers++
        if (value > tally.largestNumber) tally.largestNumber = value
        value = -1
      }
    }
  }

  #token(hash: number): void {
    if (this.#tokenCount < 4) this.#firstTokens[this.#tokenCount] = hash
    this.#tokenCount++
    const last = this.#lastTokens
    last[3] = last[2] ?? 0
    last[2] = last[1] ?? 0
    last[1] = last[0] ?? 0
    last[0] = hash
  }

  #visible(start: number, end: number): void {
    if (this.#lineStart < 0) this.#lineStart = start
    this.#lineEnd = end
  }

  #endLine(): void {
    if (this.#lineStart < 0) return
    const lines = this.#lines
    if (lines.count < TEMPLATE_LINES) {
      lines.starts[lines.count] = this.#lineStart
      lines.ends[lines.count] = this.#lineEnd
    }
    lines.lastStart = this.#lineStart
    lines.lastEnd = this.#lineEnd
    lines.count++
    this.#lineStart = -1
  }

  #isSpace(text: string, at: number): boolean {
    return ((this.#table[text.charCodeAt(at)] ?? 0) & SPACE) !== 0
  }

  #finish(text: string): void {
    this.#endLine()
    const tally = this.#tally
    const lines = this.#lines
    tally.characters = text.length
    tally.distinctWords = this.#counter.distinct
    tally.lines = lines.count
    if (lines.count > 0) {
      tally.firstLineLength = (lines.ends[0] ?? 0) - (lines.starts[0] ?? 0)
      tally.lastLineLength = lines.lastEnd - lines.lastStart
      tally.lastCharacter = text.charCodeAt(lines.lastEnd - 1)
    }
    if (this.#firstOption >= 0) tally.optionCharacters = text.length - this.#firstOption
    const view = {
      text,
      lines,
      firstTokens: this.#firstTokens,
      lastTokens: this.#lastTokens,
      tokenCount: this.#tokenCount,
      ascii: tally.ascii,
    }
    countTemplateTokens(view, this.#table, this.#counter)
  }
}
