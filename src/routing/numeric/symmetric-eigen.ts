/** Eigenvalues in descending order with their eigenvectors. */
export interface EigenSystem {
  /** [n], descending. */
  readonly values: Float64Array
  /** Eigenvector k occupies [k*n, (k+1)*n). */
  readonly vectors: Float64Array
}

const MOST_ITERATIONS = 60

/**
 * Eigen-decomposition of a symmetric n x n matrix (row-major, left unchanged):
 * Householder reduction to tridiagonal form, then implicit QL (Golub & Van Loan, Matrix Computations, 8.3).
 */
export function symmetricEigen(matrix: Float64Array, n: number): EigenSystem {
  // Rows of `basis` are the vectors of the transformation, so that every inner loop runs along a row.
  const basis = new Float64Array(n * n)
  for (let i = 0; i < n; i++) basis[i * n + i] = 1
  const { diagonal, off } = tridiagonalise(matrix.slice(), basis, n)
  implicitQl(diagonal, off, basis, n)
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => at(diagonal, j) - at(diagonal, i))
  const values = new Float64Array(n)
  const vectors = new Float64Array(n * n)
  order.forEach((from, to) => {
    values[to] = at(diagonal, from)
    vectors.set(basis.subarray(from * n, (from + 1) * n), to * n)
  })
  return { values, vectors }
}

interface Tridiagonal {
  readonly diagonal: Float64Array
  /** off[i] couples i and i + 1. */
  readonly off: Float64Array
}

/** Reflects column after column; the reflections are collected in the rows of `basis`. */
function tridiagonalise(a: Float64Array, basis: Float64Array, n: number): Tridiagonal {
  const v = new Float64Array(n)
  const product = new Float64Array(n)
  for (let k = 0; k < n - 2; k++) {
    const scale = householder(a, n, k, v)
    if (scale === 0) continue
    reflectBothSides(a, n, k + 1, { v, scale, product })
    reflectBasis(basis, n, k + 1, { v, scale, product })
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => at(a, i * n + i))
  const off = Float64Array.from({ length: n }, (_, i) => (i + 1 < n ? at(a, i * n + i + 1) : 0))
  return { diagonal, off }
}

/** Vector v with (I - scale v v') mapping row k right of its diagonal onto its first entry; scale 0: nothing to do. */
function householder(a: Float64Array, n: number, k: number, v: Float64Array): number {
  let square = 0
  for (let j = k + 1; j < n; j++) square += at(a, k * n + j) ** 2
  const first = at(a, k * n + k + 1)
  const tail = square - first * first
  if (tail <= 1e-300) return 0
  const norm = Math.sqrt(square)
  for (let j = k + 1; j < n; j++) v[j] = at(a, k * n + j)
  v[k + 1] = first + (first >= 0 ? norm : -norm)
  return 2 / (tail + at(v, k + 1) ** 2)
}

interface Reflection {
  readonly v: Float64Array
  readonly scale: number
  readonly product: Float64Array
}

/** A <- H A H for the part from `start` on, and the row and column before it. */
function reflectBothSides(a: Float64Array, n: number, start: number, reflection: Reflection): void {
  const { v, scale, product } = reflection
  for (let i = start - 1; i < n; i++) {
    let sum = 0
    for (let j = start; j < n; j++) sum += at(a, i * n + j) * at(v, j)
    product[i] = scale * sum
  }
  let inner = 0
  for (let i = start; i < n; i++) inner += at(product, i) * at(v, i)
  const half = (scale * inner) / 2
  for (let j = start; j < n; j++) {
    const value = at(a, (start - 1) * n + j) - at(product, start - 1) * at(v, j)
    a[(start - 1) * n + j] = value
    a[j * n + start - 1] = value
  }
  for (let i = start; i < n; i++) product[i] = at(product, i) - half * at(v, i)
  for (let i = start; i < n; i++) {
    const vi = at(v, i)
    const wi = at(product, i)
    for (let j = start; j < n; j++) a[i * n + j] = at(a, i * n + j) - vi * at(product, j) - wi * at(v, j)
  }
}

/** basis <- H basis. */
function reflectBasis(basis: Float64Array, n: number, start: number, reflection: Reflection): void {
  const { v, scale, product } = reflection
  product.fill(0)
  for (let i = start; i < n; i++) {
    const vi = at(v, i)
    for (let j = 0; j < n; j++) product[j] = at(product, j) + vi * at(basis, i * n + j)
  }
  for (let i = start; i < n; i++) {
    const factor = scale * at(v, i)
    for (let j = 0; j < n; j++) basis[i * n + j] = at(basis, i * n + j) - factor * at(product, j)
  }
}

/** Diagonalises a tridiagonal matrix in place; the rows of `basis` turn into eigenvectors. */
function implicitQl(d: Float64Array, e: Float64Array, basis: Float64Array, n: number): void {
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
      let m = l
      while (m < n - 1 && Math.abs(at(e, m)) > 1e-16 * (Math.abs(at(d, m)) + Math.abs(at(d, m + 1)))) m++
      if (m === l) break
      qlStep(d, e, basis, { n, l, m })
    }
  }
}

/** One implicit QL sweep with Wilkinson's shift over the unreduced block l..m. */
function qlStep(
  d: Float64Array,
  e: Float64Array,
  basis: Float64Array,
  { n, l, m }: { readonly n: number; readonly l: number; readonly m: number },
): void {
  let g = (at(d, l + 1) - at(d, l)) / (2 * at(e, l))
  const r = Math.hypot(g, 1)
  g = at(d, m) - at(d, l) + at(e, l) / (g + (g >= 0 ? r : -r))
  let s = 1
  let c = 1
  let p = 0
  for (let i = m - 1; i >= l; i--) {
    const f = s * at(e, i)
    const b = c * at(e, i)
    const length = Math.hypot(f, g)
    e[i + 1] = length
    if (length === 0) {
      d[i + 1] = at(d, i + 1) - p
      e[m] = 0
      return
    }
    s = f / length
    c = g / length
    g = at(d, i + 1) - p
    const turned = (at(d, i) - g) * s + 2 * c * b
    p = s * turned
    d[i + 1] = g + p
    g = c * turned - b
    rotateRows(basis, n, i, { c, s })
  }
  d[l] = at(d, l) - p
  e[l] = g
  e[m] = 0
}

function rotateRows(
  basis: Float64Array,
  n: number,
  row: number,
  { c, s }: { readonly c: number; readonly s: number },
): void {
  const lower = row * n
  const upper = lower + n
  for (let k = 0; k < n; k++) {
    const f = at(basis, upper + k)
    const b = at(basis, lower + k)
    basis[upper + k] = s * b + c * f
    basis[lower + k] = c * b - s * f
  }
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? 0
}
