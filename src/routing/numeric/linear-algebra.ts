import type { Random } from './random.ts'
import { symmetricEigen } from './symmetric-eigen.ts'

/** A sparse matrix by rows: row i holds entries [starts[i], starts[i+1]). */
export interface SparseMatrix {
  readonly rows: number
  readonly columns: number
  readonly starts: Int32Array
  readonly indices: Int32Array
  readonly values: Float64Array
}

/** A truncated singular value decomposition A ~ U diag(s) V'. */
export interface TruncatedSvd {
  readonly rank: number
  /** Row-major [rows x rank]. */
  readonly left: Float64Array
  /** [rank], descending. */
  readonly singular: Float64Array
  /** Row-major [columns x rank]. */
  readonly right: Float64Array
}

const EXTRA_COLUMNS = 10

/**
 * Randomised truncated SVD with power iterations (Halko, Martinsson, Tropp 2011, Algorithms 4.4 and 5.1).
 * `rank` is cut to what the matrix can give.
 */
export function truncatedSvd(
  matrix: SparseMatrix,
  rank: number,
  random: Random,
  powerIterations = 2,
): TruncatedSvd {
  const width = Math.min(rank + EXTRA_COLUMNS, matrix.rows, matrix.columns)
  const kept = Math.min(rank, width)
  const start = new Float64Array(matrix.columns * width)
  for (let i = 0; i < start.length; i++) start[i] = random.normal()
  const { times, transposedTimes } = productsOf(matrix)
  let range = times(start, width)
  orthonormalise(range, matrix.rows, width)
  for (let iteration = 0; iteration < powerIterations; iteration++) {
    range = times(transposedTimes(range, width), width)
    orthonormalise(range, matrix.rows, width)
  }
  const projected = transposedTimes(range, width)
  const { values, vectors } = symmetricEigen(gram(projected, matrix.columns, width), width)
  const singular = Float64Array.from(values.subarray(0, kept), value => Math.sqrt(Math.max(0, value)))
  const left = combine(range, matrix.rows, vectors, { width, kept })
  // A'U is (A'Q)W, and costs the matrix's entries instead of all its columns: n-grams have many.
  const right = transposedTimes(left, kept)
  for (let i = 0; i < right.length; i++) right[i] = (right[i] ?? 0) / Math.max(singular[i % kept] ?? 0, 1e-12)
  return { rank: kept, left, singular, right }
}

/** A X and A'X for dense row-major X. */
interface SparseProducts {
  times(dense: Float64Array, width: number): Float64Array
  transposedTimes(dense: Float64Array, width: number): Float64Array
}

/** Goes through the longer side in order, so that only the shorter one, which fits a cache, is met out of order. */
function productsOf(matrix: SparseMatrix): SparseProducts {
  if (matrix.columns <= matrix.rows) {
    return {
      times: (dense, width) => times(matrix, dense, width),
      transposedTimes: (dense, width) => transposedTimes(matrix, dense, width),
    }
  }
  const other = sparseTranspose(matrix)
  return {
    times: (dense, width) => transposedTimes(other, dense, width),
    transposedTimes: (dense, width) => times(other, dense, width),
  }
}

function sparseTranspose({ rows, columns, starts, indices, values }: SparseMatrix): SparseMatrix {
  const ends = new Int32Array(columns + 1)
  for (const column of indices) ends[column + 1] = (ends[column + 1] ?? 0) + 1
  for (let column = 0; column < columns; column++) {
    ends[column + 1] = (ends[column + 1] ?? 0) + (ends[column] ?? 0)
  }
  const next = ends.slice()
  const out = { indices: new Int32Array(indices.length), values: new Float64Array(values.length) }
  for (let row = 0; row < rows; row++) {
    for (let e = starts[row] ?? 0; e < (starts[row + 1] ?? 0); e++) {
      const column = indices[e] ?? 0
      const to = next[column] ?? 0
      next[column] = to + 1
      out.indices[to] = row
      out.values[to] = values[e] ?? 0
    }
  }
  return { rows: columns, columns: rows, starts: ends, ...out }
}

/** A X for a dense row-major X [columns x width]. */
function times(matrix: SparseMatrix, dense: Float64Array, width: number): Float64Array {
  const out = new Float64Array(matrix.rows * width)
  for (let row = 0; row < matrix.rows; row++) {
    const to = row * width
    for (let e = matrix.starts[row] ?? 0; e < (matrix.starts[row + 1] ?? 0); e++) {
      const value = matrix.values[e] ?? 0
      const from = (matrix.indices[e] ?? 0) * width
      for (let k = 0; k < width; k++) out[to + k] = (out[to + k] ?? 0) + value * (dense[from + k] ?? 0)
    }
  }
  return out
}

