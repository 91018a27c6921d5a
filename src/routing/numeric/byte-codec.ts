type NumberArray = Float64Array | Float32Array | Int32Array | Uint16Array | Uint8Array

/** Writes numbers, strings and arrays as bytes, little-endian; equal calls give equal bytes. */
export class ByteWriter {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** Writes one number as a 64-bit float. */
  number(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** Writes an integer in [0, 2^32). */
  count(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  flag(value: boolean): void {
    this.count(value ? 1 : 0)
  }

  text(value: string): void {
    this.array(Uint16Array.from(value, (_, i) => value.charCodeAt(i)))
  }

  /** Writes an array with its length. The elements keep their type's width. */
  array(values: NumberArray): void {
    this.count(values.length)
    this.#reserve(values.byteLength)
    this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), this.#length)
    this.#length += values.byteLength
  }

  /** Writes a list: its length, then each item as `write` does. */
  list<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.count(items.length)
    for (const item of items) write(item)
  }

  /** All that was written, as a copy. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** Reads back what a `ByteWriter` wrote, in the same order; throws a `RangeError` at the end of the bytes. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  number(): number {
    const value = this.#view.getFloat64(this.#at, true)
    this.#at += 8
    return value
  }

  count(): number {
    const value = this.#view.getUint32(this.#at, true)
    this.#at += 4
    return value
  }

  flag(): boolean {
    return this.count() !== 0
  }

  text(): string {
    return Array.from(this.uint16(), unit => String.fromCharCode(unit)).join('')
  }

  float64(): Float64Array {
    return new Float64Array(this.#take(8))
  }

  float32(): Float32Array {
    return new Float32Array(this.#take(4))
  }

  int32(): Int32Array {
    return new Int32Array(this.#take(4))
  }

  uint16(): Uint16Array {
    return new Uint16Array(this.#take(2))
  }

  list<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.count() }, read)
  }

  /** Copies out the bytes of the next array, aligned for any element type. */
  #take(width: number): ArrayBuffer {
    const length = this.count() * width
    if (this.#at + length > this.#bytes.length) throw new RangeError('the bytes end within an array')
    const copy = new ArrayBuffer(length)
    new Uint8Array(copy).set(this.#bytes.subarray(this.#at, this.#at + length))
    this.#at += length
    return copy
  }
}
