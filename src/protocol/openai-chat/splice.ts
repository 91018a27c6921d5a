const QUOTE = 34
const COMMA = 44
const COLON = 58
const BACKSLASH = 92
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const OPEN_BRACKET = 91
const CLOSE_BRACKET = 93

/** A value in the bytes of a body: `[start, end)`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A replacement of one span. */
export interface Patch extends Span {
  readonly bytes: Uint8Array
}

const isSpace = (byte: number | undefined): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9

/** Index of the quote that closes the string opened at `open`. */
function stringEnd(body: Buffer, open: number): number {
  let at = open + 1
  for (;;) {
    const quote = body.indexOf(QUOTE, at)
    if (quote < 0) return body.length
    let slashes = 0
    while (body[quote - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return quote
    at = quote + 1
  }
}

/** End (exclusive) of the value that starts at `start`. The body is known to be valid JSON. */
function valueEnd(body: Buffer, start: number): number {
  if (body[start] === QUOTE) return stringEnd(body, start) + 1
  let depth = 0
  for (let i = start; i < body.length; i++) {
    const byte = body[i]
    if (byte === QUOTE) i = stringEnd(body, i)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return i
      depth--
      if (depth === 0) return i + 1
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) return i
  }
  return body.length
}

/** Every value of a top-level key, duplicates and escaped spellings of the key included. The body is a valid JSON object. */
export function topLevelValues(body: Buffer, key: string): readonly Span[] {
  const found: Span[] = []
  let at = body.indexOf(OPEN_BRACE) + 1
  for (;;) {
    const open = body.indexOf(QUOTE, at)
    if (open < 0) return found
    const close = stringEnd(body, open)
    const raw = body.toString('utf8', open, close + 1)
    let start = body.indexOf(COLON, close) + 1
    while (isSpace(body[start])) start++
    const end = valueEnd(body, start)
    if ((raw.includes('\\') ? JSON.parse(raw) : raw.slice(1, -1)) === key) found.push({ start, end })
    at = end
    while (isSpace(body[at])) at++
    // Only a comma can be followed by another key; anything else ends the object.
    if (body[at] !== COMMA) return found
    at++
  }
}

/**
 * The same as `topLevelValues` for a key whose value is known to be a string, fast in the usual case: the quoted key
 * occurs once, and no escape in the body could spell it. An occurrence elsewhere sends it to the full scan.
 */
export function topLevelString(body: Buffer, key: string): readonly Span[] {
  const quoted = `"${key}"`
  const index = body.indexOf(quoted, 0, 'latin1')
  const twice = index >= 0 && body.indexOf(quoted, index + quoted.length, 'latin1') >= 0
  // ASCII letters and the underscore are escaped as \u004x to \u007x.
  if (index < 0 || twice || body.indexOf('\\u00', 0, 'latin1') >= 0) return topLevelValues(body, key)
  let start = index + quoted.length
  while (isSpace(body[start]) || body[start] === COLON) start++
  if (body[start] !== QUOTE) return topLevelValues(body, key)
  return [{ start, end: stringEnd(body, start) + 1 }]
}

/** Replaces spans, given in ascending order, and leaves every other byte as it is. */
export function splice(body: Buffer, patches: readonly Patch[]): Buffer {
  const parts: Uint8Array[] = []
  let at = 0
  for (const patch of patches) {
    parts.push(body.subarray(at, patch.start), patch.bytes)
    at = patch.end
  }
  parts.push(body.subarray(at))
  return Buffer.concat(parts)
}
