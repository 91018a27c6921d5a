/** Tells on standard error how far a long command has come. */
export interface Progress {
  /** Says where the work stands, at most a few times a second. */
  update(done: number, label: string): void
  /** Clears the line. */
  end(): void
}

const width = 24
/** Time between two drawings on a terminal. */
const drawEveryMs = 100

/**
 * A progress line on a terminal; where standard error is none, one line for every tenth of the work.
 * `total` is in the same unit as `done`.
 */
export function createProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  let lastDrawnMs = 0
  let lastTenth = 0
  const draw = (done: number, label: string): void => {
    const filled = Math.round((width * done) / total)
    const percent = Math.floor((100 * done) / total)
    stream.write(`\r\x1b[2K${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${percent}% ${label}`)
  }
  return {
    update(done, label) {
      if (stream.isTTY) {
        const nowMs = performance.now()
        if (nowMs - lastDrawnMs < drawEveryMs) return
        lastDrawnMs = nowMs
        draw(done, label)
        return
      }
      const tenth = Math.floor((10 * done) / total)
      if (tenth <= lastTenth) return
      lastTenth = tenth
      stream.write(`${10 * tenth}% ${label}\n`)
    },
    end() {
      if (stream.isTTY) stream.write('\r\x1b[2K')
    },
  }
}
