import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { readSourceFile, type SourceFile } from './source-file.ts'

const skipped = new Set(['node_modules', 'dist', 'coverage', '.git'])

/** Every file below a folder of the root, sorted, relative to the root; empty when the folder is absent. */
export function listFiles(root: string, folder = ''): readonly string[] {
  const start = folder === '' ? root : `${root}/${folder}`
  if (!existsSync(start)) return []
  return readdirSync(start, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : listFiles(root, path)
      return entry.isFile() ? [path] : []
    })
}

/** The files that git tracks, or every file where there is no repository. */
export function listTrackedFiles(root: string): readonly string[] {
  if (!existsSync(`${root}/.git`)) return listFiles(root)
  const output = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  return output.split('\0').filter(path => path !== '' && existsSync(`${root}/${path}`))
}

/** Every TypeScript file below the given folders, parsed. */
export function readSources(root: string, folders: readonly string[]): readonly SourceFile[] {
  return folders
    .flatMap(folder => listFiles(root, folder))
    .filter(path => path.endsWith('.ts'))
    .map(path => readSourceFile(root, path))
}

/** Tests, contract suites and their fixtures may import anything and are read by people who know why. */
export function isTest(path: string): boolean {
  return /\.(test|contract|fixture)\.ts$/.test(path)
}