/** A' X for a dense row-major X [rows x width]. */
function transposedTimes(matrix: SparseMatrix, dense: Float64Array, width: number): Float64Array {
  const out = new Float64Array(matrix.columns * width)
  for (let row = 0; row < matrix.rows; row++) {
    const from = row * width
    for (let e = matrix.starts[row] ?? 0; e < (matrix.starts[row + 1] ?? 0); e++) {
      const value = matrix.values[e] ?? 0
      const to = (matrix.indices[e] ?? 0) * width
      for (let k = 0; k < width; k++) out[to + k] = (out[to + k] ?? 0) + value * (dense[from + k] ?? 0)
    }
  }
  return out
}

/**
 * Makes the columns of a row-major [n x width] matrix orthonormal, in place, by Cholesky QR done twice
 * (Yamamoto et al. 2015); columns that depend on earlier ones become zero.
 */
function orthonormalise(m: Float64Array, n: number, width: number): void {
  for (let pass = 0; pass < 2; pass++) {
    const factor = gram(m, n, width)
    cholesky(factor, width)
    const upper = transposed(factor, width, width)
    for (let i = 0; i < n; i++) solveRow(m, i * width, upper, width)
  }
}

/** Replaces the lower triangle of a symmetric matrix by its Cholesky factor L; a vanishing pivot empties its column. */
function cholesky(matrix: Float64Array, n: number): void {
  let largest = 0
  for (let j = 0; j < n; j++) largest = Math.max(largest, matrix[j * n + j] ?? 0)
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = matrix[i * n + j] ?? 0
      for (let k = 0; k < j; k++) sum -= (matrix[i * n + k] ?? 0) * (matrix[j * n + k] ?? 0)
      const pivot = matrix[j * n + j] ?? 0
      if (i === j) matrix[j * n + j] = sum > 1e-14 * largest ? Math.sqrt(sum) : 0
      else matrix[i * n + j] = pivot > 0 ? sum / pivot : 0
    }
  }
}

/** Solves q U = row for one row and an upper triangular U, in place; a vanishing pivot leaves zero. */
function solveRow(m: Float64Array, start: number, factor: Float64Array, width: number): void {
  for (let j = 0; j < width; j++) {
    const at = j * width
    const pivot = factor[at + j] ?? 0
    const value = pivot > 0 ? (m[start + j] ?? 0) / pivot : 0
    m[start + j] = value
    for (let k = j + 1; k < width; k++) m[start + k] = (m[start + k] ?? 0) - value * (factor[at + k] ?? 0)
  }
}

/** The transpose of a row-major matrix [rows x width]. */
function transposed(matrix: Float64Array, rows: number, width: number): Float64Array {
  const out = new Float64Array(matrix.length)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < width; j++) out[j * rows + i] = matrix[i * width + j] ?? 0
  return out
}

/** X'X of a row-major X [n x width]. */
export function gram(x: Float64Array, n: number, width: number): Float64Array {
  const out = new Float64Array(width * width)
  // Four rows at a time: each sum is fetched and stored once for all of them.
  const whole = n - (n % 4)
  for (let i = 0; i < whole; i += 4) addFourOuter(out, x, i * width, width)
  for (let i = whole; i < n; i++) {
    const row = i * width
    for (let j = 0; j < width; j++) {
      const value = x[row + j] ?? 0
      const to = j * width
      for (let k = j; k < width; k++) out[to + k] = (out[to + k] ?? 0) + value * (x[row + k] ?? 0)
    }
  }
  for (let j = 0; j < width; j++) for (let k = 0; k < j; k++) out[j * width + k] = out[k * width + j] ?? 0
  return out
}

/** Adds the upper triangle of the outer products of four successive rows with themselves. */
function addFourOuter(out: Float64Array, x: Float64Array, first: number, width: number): void {
  const [second, third, fourth] = [first + width, first + 2 * width, first + 3 * width]
  for (let j = 0; j < width; j++) {
    const a = x[first + j] ?? 0
    const b = x[second + j] ?? 0
    const c = x[third + j] ?? 0
    const d = x[fourth + j] ?? 0
    if (a === 0 && b === 0 && c === 0 && d === 0) continue
    const to = j * width
    for (let k = j; k < width; k++) {
      const sum = a * (x[first + k] ?? 0) + b * (x[second + k] ?? 0)
      out[to + k] = (out[to + k] ?? 0) + (sum + (c * (x[third + k] ?? 0) + d * (x[fourth + k] ?? 0)))
    }
  }
}

/** X times the first `kept` eigenvectors. */
function combine(
  x: Float64Array,
  n: number,
  vectors: Float64Array,
  { width, kept }: { readonly width: number; readonly kept: number },
): Float64Array {
  const basis = transposed(vectors.subarray(0, kept * width), kept, width)
  const out = new Float64Array(n * kept)
  for (let i = 0; i < n; i++) {
    const to = i * kept
    for (let j = 0; j < width; j++) {
      const value = x[i * width + j] ?? 0
      const from = j * kept
      for (let k = 0; k < kept; k++) out[to + k] = (out[to + k] ?? 0) + value * (basis[from + k] ?? 0)
    }
  }
  return out
}
