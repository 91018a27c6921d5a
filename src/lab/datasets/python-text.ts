/**
 * Text of a cell that holds a Python list of strings as `repr` writes it, for example `['a', "b"]`: the strings joined by line
 * breaks. `null` for anything else.
 */
export function pythonListText(cell: string): string | null {
  if (!cell.startsWith('[') || !cell.endsWith(']')) return null
  const strings: string[] = []
  let at = 1
  const last = cell.length - 1
  while (at < last) {
    const string = readString(cell, at)
    if (string === null) return null
    strings.push(string.text)
    at = string.end
    const rest = /^(,\s*|(?=\]$))/.exec(cell.slice(at, at + 3))
    if (at < last && rest === null) return null
    at += rest?.[0].length ?? 0
  }
  return strings.join('\n')
}

/** Escapes of one letter that `repr` writes. */
const letters: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
}
/** Letters that announce a character's number, and its hexadecimal digits. */
const widths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

function readString(cell: string, from: number): { readonly text: string; readonly end: number } | null {
  const mark = cell[from]
  if (mark !== "'" && mark !== '"') return null
  let text = ''
  for (let at = from + 1; at < cell.length; at++) {
    const character = cell[at] ?? ''
    if (character === mark) return { text, end: at + 1 }
    if (character !== '\\') {
      text += character
      continue
    }
    const letter = cell[++at] ?? ''
    const width = widths[letter]
    if (width === undefined) {
      text += letters[letter] ?? `\\${letter}`
      continue
    }
    const code = Number.parseInt(cell.slice(at + 1, at + 1 + width), 16)
    if (!(code >= 0 && code <= 0x10ffff)) return null
    text += String.fromCodePoint(code)
    at += width
  }
  return null
}

/** A string, or one of the words that Python writes for numbers which JSON does not have. */
const stringOrWord = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/gs

/** Parses JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` count as absent. Throws `SyntaxError`. */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const plain = text.replace(stringOrWord, found => (found.startsWith('"') ? found : 'null'))
    if (plain === text) throw error
    return JSON.parse(plain)
  }
}
