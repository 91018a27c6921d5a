import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { isTest, listFiles, readSources } from './project-files.ts'
import { reportFaults, repositoryRoot } from './report-faults.ts'
import type { ImportStatement, SourceFile } from './source-file.ts'

/** What the files of one folder may import. */
interface FolderRule {
  /** Below `src/`; the longest match counts. */
  readonly folder: string
  /** Folders whose types and values may be imported, besides the folder itself; `*` is all of them. */
  readonly values: readonly string[]
  /** Folders of which only types may be imported, and values named in `brands`. */
  readonly types: readonly string[]
  /** Built-in and npm modules: `none`, or all but those listed. */
  readonly outside: 'none' | { readonly except: readonly string[] }
  /** Subfolders are alternatives that must not know each other. */
  readonly separate?: boolean
}

const http = ['node:http', 'node:http2', 'node:https', 'node:net', 'node:tls', 'undici']
const sql = ['node:sqlite']

/** Functions that only mark a string as an id: importing one is importing a type. */
const brands = ['modelId', 'decisionId']

/** The only imports allowed. Tests, contract suites and fixtures are free. */
export const arrows: readonly FolderRule[] = [
  { folder: 'routing/numeric', values: [], types: [], outside: 'none' },
  { folder: 'routing', values: ['routing/numeric'], types: [], outside: 'none' },
  { folder: 'inference', values: [], types: ['routing'], outside: { except: [...http, ...sql] } },
  { folder: 'upstream', values: ['inference'], types: ['routing'], outside: { except: sql }, separate: true },
  {
    folder: 'protocol',
    values: ['inference'],
    types: ['routing'],
    outside: { except: [...http, ...sql] },
    separate: true,
  },
  { folder: 'encoders', values: [], types: ['routing'], outside: { except: sql } },
  { folder: 'store', values: [], types: ['routing'], outside: { except: http } },
  {
    folder: 'learner',
    values: ['routing', 'routing/numeric', 'store'],
    types: [],
    outside: { except: http },
  },
  {
    folder: 'audit',
    values: ['routing', 'routing/numeric', 'inference', 'upstream', 'store'],
    types: [],
    outside: { except: sql },
  },
  {
    folder: 'gateway',
    values: [
      'routing',
      'routing/numeric',
      'inference',
      'upstream',
      'protocol',
      'encoders',
      'store',
      'learner',
      'audit',
    ],
    types: [],
    outside: { except: sql },
  },
  {
    folder: 'simulation',
    values: ['routing', 'routing/numeric', 'inference', 'protocol'],
    types: [],
    outside: { except: sql },
  },
  {
    folder: 'lab',
    values: ['routing', 'routing/numeric', 'store', 'encoders', 'simulation'],
    types: [],
    outside: { except: [...http, ...sql] },
  },
  { folder: 'dashboard', values: [], types: ['gateway'], outside: { except: sql } },
  { folder: 'cli', values: ['*'], types: [], outside: { except: sql } },
]

/** Names that say nothing: if a thing has no name, it has no home yet. */
const namesWithoutMeaning = new Set([
  'common',
  'core',
  'helper',
  'helpers',
  'lib',
  'manager',
  'managers',
  'misc',
  'service',
  'services',
  'shared',
  'types',
  'util',
  'utils',
])

/** Globals that would make routing impure: clocks, randomness, I/O, process state. */
const impureNames = new Set([
  'Date',
  'Math.random',
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
])

/** Every breach of the architecture below a root, one sentence each. */
export function findArrowFaults(root: string): readonly string[] {
  const sources = readSources(root, ['src'])
  const paths = new Set(sources.map(source => source.path))
  const dependencies = readDependencies(root)
  const code = sources.filter(source => !isTest(source.path))
  return [
    ...listFiles(root, 'src')
      .concat(['test', 'bench', 'scripts'].flatMap(folder => listFiles(root, folder)))
      .flatMap(findNameFaults),
    ...sources.flatMap(source => source.imports.flatMap(found => findSpecifierFaults(source, found, paths))),
    ...code.flatMap(source => source.imports.flatMap(found => findImportFaults(source, found, dependencies))),
    ...code.flatMap(findStateFaults),
    ...findCycles(code, paths),
  ]
}

function readDependencies(root: string): ReadonlySet<string> {
  const manifest: { readonly dependencies?: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(`${root}/package.json`, 'utf8'),
  )
  return new Set(Object.keys(manifest.dependencies ?? {}))
}

function findNameFaults(path: string): readonly string[] {
  if (path.includes('__fixtures__/')) return []
  const faults = path
    .split('/')
    .map(part => part.split('.')[0] ?? part)
    .filter(name => namesWithoutMeaning.has(name))
    .map(name => `${path}: "${name}" names no concept; name the folder or file for what it holds`)
  const file = posix.basename(path)
  if (path.endsWith('.ts') && !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|contract|fixture))?\.ts$/.test(file)) {
    faults.push(`${path}: file names are kebab-case`)
  }
  return faults
}

