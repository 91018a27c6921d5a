import type { Random } from './random.ts'

/** Eigenvalues in descending order with their eigenvectors. */
export interface EigenSystem {
  /** [n], descending. */
  readonly values: Float64Array
  /** Column-major: eigenvector k occupies [k*n, (k+1)*n). */
  readonly vectors: Float64Array
}

const JACOBI_SWEEPS = 30

/** Eigen-decomposition of a symmetric n x n matrix (row-major, left unchanged) by cyclic Jacobi rotations. */
export function symmetricEigen(matrix: Float64Array, n: number): EigenSystem {
  const a = matrix.slice()
  const vectors = new Float64Array(n * n)
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1
  const scale = frobenius(a)
  for (let sweep = 0; sweep < JACOBI_SWEEPS; sweep++) {
    if (offDiagonal(a, n) <= 1e-13 * scale) break
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) rotate(a, vectors, n, p, q)
    }
  }
  return sortedSystem(a, vectors, n)
}

/** One Jacobi rotation that zeroes a[p,q] (Golub & Van Loan, Matrix Computations, 8.5). */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const apq = at(a, p * n + q)
  if (apq === 0) return
  const theta = (at(a, q * n + q) - at(a, p * n + p)) / (2 * apq)
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  turnRows(a, n, p * n, q * n, c, s)
  for (let k = 0; k < n; k++) {
    const kp = at(a, k * n + p)
    const kq = at(a, k * n + q)
    a[k * n + p] = c * kp - s * kq
    a[k * n + q] = s * kp + c * kq
  }
  turnRows(vectors, n, p * n, q * n, c, s)
}

function turnRows(m: Float64Array, n: number, rowP: number, rowQ: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const p = at(m, rowP + k)
    const q = at(m, rowQ + k)
    m[rowP + k] = c * p - s * q
    m[rowQ + k] = s * p + c * q
  }
}

function sortedSystem(a: Float64Array, vectors: Float64Array, n: number): EigenSystem {
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => at(a, j * n + j) - at(a, i * n + i))
  const values = new Float64Array(n)
  const sorted = new Float64Array(n * n)
  order.forEach((from, to) => {
    values[to] = at(a, from * n + from)
    sorted.set(vectors.subarray(from * n, (from + 1) * n), to * n)
  })
  return { values, vectors: sorted }
}

function frobenius(a: Float64Array): number {
  let sum = 0
  for (const value of a) sum += value * value
  return Math.sqrt(sum)
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) sum += 2 * at(a, i * n + j) ** 2
  return Math.sqrt(sum)
}

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
    const back = transposedTimes(matrix, range, width)
    orthonormalise(back, matrix.columns, width)
    range = times(matrix, back, width)
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

/** Makes the columns of a row-major [n x width] matrix orthonormal by Gram-Schmidt, done twice for accuracy. */
function orthonormalise(m: Float64Array, n: number, width: number): void {
  const dots = new Float64Array(width)
  for (let column = 0; column < width; column++) {
    for (let pass = 0; pass < 2; pass++) {
      dots.fill(0)
      for (let i = 0; i < n; i++) {
        const value = at(m, i * width + column)
        for (let k = 0; k < column; k++) dots[k] = at(dots, k) + value * at(m, i * width + k)
      }
      for (let i = 0; i < n; i++) {
        let value = at(m, i * width + column)
        for (let k = 0; k < column; k++) value -= at(dots, k) * at(m, i * width + k)
        m[i * width + column] = value
      }
    }
    normaliseColumn(m, n, width, column)
  }
}

function normaliseColumn(m: Float64Array, n: number, width: number, column: number): void {
  let square = 0
  for (let i = 0; i < n; i++) square += at(m, i * width + column) ** 2
  const factor = square > 1e-24 ? 1 / Math.sqrt(square) : 0
  for (let i = 0; i < n; i++) m[i * width + column] = at(m, i * width + column) * factor
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
