/** A floor, channel, drift or other part of an experiment's description is not understood: what was given, what was expected. */
export class SpecificationError extends Error {
  readonly code = 'bad_specification'
}

/** Reads a number within [min, max]; `of` says in an error what it belongs to, for example `floor '1.2'`. Throws `SpecificationError`. */
export function specifiedNumber(text: string, of: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= min && value <= max) return value
  const range = max === Number.MAX_VALUE ? `a number of at least ${min}` : `a number from ${min} to ${max}`
  throw new SpecificationError(`${of}: expected ${range}, given '${text}'`)
}
