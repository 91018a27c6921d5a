import type { ReadStream, WriteStream } from 'node:tty'
import { type Line, paintLine } from './paint.ts'
import type { ScreenSize } from './screen-layout.ts'

/** What a key asks for. */
export type DemoKey = 'raise' | 'lower' | 'end'

/** A terminal taken over for a live display. */
export interface LiveTerminal {
  readonly size: ScreenSize
  /** Whether keys can be read. */
  readonly hearsKeys: boolean
  draw(lines: readonly Line[]): void
  /** Gives the terminal back as it was: its text, its cursor, its keys. */
  restore(): void
}

/** How to take a terminal over. */
export interface LiveTerminalOptions {
  readonly output: WriteStream
  readonly input: ReadStream
  readonly colour: boolean
  onKey(key: DemoKey): void
  /** Told when the size has changed. */
  onResize(): void
}

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J'
const LEAVE = '\u001b[?25h\u001b[?1049l'
/** Terminals that know it show a frame at once; others ignore it. */
const BEGIN_FRAME = '\u001b[?2026h\u001b[H'
const END_FRAME = '\u001b[?2026l'

const KEYS: ReadonlyMap<string, DemoKey> = new Map([
  ['+', 'raise'],
  ['=', 'raise'],
  ['\u001b[A', 'raise'],
  ['\u001bOA', 'raise'],
  ['-', 'lower'],
  ['_', 'lower'],
  ['\u001b[B', 'lower'],
  ['\u001bOB', 'lower'],
  ['q', 'end'],
  ['Q', 'end'],
  // Ctrl-C and Ctrl-D arrive as characters while the terminal is raw.
  ['\u0003', 'end'],
  ['\u0004', 'end'],
])

/** The keys in a piece of input, which may hold several: a held key repeats faster than it is read. */
export function keysIn(input: string): readonly DemoKey[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: arrow keys are control sequences
  const pieces = input.match(/\u001b[[O][A-Z]|[\s\S]/g) ?? []
  return pieces.flatMap(piece => KEYS.get(piece) ?? [])
}

/** Takes the terminal over: its other screen, no cursor, and single keys where the input is a terminal too. */
export function openLiveTerminal(options: LiveTerminalOptions): LiveTerminal {
  const { output, input, colour } = options
  const hearsKeys = input.isTTY === true
  const onData = (data: Buffer): void => {
    for (const key of keysIn(data.toString('utf8'))) options.onKey(key)
  }
  const onResize = (): void => {
    output.write('\u001b[2J')
    options.onResize()
  }
  output.write(ENTER)
  output.on('resize', onResize)
  if (hearsKeys) {
    input.setRawMode(true)
    input.on('data', onData)
    input.resume()
  }
  let open = true
  return {
    hearsKeys,
    get size() {
      return { columns: output.columns || 80, rows: output.rows || 24 }
    },
    draw(lines) {
      if (!open) return
      // No newline after the last line: it would scroll the screen by one.
      const frame = lines.map(line => `${paintLine(line, colour)}\u001b[K`).join('\r\n')
      output.write(`${BEGIN_FRAME}${frame}\u001b[J${END_FRAME}`)
    },
    restore() {
      if (!open) return
      open = false
      output.off('resize', onResize)
      if (hearsKeys) {
        input.off('data', onData)
        input.setRawMode(false)
        input.pause()
      }
      output.write(LEAVE)
    },
  }
}
