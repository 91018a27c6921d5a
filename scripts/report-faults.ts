import { fileURLToPath } from 'node:url'

/** The folder of this repository. */
export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')

/** Prints the faults of one check, one a line, and sets the exit code; says what was checked when there are none. */
export function reportFaults(check: string, faults: readonly string[], summary: string): void {
  if (faults.length === 0) {
    console.log(`${check}: ${summary}`)
    return
  }
  for (const fault of faults) console.error(fault)
  console.error(`${check}: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`)
  process.exitCode = 1
}
