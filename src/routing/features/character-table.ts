/** A character that belongs to a word: letter, digit or underscore. */
export const WORD = 1
/** A decimal digit 0-9. */
export const DIGIT = 2
/** An upper-case letter. */
export const UPPER = 4
/** White space, line breaks included. */
export const SPACE = 8
/** A character of a script written without spaces (U+2E80 to U+9FFF): a word by itself. */
export const IDEOGRAPH = 16

/** What the scanner needs to know of each UTF-16 unit, as two lookup tables of 65,536 entries. */
export interface CharacterTable {
  /** Bits of the classes above. */
  readonly classes: Uint8Array
  /** The unit in lower case; itself where lower case is no single unit. */
  readonly lower: Uint16Array
}

const UNITS = 65_536

/**
 * Builds the tables. A lookup is several times faster than a regular expression in the scanner's inner loop;
 * building takes some milliseconds, so a featurizer does it once.
 */
export function createCharacterTable(): CharacterTable {
  const classes = new Uint8Array(UNITS)
  const lower = new Uint16Array(UNITS)
  for (let unit = 0; unit < UNITS; unit++) {
    const text = String.fromCharCode(unit)
    classes[unit] = classOf(unit, text)
    const lowered = text.toLowerCase()
    lower[unit] = lowered.length === 1 ? lowered.charCodeAt(0) : unit
  }
  return { classes, lower }
}

function classOf(unit: number, text: string): number {
  let bits = 0
  if (/[\p{L}\p{N}\p{M}_]/u.test(text)) bits |= WORD
  if (unit >= 48 && unit <= 57) bits |= DIGIT
  if (/\p{Lu}/u.test(text)) bits |= UPPER
  if (/\s/u.test(text)) bits |= SPACE
  if (unit >= 0x2e80 && unit <= 0x9fff && (bits & SPACE) === 0) bits |= IDEOGRAPH | WORD
  return bits
}
