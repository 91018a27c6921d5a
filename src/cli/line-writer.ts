import { writeSync } from 'node:fs'

/** Gathers lines and writes them together: a busy log costs one system call for many requests. */
export interface LineWriter {
  write(line: string): void
  /** Writes what is gathered, at once. */
  flush(): void
}

const INTERVAL_MS = 50
const LIMIT_CHARACTERS = 64 * 1024

/** Writes to standard error. A reader that is gone or too slow costs lines, never requests. */
export function createLineWriter(): LineWriter {
  let gathered = ''
  let timer: NodeJS.Timeout | null = null
  const send = (): void => {
    timer = null
    const text = gathered
    gathered = ''
    if (text !== '') process.stderr.write(text)
  }
  return {
    write(line) {
      // Lost on purpose: without a bound a blocked reader would fill the memory.
      if (process.stderr.writableLength > LIMIT_CHARACTERS * 16) return
      gathered += `${line}\n`
      if (gathered.length > LIMIT_CHARACTERS) send()
      else timer ??= setTimeout(send, INTERVAL_MS)
    },
    flush() {
      if (timer !== null) clearTimeout(timer)
      timer = null
      const text = gathered
      gathered = ''
      try {
        if (text !== '') writeSync(2, text)
      } catch {
        // The process is about to end and nobody reads standard error.
      }
    },
  }
}
