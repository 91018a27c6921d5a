import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { isTest, listTrackedFiles, readSources } from './project-files.ts'
import { reportFaults, repositoryRoot } from './report-faults.ts'
import type { SourceFile } from './source-file.ts'

/** Words that promise instead of doing. */
const unfinished = /\b(TODO|FIXME|XXX|HACK|placeholder|not implemented|coming soon)\b/i

/** Traces of one machine or one registry, which mean nothing to anybody else. */
const machineTraces: readonly RegExp[] = [
  /(?<![\w.~$])\/(?:root|work)\/[\w.-]+/,
  /(?<![\w.~$])\/(?:home|Users)\/(?!node\b|app\b)[a-z][\w-]*\//,
  /"resolved":\s*"https?:/,
  /registry\.(?:npmjs|yarnpkg|npmmirror)/,
  /\b(?:verdaccio|artifactory|nexus-repo)\b/i,
]

/** Words that have a better one in the glossary, by the identifiers and prose in which they would stand. */
const synonyms: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\b\w*lagrang(?:e|ian)[ _-]?multipliers?\b/i, instead: 'dual variable' },
  { pattern: /\b(?:sla|quality|service)[ _-]?(?:tier|level)s?\b/i, instead: 'SLA class' },
  { pattern: /\b\w*(?:routing|selection)[ _-]?strateg(?:y|ies)\b/i, instead: 'policy' },
  { pattern: /\bquality[ _-]?(?:predictor|estimator|model)s?\b/i, instead: 'satisfaction predictor' },
  { pattern: /\bthumbs[ _-]?(?:up|down)\b/i, instead: 'feedback' },
]

/** Files that may name the field's other words: they say what ours stand for, or quote others. */
const explainsWords = /^(docs\/(glossary|policies|decisions)|scripts\/|CHANGELOG)/

/** Faults of documentation below a root, one sentence each. */
export function findDocFaults(root: string): readonly string[] {
  const sources = readSources(root, ['src'])
  const tracked = listTrackedFiles(root)
  return [
    ...sources.filter(({ path }) => !isTest(path)).flatMap(findMissingDocstrings),
    ...sources.flatMap(({ path, text }) =>
      findLines(path, text, unfinished, word => `"${word}": finish it or leave it out`),
    ),
    ...tracked.filter(isText).flatMap(path => findTextFaults(root, path)),
    ...tracked.filter(path => path.endsWith('.md')).flatMap(path => findBrokenLinks(root, path)),
    ...sources.flatMap(source => findMissingPages(root, source)),
  ]
}

/** Every export of routing and every interface anywhere carries a docstring. */
function findMissingDocstrings({ path, exports }: SourceFile): readonly string[] {
  return exports
    .filter(({ kind }) => path.startsWith('src/routing/') || kind === 'interface')
    .filter(({ docstring }) => docstring === null || docstring === '')
    .map(({ name, kind, line }) => `${path}:${line}: ${kind} ${name} has no docstring`)
}

function isText(path: string): boolean {
  return /(^|\.|\/)(ts|mjs|js|json|jsonl|md|yaml|yml|html|css|run|npmrc|gitignore|LICENSE)$/.test(path)
}

function findTextFaults(root: string, path: string): readonly string[] {
  const text = readFileSync(`${root}/${path}`, 'utf8')
  // This file holds the patterns themselves.
  if (path === 'scripts/check-docs.ts' || path === 'scripts/check-docs.test.ts') return []
  const machine = machineTraces.flatMap(pattern =>
    findLines(path, text, pattern, found => `"${found}" belongs to one machine`),
  )
  if (explainsWords.test(path) || path === 'package-lock.json') return machine
  const words = synonyms.flatMap(({ pattern, instead }) =>
    findLines(path, text, pattern, found => `"${found}": the word is ${instead} (docs/glossary.md)`),
  )
  return [...machine, ...words]
}

function findLines(
  path: string,
  text: string,
  pattern: RegExp,
  say: (found: string) => string,
): readonly string[] {
  if (!pattern.test(text)) return []
  return text.split('\n').flatMap((line, index) => {
    const found = pattern.exec(line)?.[0]
    return found === undefined ? [] : [`${path}:${index + 1}: ${say(found)}`]
  })
}

function findBrokenLinks(root: string, path: string): readonly string[] {
  const text = readFileSync(`${root}/${path}`, 'utf8')
  return readLinks(text).flatMap(({ target, line }) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return []
    const [file = '', anchor] = target.split('#')
    const resolved = file === '' ? path : posix.normalize(posix.join(posix.dirname(path), decodeURI(file)))
    const content = readIfFile(root, resolved)
    if (content === null) return [`${path}:${line}: the link ${target} leads to no file`]
    if (anchor && resolved.endsWith('.md') && !headingAnchors(content).has(anchor)) {
      return [`${path}:${line}: ${resolved} has no heading #${anchor}`]
    }
    return []
  })
}

/** Pages that a comment sends its reader to. */
function findMissingPages(root: string, { path, text }: SourceFile): readonly string[] {
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(/\b(?:docs\/[\w./-]+|[A-Z][A-Z-]+)\.md\b/g)]
      .map(match => match[0])
      .filter(page => readIfFile(root, page) === null)
      .map(page => `${path}:${index + 1}: there is no ${page}`),
  )
}

/** Content of a file; `''` for a folder, `null` when nothing is there. */
function readIfFile(root: string, path: string): string | null {
  try {
    return readFileSync(`${root}/${path}`, 'utf8')
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EISDIR' ? '' : null
  }
}

function readLinks(text: string): readonly { readonly target: string; readonly line: number }[] {
  const links: { target: string; line: number }[] = []
  withoutCode(text).forEach((content, index) => {
    for (const match of content.matchAll(/\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g)) {
      if (match[1]) links.push({ target: match[1], line: index + 1 })
    }
  })
  return links
}

/** Lines of a Markdown text, with code blanked out. */
function withoutCode(text: string): readonly string[] {
  let fenced = false
  return text.split('\n').map(line => {
    if (/^\s*(```|~~~)/.test(line)) {
      fenced = !fenced
      return ''
    }
    return fenced ? '' : line.replace(/`[^`]*`/g, '')
  })
}

function headingAnchors(text: string): ReadonlySet<string> {
  let fenced = false
  const anchors = new Set<string>()
  for (const line of text.split('\n')) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced
    const heading = fenced ? undefined : /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1]
    if (heading !== undefined) anchors.add(anchorOf(heading))
  }
  return anchors
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}

if (import.meta.main) {
  const count = listTrackedFiles(repositoryRoot).filter(path => path.endsWith('.md')).length
  reportFaults(
    'docs',
    findDocFaults(repositoryRoot),
    `docstrings stand, words are the glossary's, links of ${count} pages resolve`,
  )
}
