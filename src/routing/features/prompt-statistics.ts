/** Characters whose counts are features of their own, in feature order. */
const COUNTED_CHARACTERS = '?:;=+*/$%(){}<>"_\\\n.,\'-^|#!&@[]'

/** What a scan of a prompt tallies; every field counts from zero. */
export interface PromptTally {
  characters: number
  words: number
  distinctWords: number
  wordCharacters: number
  longWords: number
  capitalisedWords: number
  lines: number
  firstLineLength: number
  lastLineLength: number
  digits: number
  capitals: number
  ideographs: number
  nonAscii: number
  numbers: number
  largestNumber: number
  sentences: number
  optionMarkers: number
  /** Characters from the first option marker to the end of the prompt. */
  optionCharacters: number
  lastCharacter: number
  /** Bits of `CUES`. */
  cues: number
  /** Occurrences of each ASCII character outside words, and of `_` and line breaks. */
  readonly ascii: Uint16Array
}

/** Words and patterns that hint at the kind of question, as bits of `PromptTally.cues`. */
export const CUES = {
  code: 1,
  negation: 2,
  allOrNone: 4,
  following: 8,
  which: 16,
  what: 32,
  how: 64,
  why: 128,
  write: 256,
} as const

const CUE_ORDER = [
  CUES.code,
  CUES.negation,
  CUES.allOrNone,
  CUES.following,
  CUES.which,
  CUES.what,
  CUES.how,
  CUES.why,
  CUES.write,
]

const QUESTION_MARK = 63
const COLON = 58

/** Number of prompt statistics. */
export const STATISTIC_COUNT = 21 + CUE_ORDER.length + COUNTED_CHARACTERS.length

/** Position of ln(1 + characters) among the statistics. */
export const LOG_LENGTH = 0

/** An empty tally, reused from prompt to prompt. */
export function createTally(): PromptTally {
  return {
    characters: 0,
    words: 0,
    distinctWords: 0,
    wordCharacters: 0,
    longWords: 0,
    capitalisedWords: 0,
    lines: 0,
    firstLineLength: 0,
    lastLineLength: 0,
    digits: 0,
    capitals: 0,
    ideographs: 0,
    nonAscii: 0,
    numbers: 0,
    largestNumber: 0,
    sentences: 0,
    optionMarkers: 0,
    optionCharacters: 0,
    lastCharacter: 0,
    cues: 0,
    ascii: new Uint16Array(128),
  }
}

/** Sets every count back to zero. */
export function resetTally(tally: PromptTally): void {
  tally.characters = 0
  tally.words = 0
  tally.distinctWords = 0
  tally.wordCharacters = 0
  tally.longWords = 0
  tally.capitalisedWords = 0
  tally.lines = 0
  tally.firstLineLength = 0
  tally.lastLineLength = 0
  tally.digits = 0
  tally.capitals = 0
  tally.ideographs = 0
  tally.nonAscii = 0
  tally.numbers = 0
  tally.largestNumber = 0
  tally.sentences = 0
  tally.optionMarkers = 0
  tally.optionCharacters = 0
  tally.lastCharacter = 0
  tally.cues = 0
  tally.ascii.fill(0)
}

/**
 * The structure of a prompt as 61 numbers: sizes as ln(1 + n), shares in [0, 1], cues as 0 or 1,
 * and ln(1 + count) of 31 characters.
 */
export function promptStatistics(tally: PromptTally): Float32Array {
  const characters = Math.max(1, tally.characters)
  const words = Math.max(1, tally.words)
  const sentences = Math.max(1, tally.sentences)
  const out = new Float32Array(STATISTIC_COUNT)
  const sizes = [
    Math.log1p(tally.characters),
    Math.log1p(tally.words),
    Math.log1p(tally.lines),
    Math.log1p(tally.numbers),
    Math.log1p(Math.min(tally.largestNumber, 1e12)),
    tally.digits / characters,
    tally.capitals / characters,
    tally.ideographs / characters,
    tally.nonAscii / characters,
    tally.wordCharacters / words,
    Math.log1p(tally.optionMarkers),
    Math.log1p(tally.optionCharacters / Math.max(1, tally.optionMarkers)),
    Math.log1p(tally.sentences),
    tally.words / sentences,
    tally.distinctWords / words,
    tally.lastCharacter === QUESTION_MARK ? 1 : 0,
    tally.lastCharacter === COLON ? 1 : 0,
    Math.log1p(tally.lastLineLength),
    Math.log1p(tally.firstLineLength),
    tally.longWords / words,
    tally.capitalisedWords / words,
  ]
  out.set(sizes)
  let at = sizes.length
  for (const cue of CUE_ORDER) out[at++] = (tally.cues & cue) !== 0 ? 1 : 0
  for (let i = 0; i < COUNTED_CHARACTERS.length; i++) {
    out[at++] = Math.log1p(tally.ascii[COUNTED_CHARACTERS.charCodeAt(i)] ?? 0)
  }
  return out
}
