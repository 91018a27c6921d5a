/**
 * Inverse of a symmetric positive definite n x n matrix (row-major, left unchanged), by its Cholesky factor L:
 * A^-1 = L'^-1 L^-1. Throws a RangeError where the matrix is not positive definite.
 */
export function invertPositiveDefinite(matrix: Float64Array, n: number): Float64Array {
  const factor = choleskyFactor(matrix, n)
  const inverse = new Float64Array(n * n)
  // Column j of L^-1 in row j, so that every inner loop runs along rows.
  const columns = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = i === j ? 1 : 0
      for (let k = j; k < i; k++) sum -= at(factor, i * n + k) * at(columns, j * n + k)
      columns[j * n + i] = sum / at(factor, i * n + i)
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0
      for (let k = i; k < n; k++) sum += at(columns, i * n + k) * at(columns, j * n + k)
      inverse[i * n + j] = sum
      inverse[j * n + i] = sum
    }
  }
  return inverse
}

function choleskyFactor(matrix: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = at(matrix, i * n + j)
      for (let k = 0; k < j; k++) sum -= at(factor, i * n + k) * at(factor, j * n + k)
      if (i > j) factor[i * n + j] = sum / at(factor, j * n + j)
      else if (sum > 0) factor[j * n + j] = Math.sqrt(sum)
      else throw new RangeError(`pivot ${j} is ${sum}; the matrix must be positive definite`)
    }
  }
  return factor
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? 0
}
