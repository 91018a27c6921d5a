/** The unit in lower case; itself where lower case is no single unit. */
export const LOWER = 0xffff
/** A character that belongs to a word: letter, digit or underscore. */
export const WORD = 1 << 16
/** A decimal digit 0-9. */
export const DIGIT = 1 << 17
/** An upper-case letter. */
export const UPPER = 1 << 18
/** White space, line breaks included. */
export const SPACE = 1 << 19
/** A character of a script written without spaces (U+2E80 to U+9FFF): a word by itself. */
export const IDEOGRAPH = 1 << 20
/** Outside ASCII. */
export const FOREIGN = 1 << 21
/** The underscore, the one word character that is counted by itself. */
export const UNDERSCORE = 1 << 22

const UNITS = 65_536

/**
 * What the scanner needs to know of each UTF-16 unit, as one look-up: the lower-case unit in the low 16 bits, the classes above.
 * A look-up is several times faster than a regular expression in the inner loop; building the table takes some milliseconds,
 * so a featurizer does it once.
 */
export function createCharacterTable(): Int32Array {
  const table = new Int32Array(UNITS)
  for (let unit = 0; unit < UNITS; unit++) {
    const text = String.fromCharCode(unit)
    const lowered = text.toLowerCase()
    table[unit] = classesOf(unit, text) | (lowered.length === 1 ? lowered.charCodeAt(0) : unit)
  }
  return table
}

function classesOf(unit: number, text: string): number {
  let bits = 0
  if (/[\p{L}\p{N}\p{M}_]/u.test(text)) bits |= WORD
  if (unit >= 48 && unit <= 57) bits |= DIGIT
  if (/\p{Lu}/u.test(text)) bits |= UPPER
  if (/\s/u.test(text)) bits |= SPACE
  if (unit >= 128) bits |= FOREIGN
  if (text === '_') bits |= UNDERSCORE
  if (unit >= 0x2e80 && unit <= 0x9fff && (bits & SPACE) === 0) bits |= IDEOGRAPH | WORD
  return bits
}
