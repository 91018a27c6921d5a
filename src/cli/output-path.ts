import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { CommandError, exitCodes, wrongUsage } from './exit.ts'

/** A file that a command reads or writes, with the option that names it. */
export interface NamedPath {
  readonly option: string
  readonly path: string
}

/** Says before the work, not after it, that its result could not be written to this file. Throws with exit code 1. */
export function checkWritable({ option, path }: NamedPath): void {
  const known = statSync(path, { throwIfNoEntry: false })
  try {
    if (known?.isDirectory() === true) throw new Error('it is a folder')
    accessSync(known === undefined ? dirname(path) : path, constants.W_OK)
  } catch (error) {
    const reason = (error as Error).message
    throw new CommandError(exitCodes.failed, `${option}: ${path} cannot be written: ${reason}`, error)
  }
}

/** Refuses an output that would replace a file which the command reads, or another of its outputs. Throws with exit code 64. */
export function checkOverwrites(inputs: readonly NamedPath[], outputs: readonly NamedPath[]): void {
  const taken = new Map(inputs.map(({ option, path }) => [realPath(path), option]))
  for (const { option, path } of outputs) {
    // A device such as /dev/null takes any number of them.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) continue
    const other = taken.get(realPath(path))
    if (other !== undefined)
      throw wrongUsage(`${option} ${path} would overwrite the file of ${other}; give another path`)
    taken.set(realPath(path), option)
  }
}

/** The file behind a path, links followed as far as they exist. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const folder = dirname(resolve(path))
    return folder === resolve(path) ? folder : join(realPath(folder), basename(path))
  }
}
