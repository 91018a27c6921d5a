import { wrongUsage } from './exit.ts'

/** Reads the values of `--param NAME=NUMBER`. Throws with exit code 64. */
export function policyParameters(texts: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    texts.map(text => {
      const [, name = '', value = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
      const number = value === '' ? Number.NaN : Number(value)
      if (Number.isFinite(number)) return [name, number]
      throw wrongUsage(`--param must be NAME=NUMBER, as in v=0.001, but '${text}' was given`)
    }),
  )
}
