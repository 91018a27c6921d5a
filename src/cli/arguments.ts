import { wrongUsage } from './exit.ts'

/**
 * What an option's value must be.
 * `share` is a number in [0, 1], `count` a whole number >= 0, `flag` takes no value.
 */
export type OptionKind = 'text' | 'number' | 'share' | 'count' | 'flag'

/** One option of a command: the single source of its parsing, its errors and its line of help. */
export interface OptionSpec {
  /** Without the two dashes. */
  readonly name: string
  readonly kind: OptionKind
  /** How the value is named in the help, for example `FILE`. */
  readonly value?: string
  /** What holds when the option is absent, as text for the help and as the value parsed. */
  readonly default?: string
  readonly meaning: string
  readonly required?: boolean
  readonly repeatable?: boolean
}

/** One command's arguments: what its help shows and what its parser accepts. */
export interface CommandSpec {
  readonly name: string
  readonly summary: string
  readonly options: readonly OptionSpec[]
  /** Names of the arguments without dashes, in order, for example `ID`; one in brackets is optional. */
  readonly positionals?: readonly string[]
  /** Further lines of help below the options. */
  readonly notes?: readonly string[]
}

/** Parsed arguments; asking for a name that the specification lacks throws. */
export interface ParsedArguments {
  /** The value given last, or the default; `undefined` without either. */
  text(name: string): string | undefined
  /** Every value given, in order. */
  texts(name: string): readonly string[]
  number(name: string): number | undefined
  flag(name: string): boolean
  readonly positionals: readonly string[]
}

const helpFlag: OptionSpec = { name: 'help', kind: 'flag', meaning: 'show this help' }

/** Parses a command's arguments; `'help'` when help was asked for. Throws a `CommandError` with exit code 64. */
export function parseArguments(spec: CommandSpec, args: readonly string[]): ParsedArguments | 'help' {
  const options = new Map([...spec.options, helpFlag].map(option => [option.name, option]))
  const given = new Map<string, string[]>()
  const positionals: string[] = []
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? ''
    if (argument === '-h') return 'help'
    if (argument === '--') {
      positionals.push(...args.slice(i + 1))
      break
    }
    if (!argument.startsWith('--')) {
      positionals.push(argument)
      continue
    }
    const equals = argument.indexOf('=')
    const name = argument.slice(2, equals < 0 ? undefined : equals)
    const option = options.get(name)
    if (option === undefined) throw unknownOption(spec, name, [...options.keys()])
    if (name === 'help') return 'help'
    const inline = equals < 0 ? undefined : argument.slice(equals + 1)
    if (option.kind !== 'flag' && inline === undefined) i++
    addValue(given, option, option.kind === 'flag' ? flagValue(option, inline) : (inline ?? args[i]))
  }
  checkRequired(spec, given, positionals)
  return accessors(options, given, positionals)
}

/** Help text of a command, made from its specification. */
export function commandHelp(spec: CommandSpec): string {
  const positionals = (spec.positionals ?? []).map(name => ` ${name}`).join('')
  const rows = [...spec.options, helpFlag].map(option => [optionForm(option), optionMeaning(option)] as const)
  const width = Math.max(...rows.map(([form]) => form.length))
  const lines = rows.map(([form, meaning]) => `  ${form.padEnd(width)}  ${meaning}`)
  const notes = spec.notes === undefined ? [] : ['', ...spec.notes]
  return [`plimsoll ${spec.name}${positionals}: ${spec.summary}`, '', ...lines, ...notes, ''].join('\n')
}

/** The known name nearest to a mistyped one; `undefined` when none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const distance = candidate.startsWith(name) && name.length > 2 ? 1 : editDistance(name, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function optionForm(option: OptionSpec): string {
  return option.kind === 'flag' ? `--${option.name}` : `--${option.name} ${option.value ?? option.kind}`
}

function optionMeaning(option: OptionSpec): string {
  const marks = [
    option.required ? 'required' : '',
    option.repeatable ? 'repeatable' : '',
    option.default === undefined ? '' : `default ${option.default}`,
  ].filter(mark => mark !== '')
  return marks.length === 0 ? option.meaning : `${option.meaning} (${marks.join(', ')})`
}

function unknownOption(spec: CommandSpec, name: string, known: readonly string[]): Error {
  const nearest = nearestName(name, known)
  const hint = nearest === undefined ? `see plimsoll ${spec.name} --help` : `did you mean --${nearest}?`
  return wrongUsage(`unknown option --${name}; ${hint}`)
}

function flagValue(option: OptionSpec, inline: string | undefined): string {
  if (inline !== undefined) throw wrongUsage(`--${option.name} takes no value, but '${inline}' was given`)
  return 'true'
}

function addValue(given: Map<string, string[]>, option: OptionSpec, value: string | undefined): void {
  if (value === undefined || (value.startsWith('--') && value.length > 2)) {
    throw wrongUsage(`--${option.name} needs a value: ${optionForm(option)}`)
  }
  checkKind(option, value)
  const values = given.get(option.name)
  if (values === undefined) given.set(option.name, [value])
  else if (option.repeatable || option.kind === 'flag') values.push(value)
  else throw wrongUsage(`--${option.name} was given twice; it takes one value`)
}

function checkKind(option: OptionSpec, value: string): void {
  const expected = expectedOf(option.kind, value)
  if (expected !== null) throw wrongUsage(`--${option.name} must be ${expected}, but '${value}' was given`)
}

function expectedOf(kind: OptionKind, value: string): string | null {
  const number = value.trim() === '' ? Number.NaN : Number(value)
  switch (kind) {
    case 'text':
      return value === '' ? 'non-empty text' : null
    case 'flag':
      return null
    case 'number':
      return Number.isFinite(number) ? null : 'a number'
    case 'share':
      return number >= 0 && number <= 1 ? null : 'a number from 0 to 1'
    case 'count':
      return Number.isSafeInteger(number) && number >= 0 ? null : 'a whole number, 0 or more'
  }
}

function checkRequired(
  spec: CommandSpec,
  given: ReadonlyMap<string, readonly string[]>,
  positionals: readonly string[],
): void {
  for (const option of spec.options) {
    if (option.required && !given.has(option.name)) throw wrongUsage(`${optionForm(option)} is required`)
  }
  const names = spec.positionals ?? []
  const missing = names.slice(positionals.length).find(name => !name.startsWith('['))
  if (missing !== undefined)
    throw wrongUsage(`${missing} is required: plimsoll ${spec.name} ${names.join(' ')}`)
  const extra = positionals[names.length]
  if (extra !== undefined) {
    throw wrongUsage(
      `unexpected argument '${extra}'; options start with --, see plimsoll ${spec.name} --help`,
    )
  }
}

function accessors(
  options: ReadonlyMap<string, OptionSpec>,
  given: ReadonlyMap<string, readonly string[]>,
  positionals: readonly string[],
): ParsedArguments {
  const specOf = (name: string): OptionSpec => {
    const option = options.get(name)
    if (option === undefined) throw new Error(`option ${name} is read, but the command does not declare it`)
    return option
  }
  const text = (name: string): string | undefined => given.get(name)?.at(-1) ?? specOf(name).default
  return {
    text,
    texts: name => given.get(specOf(name).name) ?? [],
    number: name => {
      const value = text(name)
      return value === undefined ? undefined : Number(value)
    },
    flag: name => given.has(specOf(name).name),
    positionals,
  }
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
