import { isTest, readSources } from './project-files.ts'
import { reportFaults, repositoryRoot } from './report-faults.ts'
import type { SourceFile } from './source-file.ts'

/** Limits in lines. A factory is the list of its methods, as a class is: it answers for its own lines, within `factory`. */
const limits = { file: 400, function: 60, factory: 150 }

/** Files with a limit of their own: the spine of the gateway fits one screen. */
const ownLimits: Readonly<Record<string, number>> = { 'src/gateway/handle-inference.ts': 80 }

/** Files that are data: a table is as long as its subject. The value says why. */
const exempt: Readonly<Record<string, string>> = {}

/** Files and functions below a root that are too long, one sentence each. */
export function findSizeFaults(root: string): readonly string[] {
  return readSources(root, ['src', 'scripts', 'bench', 'test']).flatMap(source => [
    ...findFileFaults(source),
    ...findFunctionFaults(source),
  ])
}

function findFileFaults({ path, lineCount }: SourceFile): readonly string[] {
  if (path in exempt) return []
  const limit = ownLimits[path] ?? limits.file
  return lineCount > limit ? [`${path}: ${lineCount} lines, at most ${limit}; split it by concept`] : []
}

/** A test's `describe` is a list, not a function that anybody has to follow: tests answer for their file's length alone. */
function findFunctionFaults({ path, functions }: SourceFile): readonly string[] {
  if (isTest(path) || path in exempt) return []
  return functions
    .filter(({ lines, ownLines }) => ownLines > limits.function || lines > limits.factory)
    .map(
      ({ name, line, lines, ownLines }) =>
        `${path}:${line}: ${name} has ${lines} lines, ${ownLines} of its own; at most ${limits.factory} and ${limits.function}; give its steps names`,
    )
}

/** The middle one of the files' lengths, in lines. */
export function medianLines(sources: readonly SourceFile[]): number {
  const lines = sources.map(source => source.lineCount).toSorted((a, b) => a - b)
  return lines[lines.length >> 1] ?? 0
}

if (import.meta.main) {
  const sources = readSources(repositoryRoot, ['src']).filter(({ path }) => !isTest(path))
  const longest = sources.reduce((most, { lineCount }) => Math.max(most, lineCount), 0)
  const summary = `${sources.length} files, median ${medianLines(sources)} lines, longest ${longest}`
  reportFaults('sizes', findSizeFaults(repositoryRoot), summary)
}
