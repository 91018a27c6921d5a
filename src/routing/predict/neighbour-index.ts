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
    const query = this.#query.fill(0)
    addRows(prompt, this.#directions, query, this.#rank)
    normalise(query)
    const point = Float32Array.from(query)
    const found = new NearestRows(1, Math.min(count, this.rows))
    products(point, 0, this.#points, new Float64Array(this.rows)).forEach((similarity, row) => {
      found.offer(0, row, similarity)
    })
    return found.of(0)
  }

  /** For each row the nearest other rows, at most `count`, nearest first; row i occupies [i * stride, (i + 1) * stride). */
  nearestOthers(count: number): { readonly neighbours: Int32Array; readonly stride: number } {
    const { rows } = this
    const rank = this.#rank
    const stride = Math.max(0, Math.min(count, rows - 1))
    const found = new NearestRows(rows, stride)
    const similarities = new Float64Array(rows)
    for (let i = 0; i < rows; i++) {
      const point = this.#points.subarray(i * rank, (i + 1) * rank)
      products(point, i + 1, this.#points, similarities)
      for (let j = i + 1; j < rows; j++) {
        found.offer(i, j, similarities[j] ?? 0)
        found.offer(j, i, similarities[j] ?? 0)
      }
    }
    const neighbours = new Int32Array(rows * stride)
    for (let i = 0; i < rows; i++) neighbours.set(found.of(i), i * stride)
    return { neighbours, stride }
  }
}

/**
 * Inner products of a point with the rows of a row-major table from row `first` on, written into `out` at the rows' places.
 * Four rows at a time: each coordinate of the point is read once for all four, and no sum waits for another.
 */
function products(point: Float32Array, first: number, table: Float32Array, out: Float64Array): Float64Array {
  const width = point.length
  const rows = out.length
  let row = first
  for (; row + 3 < rows; row += 4) {
    const a = row * width
    const [b, c, d] = [a + width, a + 2 * width, a + 3 * width]
    let [s0, s1, s2, s3] = [0, 0, 0, 0]
    for (let k = 0; k < width; k++) {
      const x = point[k] ?? 0
      s0 += x * (table[a + k] ?? 0)
      s1 += x * (table[b + k] ?? 0)
      s2 += x * (table[c + k] ?? 0)
      s3 += x * (table[d + k] ?? 0)
    }
    out[row] = s0
    out[row + 1] = s1
    out[row + 2] = s2
    out[row + 3] = s3
  }
  for (; row < rows; row++) {
    let sum = 0
    for (let k = 0; k < width; k++) sum += (point[k] ?? 0) * (table[row * width + k] ?? 0)
    out[row] = sum
  }
  return out
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
