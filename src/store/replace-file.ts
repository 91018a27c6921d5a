import { open, rename, rm } from 'node:fs/promises'

/**
 * Writes a file under a temporary name beside it, which takes its place once everything is on the disk. What goes wrong before
 * leaves the file as it was and is thrown as the file system says it.
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.partial-${process.pid}`
  try {
    const file = await open(partial, 'w')
    try {
      await file.writeFile(bytes)
      // Without it a crash of the machine could leave the new name on an empty file.
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}
