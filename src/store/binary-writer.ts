/** Tags of a written number; from `smallIntegerTag` on the tag is the number itself. */
export const numberTag = { absent: 0, float64: 1, float32: 2, smallInteger: 3 } as const

/** Largest integer that fits into the tag of a number. */
export const largestSmallInteger = 255 - numberTag.smallInteger

const initialBytes = 4096
const longestVarint = 5
const longestNumber = 9
/** Of an integer below 2^21. */
const longestShortVarint = 3

/**
 * Writes values one after another into a growing buffer, little-endian on every machine.
 * Every number comes back bit for bit, minus zero and infinities included.
 */
export class BinaryWriter {
  #bytes = new Uint8Array(initialBytes)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Forgets what was written after a position: a half-written value must not stay. */
  truncate(length: number): void {
    this.#length = length
  }

  writeByte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** An integer in [0, 2^32), small ones in one byte. */
  writeVarint(value: number): void {
    this.#reserve(longestVarint)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  /** Any number or `null`: one byte for small integers, five where single precision is exact, nine otherwise. */
  writeNumber(value: number | null): void {
    this.#reserve(longestNumber)
    if (value === null) {
      this.#bytes[this.#length++] = numberTag.absent
    } else if (value >= 0 && value <= largestSmallInteger && (value | 0) === value && !Object.is(value, -0)) {
      this.#bytes[this.#length++] = numberTag.smallInteger + value
    } else if (Math.fround(value) === value) {
      this.#bytes[this.#length++] = numberTag.float32
      this.#view.setFloat32(this.#length, value, true)
      this.#length += 4
    } else {
      this.#bytes[this.#length++] = numberTag.float64
      this.#view.setFloat64(this.#length, value, true)
      this.#length += 8
    }
  }

  writeFloat64(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  writeFloat32Array(values: Float32Array): void {
    this.writeVarint(values.length)
    this.#reserve(values.length * 4)
    const view = this.#view
    const start = this.#length
    for (let i = 0; i < values.length; i++) view.setFloat32(start + 4 * i, values[i] ?? 0, true)
    this.#length = start + 4 * values.length
  }

  /**
   * Pairs of a bucket and how often it occurs. Buckets ascend and most occur once: each is the distance to the one before it,
   * doubled, plus one where a count follows. Distances wrap at 2^16, so that unordered buckets come back as well.
   * The longest part of a record: hence one reservation and no call per value.
   */
  writeCounts(buckets: Uint16Array, counts: Uint16Array): void {
    this.writeVarint(buckets.length)
    this.#reserve(buckets.length * 2 * longestShortVarint)
    const bytes = this.#bytes
    let position = this.#length
    let previous = 0
    for (let i = 0; i < buckets.length; i++) {
      const bucket = buckets[i] ?? 0
      const count = counts[i] ?? 0
      let rest = ((bucket - previous) & 0xffff) * 2 + (count === 1 ? 0 : 1)
      previous = bucket
      for (; rest >= 0x80; rest >>>= 7) bytes[position++] = (rest & 0x7f) | 0x80
      bytes[position++] = rest
      if (count === 1) continue
      for (rest = count; rest >= 0x80; rest >>>= 7) bytes[position++] = (rest & 0x7f) | 0x80
      bytes[position++] = rest
    }
    this.#length = position
  }

  /** Any string, lone surrogates included: one byte per unit where all are below 256, two otherwise. */
  writeString(text: string): void {
    const units = text.length
    this.#reserve(longestVarint + 1 + units * 2)
    const start = this.#length
    this.writeVarint(units)
    const kind = this.#length++
    this.#bytes[kind] = 0
    for (let i = 0; i < units; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0xff) {
        this.#length = start
        this.#writeWideString(text)
        return
      }
      this.#bytes[this.#length++] = unit
    }
  }

  writeBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Reserves four bytes for a length that is known only after what follows it; give its position to `endBlock`. */
  beginBlock(): number {
    this.#reserve(4)
    const position = this.#length
    this.#length += 4
    return position
  }

  endBlock(position: number): void {
    this.#view.setUint32(position, this.#length - position - 4, true)
  }

  /** A copy of what was written, in a buffer of its own that may be transferred. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  #writeWideString(text: string): void {
    this.writeVarint(text.length)
    this.#bytes[this.#length++] = 1
    for (let i = 0; i < text.length; i++) {
      this.#view.setUint16(this.#length, text.charCodeAt(i), true)
      this.#length += 2
    }
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}
