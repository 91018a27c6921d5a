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
  let range = times(matrix, start, width)
  orthonormalise(range, matrix.rows, width)
  for (let iteration = 0; iteration < powerIterations; iteration++) {
    range = times(matrix, transposedTimes(matrix, range, width), width)
    orthonormalise(range, matrix.rows, width)
  }
  const projected = transposedTimes(matrix, range, width)
  const { values, vectors } = symmetricEigen(gram(projected, matrix.columns, width), width)
  const singular = Float64Array.from(values.subarray(0, kept), value => Math.sqrt(Math.max(0, value)))
  const left = combine(range, matrix.rows, vectors, { width, kept })
  const right = combine(projected, matrix.columns, vectors, { width, kept })
  for (let i = 0; i < right.length; i++) right[i] = at(right, i) / Math.max(at(singular, i % kept), 1e-12)
  return { rank: kept, left, singular, right }
}

/** A X for a dense row-major X [columns x width]. */
function times(matrix: SparseMatrix, dense: Float64Array, width: number): Float64Array {
  const out = new Float64Array(matrix.rows * width)
  for (let row = 0; row < matrix.rows; row++) {
    const to = row * width
    for (let e = matrix.starts[row] ?? 0; e < (matrix.starts[row + 1] ?? 0); e++) {
      const value = at(matrix.values, e)
      const from = (matrix.indices[e] ?? 0) * width
      for (let k = 0; k < width; k++) out[to + k] = at(out, to + k) + value * at(dense, from + k)
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
      const value = at(matrix.values, e)
      const to = (matrix.indices[e] ?? 0) * width
      for (let k = 0; k < width; k++) out[to + k] = at(out, to + k) + value * at(dense, from + k)
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
    for (let i = 0; i < n; i++) solveRow(m, i * width, factor, width)
  }
}

/** Replaces the lower triangle of a symmetric matrix by its Cholesky factor L; a vanishing pivot empties its column. */
function cholesky(matrix: Float64Array, n: number): void {
  let largest = 0
  for (let j = 0; j < n; j++) largest = Math.max(largest, at(matrix, j * n + j))
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = at(matrix, i * n + j)
      for (let k = 0; k < j; k++) sum -= at(matrix, i * n + k) * at(matrix, j * n + k)
      if (i === j) matrix[j * n + j] = sum > 1e-14 * largest ? Math.sqrt(sum) : 0
      else matrix[i * n + j] = at(matrix, j * n + j) > 0 ? sum / at(matrix, j * n + j) : 0
    }
  }
}

/** Solves q L' = row for one row, in place. */
function solveRow(m: Float64Array, start: number, factor: Float64Array, width: number): void {
  for (let j = 0; j < width; j++) {
    const pivot = at(factor, j * width + j)
    let value = at(m, start + j)
    for (let k = 0; k < j; k++) value -= at(m, start + k) * at(factor, j * width + k)
    m[start + j] = pivot > 0 ? value / pivot : 0
  }
}

/** X'X of a row-major X [n x width]. */
export function gram(x: Float64Array, n: number, width: number): Float64Array {
  const out = new Float64Array(width * width)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < width; j++) {
      const value = at(x, i * width + j)
      if (value === 0) continue
      for (let k = j; k < width; k++)
        out[j * width + k] = at(out, j * width + k) + value * at(x, i * width + k)
    }
  }
  for (let j = 0; j < width; j++) for (let k = 0; k < j; k++) out[j * width + k] = at(out, k * width + j)
  return out
}

/** X times the first `kept` eigenvectors. */
function combine(
  x: Float64Array,
  n: number,
  vectors: Float64Array,
  { width, kept }: { readonly width: number; readonly kept: number },
): Float64Array {
  const out = new Float64Array(n * kept)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < kept; k++) {
      let sum = 0
      for (let j = 0; j < width; j++) sum += at(x, i * width + j) * at(vectors, k * width + j)
      out[i * kept + k] = sum
    }
  }
  return out
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? 0
}
