import { SpecificationError } from '../specification-error.ts'

/** A policy with values of its parameters. */
export interface NamedPolicy {
  /** As `createPolicy` takes it. */
  readonly policy: string
  readonly parameters: Readonly<Record<string, number>>
}

/**
 * Reads a policy with its parameters, `lr?learntCost=1&c=2`, so that two settings of one policy stand side by side.
 * Throws a `SpecificationError` where a parameter is no `name=number`.
 */
export function namedPolicy(text: string): NamedPolicy {
  const mark = text.indexOf('?')
  if (mark < 0) return { policy: text, parameters: {} }
  const entries = text.slice(mark + 1).split('&')
  return {
    policy: text.slice(0, mark),
    parameters: Object.fromEntries(
      entries.map(entry => {
        const [, name, value] = /^([^=]+)=(.+)$/.exec(entry) ?? []
        if (name !== undefined && Number.isFinite(Number(value))) return [name, Number(value)]
        throw new SpecificationError(
          `'${entry}' in the policy '${text}' is no parameter; expected name=number, as in lr?learntCost=1&c=2`,
        )
      }),
    ),
  }
}
