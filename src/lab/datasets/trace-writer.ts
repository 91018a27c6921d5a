import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

/** Lines are handed on in blocks of about this many characters. */
const blockSize = 1 << 16

/**
 * Writes lines to a file, packed when its name ends in `.gz`. They go to a temporary name beside it, which takes the file's
 * place once everything is written; what goes wrong before leaves the file as it was. Errors of `lines` and of the file
 * system are thrown.
 */
export async function writeLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  const partial = `${path}.partial-${process.pid}`
  const file = createWriteStream(partial)
  try {
    if (path.endsWith('.gz')) await pipeline(blocks(lines), createGzip(), file)
    else await pipeline(blocks(lines), file)
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

async function* blocks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let block = ''
  for await (const line of lines) {
    block += `${line}\n`
    if (block.length < blockSize) continue
    yield block
    block = ''
  }
  if (block !== '') yield block
}
