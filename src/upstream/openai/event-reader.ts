const LF = 10
const CR = 13
const EMPTY = Buffer.alloc(0)

/**
 * End of the first event in `buffer` at or after `from` (exclusive, its blank line included); -1 when none is complete.
 * Lines end with LF, CRLF or CR. A CR at the very end is undecided, because its LF may come with the next bytes.
 */
function eventEnd(buffer: Buffer, from: number, hasCarriageReturns: boolean): number {
  if (!hasCarriageReturns) {
    if (buffer[from] === LF) return from + 1
    const index = buffer.indexOf('\n\n', from, 'latin1')
    return index < 0 ? -1 : index + 2
  }
  let lineStart = from
  for (let i = from; i < buffer.length; i++) {
    const byte = buffer[i]
    if (byte !== LF && byte !== CR) continue
    if (byte === CR && i + 1 === buffer.length) return -1
    const next = byte === CR && buffer[i + 1] === LF ? i + 2 : i + 1
    if (i === lineStart) return next
    lineStart = next
    i = next - 1
  }
  return -1
}

/** Cuts a byte stream into whole events, wherever the network cut it. */
export class EventReader {
  #rest: Buffer = EMPTY
  readonly #limitBytes: number

  /** @param limitBytes most bytes of one event; a longer one throws */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Bytes of an event that is not complete yet. */
  get pendingBytes(): number {
    return this.#rest.length
  }

  /** Takes the next bytes and hands every event that they complete to `onEvent`, as its own slice. */
  push(chunk: Buffer, onEvent: (event: Buffer) => void): void {
    const buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const hasCarriageReturns = buffer.indexOf(CR) >= 0
    let start = 0
    for (;;) {
      const end = eventEnd(buffer, start, hasCarriageReturns)
      if (end < 0) break
      onEvent(buffer.subarray(start, end))
      start = end
    }
    this.#rest = start === buffer.length ? EMPTY : buffer.subarray(start)
    if (this.#rest.length > this.#limitBytes)
      throw new RangeError(`an event of the stream is longer than ${this.#limitBytes} bytes`)
  }

  /** Ends the stream: a last event without its blank line counts as complete. */
  end(onEvent: (event: Buffer) => void): void {
    const rest = this.#rest
    this.#rest = EMPTY
    if (rest.length > 0) onEvent(Buffer.concat([rest, Buffer.from('\n\n')]))
  }
}

/** The data of an event, lines joined by LF; `null` for an event without data (a comment, a ping). */
export function eventData(event: Buffer): string | null {
  const lines = event.toString('utf8').split(/\r\n|\n|\r/)
  let data: string | null = null
  for (const line of lines) {
    if (!line.startsWith('data')) continue
    const value =
      line === 'data'
        ? ''
        : line.startsWith('data: ')
          ? line.slice(6)
          : line.startsWith('data:')
            ? line.slice(5)
            : null
    if (value !== null) data = data === null ? value : `${data}\n${value}`
  }
  return data
}
