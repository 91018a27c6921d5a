/** Tells on standard error how far a long command has come. */
export interface Progress {
  /** Says where the work stands; draws at most a few times a second. */
  update(done: number, label: string): void
  /** Clears the line. */
  end(): void
}

const width = 24
/** Time between two drawings on a terminal, and between two lines elsewhere. */
const terminalEveryMs = 100
const logEveryMs = 5000

/** A progress line on a terminal, a line every few seconds elsewhere. `total` is in the same unit as `done`. */
export function createProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  let shownMs = performance.now()
  return {
    update(done, label) {
      const nowMs = performance.now()
      if (nowMs - shownMs < (stream.isTTY ? terminalEveryMs : logEveryMs)) return
      shownMs = nowMs
      const share = Math.min(1, done / total)
      const percent = `${Math.floor(100 * share)}% ${label}`
      const filled = Math.round(width * share)
      const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`
      stream.write(stream.isTTY ? `\r\x1b[2K${bar} ${percent}` : `${percent}\n`)
    },
    end() {
      if (stream.isTTY) stream.write('\r\x1b[2K')
    },
  }
}
