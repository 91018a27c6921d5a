import { CellFault } from './dataset-error.ts'

/** A number as tables write it: numbers, True and False, their text; `NaN` for an empty cell. Throws `CellFault`. */
export function numberCell(value: unknown, column: string): number {
  if (value === null || value === undefined) return Number.NaN
  switch (typeof value) {
    case 'number':
      return value
    case 'bigint':
      return Number(value)
    case 'boolean':
      return value ? 1 : 0
    case 'string':
      return numberText(value.trim(), column)
    default:
      throw new CellFault(`column '${column}' must be a number, given ${shown(value)}`)
  }
}

function numberText(text: string, column: string): number {
  if (text === '' || /^(nan|none|null|<na>)$/i.test(text)) return Number.NaN
  if (/^true$/i.test(text)) return 1
  if (/^false$/i.test(text)) return 0
  const number = Number(text)
  if (!Number.isNaN(number)) return number
  throw new CellFault(`column '${column}' must be a number, given ${shown(text)}`)
}

/** Text of a cell that may hold a number; `null` for an empty cell. */
export function textCell(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : null
}

/** A field of a JSON object that must be non-empty text. Throws `CellFault`. */
export function requiredText(value: Readonly<Record<string, unknown>>, field: string): string {
  const text = textCell(value[field])
  if (text !== null) return text
  throw new CellFault(`field '${field}' must be non-empty text, given ${shown(value[field])}`)
}

/** A JSON object. Throws `CellFault`. */
export function objectCell(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw new CellFault(`expected ${what} to be an object, given ${shown(value)}`)
}

/** A value as it stands in an error message: never long, and never the text of a prompt. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string')
    return value.length > 20 ? `text of ${value.length} characters` : JSON.stringify(value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
