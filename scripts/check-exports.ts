import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { posix } from 'node:path'
import { isTest, listFiles } from './project-files.ts'
import { reportFaults, repositoryRoot } from './report-faults.ts'
import { type ExportedDeclaration, readSourceFile } from './source-file.ts'

interface Manifest {
  readonly bin?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly files?: readonly string[]
}

/** The page that lists what the library exports. */
const page = 'docs/library.md'
const libraryEntry = 'src/routing/index.ts'
const begin = '<!-- exports: written by `npm run docs` -->'
const end = '<!-- end of exports -->'

/** Faults of what the package offers to its users, one sentence each. */
export function findExportFaults(root: string): readonly string[] {
  const manifest: Manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'))
  return [
    ...Object.entries(manifest.exports ?? {}).flatMap(([name, target]) =>
      Object.entries(typeof target === 'string' ? { default: target } : target).flatMap(([condition, path]) =>
        findTargetFaults(root, `exports["${name}"].${condition}`, path),
      ),
    ),
    ...Object.entries(manifest.bin ?? {}).flatMap(([name, path]) =>
      findTargetFaults(root, `bin.${name}`, path),
    ),
    ...findUnshipped(manifest),
    ...findWorkerFaults(root),
    ...findPageFaults(root),
  ]
}

/** The source that the build turns into an emitted file; the path itself for what is not emitted. */
function sourceOf(target: string): string {
  return posix
    .normalize(target)
    .replace(/^dist\//, '')
    .replace(/(\.d\.ts|\.js)$/, '.ts')
}

function findTargetFaults(root: string, where: string, target: string): readonly string[] {
  const source = target.startsWith('./dist/') ? sourceOf(target) : posix.normalize(target)
  if (!existsSync(`${root}/${source}`))
    return [`package.json: ${where} is ${target}, but there is no ${source}`]
  return isTest(source) ? [`package.json: ${where} is ${target}, which the build leaves out`] : []
}

function findUnshipped({ files = [], exports = {}, bin = {} }: Manifest): readonly string[] {
  const targets = [
    ...Object.values(exports).flatMap(target =>
      typeof target === 'string' ? [target] : Object.values(target),
    ),
    ...Object.values(bin),
  ]
  return targets
    .map(target => posix.normalize(target))
    .filter(
      target =>
        target !== 'package.json' && !files.some(file => target === file || target.startsWith(`${file}/`)),
    )
    .map(target => `package.json: ${target} is offered, but "files" leaves it out of the package`)
}

/** The compiler rewrites the extensions of imports, not those of workers: `.ts` would lead nowhere in the package. */
function findWorkerFaults(root: string): readonly string[] {
  return listFiles(root, 'src')
    .filter(path => path.endsWith('.ts') && !isTest(path))
    .flatMap(path => {
      const text = readFileSync(`${root}/${path}`, 'utf8')
      return [...text.matchAll(/new URL\(\s*['"](\.[^'"]*\.ts)['"]/g)].map(
        match =>
          `${path}: new URL('${match[1]}') leads to no file in the built package; derive the extension from import.meta.url`,
      )
    })
}

function findPageFaults(root: string): readonly string[] {
  if (!existsSync(`${root}/${libraryEntry}`)) return []
  const text = existsSync(`${root}/${page}`) ? readFileSync(`${root}/${page}`, 'utf8') : ''
  const listed = /<!-- exports:[^\n]*-->\n([\s\S]*?)<!-- end of exports -->/.exec(text)?.[1]
  if (listed === undefined) return [`${page}: the list of exports is missing; run npm run docs`]
  return listed.trim() === listExports(root)
    ? []
    : [`${page}: the list of exports is out of date; run npm run docs`]
}

/** Every export of the library by module, with the first sentence of its docstring, as Markdown. */
export function listExports(root: string): string {
  const source = readSourceFile(root, libraryEntry)
  const modules = new Map<string, Set<string>>()
  for (const [specifier, names] of reexportsOf(source.text)) {
    const path = posix.normalize(posix.join(posix.dirname(libraryEntry), specifier))
    const declared = readSourceFile(root, path).exports
    const chosen = modules.get(path) ?? new Set()
    for (const name of names ?? declared.map(found => found.name)) chosen.add(name)
    modules.set(path, chosen)
  }
  const sections = [...modules].map(([path, names]) => {
    const declared = readSourceFile(root, path).exports.filter(({ name }) => names.has(name))
    return [`### \`${posix.relative('src/routing', path)}\``, '', ...declared.map(listEntry)].join('\n')
  })
  return sections.join('\n\n')
}

function listEntry({ name, kind, docstring }: ExportedDeclaration): string {
  const [paragraph = ''] = (docstring ?? '').split(/\n\s*\n|\n\s*[-@]/)
  const sentence =
    /^.*?[.:;](?=\s|$)/s.exec(paragraph.replace(/\s+/g, ' '))?.[0] ?? paragraph.replace(/\s+/g, ' ')
  return `- \`${name}\` (${kind}): ${sentence.replace(/[:;]$/, '.')}`
}

/** `export … from` statements of the index: the module, and the names chosen from it (`null`: all). */
function reexportsOf(text: string): readonly (readonly [string, readonly string[] | null])[] {
  const pattern = /export\s+(?:type\s+)?(\*|\{[^}]*\})\s+from\s+['"]([^'"]+)['"]/g
  return [...text.matchAll(pattern)].map(match => {
    const [, what = '*', specifier = ''] = match
    if (what === '*') return [specifier, null] as const
    const names = what
      .slice(1, -1)
      .split(',')
      .map(name => name.trim().replace(/^type\s+/, ''))
      .filter(name => name !== '')
    return [specifier, names] as const
  })
}

/** Writes the list of exports into its page. */
function writePage(root: string): void {
  const text = readFileSync(`${root}/${page}`, 'utf8')
  const list = `${begin}\n\n${listExports(root)}\n\n${end}`
  writeFileSync(
    `${root}/${page}`,
    text.replace(/<!-- exports:[\s\S]*?<!-- end of exports -->/, () => list),
  )
}

if (import.meta.main) {
  if (process.argv.includes('--write')) writePage(repositoryRoot)
  reportFaults(
    'exports',
    findExportFaults(repositoryRoot),
    'what package.json offers is what the build emits and the docs list',
  )
}
