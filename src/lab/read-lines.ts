import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** One line of a file as bytes, without its line break; `number` counts from 1. */
export interface NumberedLine {
  readonly number: number
  readonly bytes: Uint8Array
}

const lineBreak = 0x0a

/**
 * Streams the lines of a file, unpacking it when its name ends in `.gz`.
 * `onRead` is told how many bytes of the file were read since it was last told. Errors of the file system and of gzip are
 * thrown from the iteration.
 */
export async function* readLines(
  path: string,
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<NumberedLine> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  for await (const chunk of readBytes(path, onRead)) {
    const bytes: Buffer = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(lineBreak); end >= 0; end = bytes.indexOf(lineBreak, start)) {
      yield { number: ++number, bytes: bytes.subarray(start, end) }
      start = end + 1
    }
    rest = bytes.subarray(start)
  }
  if (rest.length > 0) yield { number: number + 1, bytes: rest }
}

/**
 * Streams the bytes of a file, unpacking it when its name ends in `.gz`. `onRead` is told how many bytes of the file itself
 * were read since it was last told.
 */
export async function* readBytes(path: string, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 })
  // pipeline() hands the file's errors on to the iteration; its callback is what keeps them from being thrown twice.
  const bytes: AsyncIterable<Uint8Array> = path.endsWith('.gz')
    ? pipeline(file, createGunzip(), () => {})
    : file
  let told = 0
  for await (const chunk of bytes) {
    onRead(file.bytesRead - told)
    told = file.bytesRead
    yield chunk
  }
}
