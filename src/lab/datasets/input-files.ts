import type { Dirent } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DatasetError, datasetError } from './dataset-error.ts'

/** One file of a data set. */
export interface InputFile {
  readonly path: string
  readonly bytes: number
}

/** Which files of a data set are wanted. */
export interface FileChoice {
  /** How their names end, for example `.csv` and `.csv.gz`. */
  readonly endings: readonly string[]
  /** A path to leave out. */
  readonly exclude: string
  /** What the message says when there is none. */
  readonly expected: string
}

/**
 * The files of a data set, sorted by path: the input itself or, in a folder, every file below it that ends as chosen.
 * A pickle is refused with the command that converts it, because reading one runs the code in it. Throws `DatasetError`.
 */
export async function inputFiles(input: string, choice: FileChoice): Promise<readonly InputFile[]> {
  const found = await stat(input).catch((error: unknown) => {
    throw datasetError(input, null, error)
  })
  const paths = found.isDirectory() ? await filesBelow(input) : [input]
  const wanted = paths.filter(
    path => choice.endings.some(ending => path.endsWith(ending)) && resolve(path) !== resolve(choice.exclude),
  )
  if (wanted.length === 0) {
    await refusePickles(paths)
    throw new DatasetError(input, null, `expected ${choice.expected}, found none`)
  }
  await refusePickles(wanted)
  return Promise.all(wanted.map(async path => ({ path, bytes: (await stat(path)).size })))
}

/** Every file below a folder, sorted; hidden folders are passed over. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries: readonly Dirent[] = await readdir(folder, { withFileTypes: true })
  const sorted = entries
    .filter(entry => !entry.name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const paths: string[] = []
  for (const entry of sorted) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) paths.push(...(await filesBelow(path)))
    else if (entry.isFile()) paths.push(path)
  }
  return paths
}

async function refusePickles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (!(await isPickle(path))) continue
    const csv = path.replace(/\.(pkl|pickle)$/, '').concat('.csv')
    const command = `python3 -c "import pandas; pandas.read_pickle('${path}').to_csv('${csv}', index=False)"`
    throw new DatasetError(
      path,
      null,
      `a pickle can run any code when it is read; convert one you trust: ${command}`,
    )
  }
}

/** Pickles of protocol 2 and above begin with 0x80 and the protocol's number. */
async function isPickle(path: string): Promise<boolean> {
  if (/\.(pkl|pickle)$/.test(path)) return true
  const file = await open(path)
  try {
    const start = new Uint8Array(2)
    const { bytesRead } = await file.read(start, 0, 2, 0)
    return bytesRead === 2 && start[0] === 0x80 && (start[1] ?? 255) <= 5
  } finally {
    await file.close()
  }
}