function findSpecifierFaults(
  source: SourceFile,
  { specifier, line }: ImportStatement,
  paths: ReadonlySet<string>,
): readonly string[] {
  if (!specifier.startsWith('.')) return []
  const target = resolve(source.path, specifier)
  if (/\.json$/.test(specifier)) return []
  if (!/\.m?[jt]s$/.test(specifier)) return [`${source.path}:${line}: "${specifier}" must end in .ts`]
  // The emitted code of a worker reference is JavaScript: `.js` is right where `.ts` stands in the source.
  if (target.startsWith('src/') && !paths.has(target) && !paths.has(target.replace(/\.js$/, '.ts'))) {
    return [`${source.path}:${line}: "${specifier}" leads to no file`]
  }
  return []
}

function findImportFaults(
  source: SourceFile,
  found: ImportStatement,
  dependencies: ReadonlySet<string>,
): readonly string[] {
  const rule = ruleOf(source.path)
  if (!rule) {
    return [`${source.path}: its folder has no row in the table of arrows (scripts/check-arrows.ts)`]
  }
  const at = `${source.path}:${found.line}`
  if (!found.specifier.startsWith('.')) return findOutsideFaults(at, rule, found, dependencies)
  const target = resolve(source.path, found.specifier)
  if (!target.startsWith('src/')) return [`${at}: ${target} is outside src`]
  if (isTest(target)) return [`${at}: code must not import a test (${target})`]
  const other = ruleOf(target)
  if (!other) return []
  if (other.folder === rule.folder) return findSiblingFaults(at, rule, source.path, target)
  if (rule.values.includes('*') || rule.values.includes(other.folder)) return []
  if (!rule.types.some(folder => other.folder === folder || other.folder.startsWith(`${folder}/`))) {
    return [`${at}: ${rule.folder} must not import ${other.folder}`]
  }
  const values = found.valueNames.filter(name => !brands.includes(name))
  return found.typeOnly || values.length === 0
    ? []
    : [`${at}: ${rule.folder} may import only types from ${other.folder}, not the value ${values.join(', ')}`]
}

function findOutsideFaults(
  at: string,
  rule: FolderRule,
  { specifier, typeOnly }: ImportStatement,
  dependencies: ReadonlySet<string>,
): readonly string[] {
  if (rule.outside === 'none') return [`${at}: ${rule.folder} is pure and must not import ${specifier}`]
  const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier
  if (rule.outside.except.some(module => module === specifier || module === name)) {
    return [`${at}: ${rule.folder} must not know ${specifier}`]
  }
  if (specifier.startsWith('node:') || typeOnly || dependencies.has(name)) return []
  return [`${at}: ${name} is no dependency in package.json`]
}

function findSiblingFaults(at: string, rule: FolderRule, from: string, to: string): readonly string[] {
  if (!rule.separate) return []
  const [fromPart, toPart] = [from, to].map(path => {
    const rest = path.slice(`src/${rule.folder}/`.length)
    return rest.includes('/') ? rest.split('/')[0] : undefined
  })
  if (fromPart === undefined || toPart === undefined || fromPart === toPart) return []
  return [`${at}: ${rule.folder}/${fromPart} must not know ${rule.folder}/${toPart}`]
}

function findStateFaults(source: SourceFile): readonly string[] {
  const mutable = source.mutableAtTopLevel.map(
    ({ name, line }) => `${source.path}:${line}: "${name}" is a mutable variable at module level`,
  )
  if (!source.path.startsWith('src/routing/')) return mutable
  const impure = source.names
    .filter(({ name }) => impureNames.has(name))
    .map(({ name, line }) => `${source.path}:${line}: routing is pure and must not use ${name}`)
  return [...mutable, ...impure]
}

function ruleOf(path: string): FolderRule | undefined {
  return arrows
    .filter(({ folder }) => path.startsWith(`src/${folder}/`))
    .toSorted((a, b) => b.folder.length - a.folder.length)[0]
}

function resolve(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier))
}

/** Cycles of value imports, each told once, from the file where the walk met it. */
function findCycles(sources: readonly SourceFile[], paths: ReadonlySet<string>): readonly string[] {
  const next = new Map(
    sources.map(source => [
      source.path,
      source.imports
        .filter(found => !found.typeOnly && found.specifier.startsWith('.'))
        .map(found => resolve(source.path, found.specifier))
        .filter(path => paths.has(path)),
    ]),
  )
  const finished = new Set<string>()
  const faults: string[] = []
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      faults.push(`cycle of imports: ${[...trail.slice(start), path].join(' -> ')}`)
      return
    }
    if (finished.has(path)) return
    for (const target of next.get(path) ?? []) walk(target, [...trail, path])
    finished.add(path)
  }
  for (const { path } of sources) walk(path, [])
  return faults
}

if (import.meta.main) {
  const count = readSources(repositoryRoot, ['src']).length
  reportFaults(
    'arrows',
    findArrowFaults(repositoryRoot),
    `${count} files import only what the table allows, no cycles`,
  )
}
