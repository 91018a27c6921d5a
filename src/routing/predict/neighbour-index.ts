import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { TruncatedSvd } from '../numeric/linear-algebra.ts'
import { addRows, type SparseVector } from './prompt-vector.ts'

/** Training prompts as unit vectors in the space of their leading singular directions; finds the nearest by cosine. */
export class NeighbourIndex {
  readonly #rank: number
  /** Row-major [columns x rank]. */
  readonly #directions: Float32Array
  /** Row-major [rows x rank], each row of norm one, or zero for a prompt without a known token. */
  readonly #points: Float32Array
  readonly #query: Float64Array

  private constructor(rank: number, directions: Float32Array, points: Float32Array) {
    this.#rank = rank
    this.#directions = directions
    this.#points = points
    this.#query = new Float64Array(rank)
  }

  /** Indexes the rows of a decomposition of the prompts' sparse vectors. */
  static fit(svd: TruncatedSvd): NeighbourIndex {
    const points = svd.left.map((value, i) => value * (svd.singular[i % svd.rank] ?? 0))
    for (let start = 0; start < points.length; start += svd.rank)
      normalise(points.subarray(start, start + svd.rank))
    return new NeighbourIndex(svd.rank, Float32Array.from(svd.right), Float32Array.from(points))
  }

  static read(reader: ByteReader): NeighbourIndex {
    return new NeighbourIndex(reader.count(), reader.float32(), reader.float32())
  }

  write(writer: ByteWriter): void {
    writer.count(this.#rank)
    writer.array(this.#directions)
    writer.array(this.#points)
  }

  get rows(): number {
    return this.#rank === 0 ? 0 : this.#points.length / this.#rank
  }

  /** Rows nearest to a prompt, at most `count`, nearest first; equal ones in the order of the rows. */
  nearest(prompt: SparseVector, count: number): Int32Array {
    const rank = this.#rank
    const query = this.#query.fill(0)
    addRows(prompt, this.#directions, query, rank)
    normalise(query)
    const found = new NearestRows(1, Math.min(count, this.rows))
    for (let row = 0; row < this.rows; row++)
      found.offer(0, row, dot(query, 0, this.#points, row * rank, rank))
    return found.of(0)
  }

  /** For each row the nearest other rows, at most `count`, nearest first; row i occupies [i * stride, (i + 1) * stride). */
  nearestOthers(count: number): { readonly neighbours: Int32Array; readonly stride: number } {
    const { rows } = this
    const rank = this.#rank
    const points = Float64Array.from(this.#points)
    const stride = Math.max(0, Math.min(count, rows - 1))
    const found = new NearestRows(rows, stride)
    for (let i = 0; i < rows; i++) {
      for (let j = i + 1; j < rows; j++) {
        const similarity = dot(points, i * rank, points, j * rank, rank)
        found.offer(i, j, similarity)
        found.offer(j, i, similarity)
      }
    }
    const neighbours = new Int32Array(rows * stride)
    for (let i = 0; i < rows; i++) neighbours.set(found.of(i), i * stride)
    return { neighbours, stride }
  }
}

type Floats = Float64Array | Float32Array

/** Four sums at once: one alone would wait for each addition before the next. */
function dot(a: Floats, from: number, b: Floats, other: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0]
  let k = 0
  for (; k + 3 < length; k += 4) {
    s0 += (a[from + k] ?? 0) * (b[other + k] ?? 0)
    s1 += (a[from + k + 1] ?? 0) * (b[other + k + 1] ?? 0)
    s2 += (a[from + k + 2] ?? 0) * (b[other + k + 2] ?? 0)
    s3 += (a[from + k + 3] ?? 0) * (b[other + k + 3] ?? 0)
  }
  for (; k < length; k++) s0 += (a[from + k] ?? 0) * (b[other + k] ?? 0)
  return s0 + s1 + (s2 + s3)
}

function normalise(vector: Float64Array): void {
  let square = 0
  for (const value of vector) square += value * value
  if (square === 0) return
  const factor = 1 / Math.sqrt(square)
  for (let k = 0; k < vector.length; k++) vector[k] = (vector[k] ?? 0) * factor
}

/** Keeps the `capacity` most similar rows of each of several searches, as binary heaps with the least similar on top. */
class NearestRows {
  readonly #capacity: number
  readonly #sizes: Int32Array
  readonly #rows: Int32Array
  readonly #similarities: Float64Array

  constructor(searches: number, capacity: number) {
    this.#capacity = capacity
    this.#sizes = new Int32Array(searches)
    this.#rows = new Int32Array(searches * capacity)
    this.#similarities = new Float64Array(searches * capacity)
  }

  offer(search: number, row: number, similarity: number): void {
    const size = this.#sizes[search] ?? 0
    const top = search * this.#capacity
    if (size < this.#capacity) {
      this.#sizes[search] = size + 1
      this.#rise(top, size, row, similarity)
    } else if (size > 0 && this.#worse(top, row, similarity)) this.#sink(top, size, row, similarity)
  }

  /** Whether the entry at a position is worse than a candidate: less similar, or as similar and later. */
  #worse(position: number, row: number, similarity: number): boolean {
    const known = this.#similarities[position] ?? 0
    return known < similarity || (known === similarity && (this.#rows[position] ?? 0) > row)
  }

  #rise(top: number, hole: number, row: number, similarity: number): void {
    let at = hole
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#worse(top + parent, row, similarity)) break
      this.#copy(top + parent, top + at)
      at = parent
    }
    this.#put(top + at, row, similarity)
  }

  #sink(top: number, size: number, row: number, similarity: number): void {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      const right = top + child + 1
      if (
        child + 1 < size &&
        this.#worse(right, this.#rows[right - 1] ?? 0, this.#similarities[right - 1] ?? 0)
      )
        child++
      if (!this.#worse(top + child, row, similarity)) break
      this.#copy(top + child, top + at)
      at = child
    }
    this.#put(top + at, row, similarity)
  }

  #copy(from: number, to: number): void {
    this.#put(to, this.#rows[from] ?? 0, this.#similarities[from] ?? 0)
  }

  #put(position: number, row: number, similarity: number): void {
    this.#rows[position] = row
    this.#similarities[position] = similarity
  }

  /** Rows of one search, most similar first. */
  of(search: number): Int32Array {
    const top = search * this.#capacity
    const order = Array.from({ length: this.#sizes[search] ?? 0 }, (_, i) => top + i)
    order.sort(
      (a, b) =>
        (this.#similarities[b] ?? 0) - (this.#similarities[a] ?? 0) ||
        (this.#rows[a] ?? 0) - (this.#rows[b] ?? 0),
    )
    return Int32Array.from(order, position => this.#rows[position] ?? 0)
  }
}
