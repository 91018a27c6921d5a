import type { PolicyParameter } from '../policy.ts'

/**
 * Fills a policy's parameter table with the given values, defaults elsewhere.
 * Throws a RangeError that names the policy, the parameter and what is allowed, for unknown names and values out of range.
 */
export function resolveParameters<const Table extends readonly PolicyParameter[]>(
  policy: string,
  table: Table,
  given: Readonly<Record<string, number>>,
): Readonly<Record<Table[number]['name'], number>> {
  const known = new Map(table.map(parameter => [parameter.name, parameter]))
  for (const [name, value] of Object.entries(given)) {
    const parameter = known.get(name)
    if (parameter === undefined) throw new RangeError(unknownParameter(policy, name, table))
    if (!(value >= parameter.min && value <= parameter.max)) {
      throw new RangeError(
        `parameter ${name} of policy ${policy} is ${value}; it must lie in [${parameter.min}, ${parameter.max}]: ${parameter.meaning}`,
      )
    }
  }
  const entries = table.map(parameter => [parameter.name, given[parameter.name] ?? parameter.default])
  return Object.fromEntries(entries) as Record<Table[number]['name'], number>
}

function unknownParameter(policy: string, name: string, table: readonly PolicyParameter[]): string {
  const names = table.map(parameter => parameter.name).join(', ')
  return `policy ${policy} has no parameter ${name}; ${names === '' ? 'it takes none' : `it takes ${names}`}`
}

/** Throws when something follows the colon of a policy name that takes no argument. */
export function refuseArgument(policy: string, argument: string | null): void {
  if (argument === null) return
  throw new RangeError(`policy ${policy} takes no argument, but was given "${argument}"; write ${policy}`)
}
