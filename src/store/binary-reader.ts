import { numberTag } from './binary-writer.ts'

/** Reads back what a `BinaryWriter` wrote; throws a RangeError past the end. */
export class BinaryReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get done(): boolean {
    return this.#position >= this.#bytes.length
  }

  readByte(): number {
    return this.#view.getUint8(this.#position++)
  }

  readVarint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.readByte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  readNumber(): number | null {
    const tag = this.readByte()
    if (tag === numberTag.absent) return null
    if (tag >= numberTag.smallInteger) return tag - numberTag.smallInteger
    if (tag === numberTag.float64) return this.readFloat64()
    const value = this.#view.getFloat32(this.#position, true)
    this.#position += 4
    return value
  }

  /** A number that is never absent. */
  readPresentNumber(): number {
    const value = this.readNumber()
    if (value === null) throw new RangeError(`a stored number is absent at byte ${this.#position - 1}`)
    return value
  }

  readFloat64(): number {
    const value = this.#view.getFloat64(this.#position, true)
    this.#position += 8
    return value
  }

  readFloat32Array(): Float32Array {
    const values = new Float32Array(this.readVarint())
    for (let i = 0; i < values.length; i++) {
      values[i] = this.#view.getFloat32(this.#position, true)
      this.#position += 4
    }
    return values
  }

  /** What `writeCounts` wrote. */
  readCounts(): { readonly buckets: Uint16Array; readonly counts: Uint16Array } {
    const length = this.readVarint()
    const buckets = new Uint16Array(length)
    const counts = new Uint16Array(length)
    let previous = 0
    for (let i = 0; i < length; i++) {
      const token = this.readVarint()
      previous = (previous + (token >>> 1)) & 0xffff
      buckets[i] = previous
      counts[i] = token % 2 === 0 ? 1 : this.readVarint()
    }
    return { buckets, counts }
  }

  readString(): string {
    const units = this.readVarint()
    const wide = this.readByte() === 1
    let text = ''
    for (let i = 0; i < units; i++) {
      text += String.fromCharCode(wide ? this.#view.getUint16(this.#position, true) : this.readByte())
      if (wide) this.#position += 2
    }
    return text
  }

  /** A view of the next bytes; it shares the memory that is being read. */
  readBytes(length: number): Uint8Array {
    if (this.#position + length > this.#bytes.length) {
      throw new RangeError(`${length} bytes are wanted at byte ${this.#position} of ${this.#bytes.length}`)
    }
    const bytes = this.#bytes.subarray(this.#position, this.#position + length)
    this.#position += length
    return bytes
  }

  /** The bytes between a `beginBlock` and its `endBlock`. */
  readBlock(): Uint8Array {
    const length = this.#view.getUint32(this.#position, true)
    this.#position += 4
    return this.readBytes(length)
  }
}
