const DAMPING = 1e-3

/**
 * Weights w >= 0 of at most four columns that minimise |y - sum_k w_k x_k|^2 + damping * |w|^2, where every column is
 * row-major [rows x width] and centred per position in a row; damping is a thousandth of the mean squared norm of a column.
 * Divided by their sum where that exceeds one, so that a mixture never exaggerates. Found by trying every subset of columns.
 */
export function nonNegativeWeights(
  columns: readonly Float64Array[],
  targets: Float64Array,
  width: number,
): readonly number[] {
  const centred = columns.map(column => centredColumn(column, width))
  const y = centredColumn(targets, width)
  const moments = centred.map(a => centred.map(b => inner(a, b)))
  const damping = (DAMPING * moments.reduce((sum, row, k) => sum + (row[k] ?? 0), 0)) / columns.length
  const gram = moments.map((row, k) => row.map((value, j) => value + (j === k ? damping : 0)))
  const crossed = centred.map(column => inner(column, y))
  let best = { loss: 0, weights: columns.map(() => 0) }
  for (let subset = 1; subset < 2 ** columns.length; subset++) {
    const chosen = [...columns.keys()].filter(k => (subset >> k) & 1)
    const solved = solve(
      chosen.map(k => chosen.map(j => gram[k]?.[j] ?? 0)),
      chosen.map(k => crossed[k] ?? 0),
    )
    if (solved === null || solved.some(weight => weight < 0)) continue
    // At the minimum over a subset the loss is |y|^2 - w.x'y.
    const loss = -chosen.reduce((sum, k, i) => sum + (solved[i] ?? 0) * (crossed[k] ?? 0), 0)
    if (loss >= best.loss) continue
    best = { loss, weights: columns.map((_, k) => solved[chosen.indexOf(k)] ?? 0) }
  }
  const sum = best.weights.reduce((total, weight) => total + weight, 0)
  return sum > 1 ? best.weights.map(weight => weight / sum) : best.weights
}

function centredColumn(values: Float64Array, width: number): Float64Array {
  const means = columnMeans(values, width)
  return values.map((value, i) => value - (means[i % width] ?? 0))
}

/** Means of the columns of a row-major matrix [rows x width]. */
export function columnMeans(values: Float64Array, width: number): Float64Array {
  const means = new Float64Array(width)
  values.forEach((value, i) => {
    means[i % width] = (means[i % width] ?? 0) + value
  })
  return means.map(sum => (sum * width) / values.length)
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

/** Solves a small positive definite system by elimination; `null` where it is singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] | null {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0])
  for (const [pivot, pivotRow] of rows.entries()) {
    const diagonal = pivotRow[pivot] ?? 0
    if (diagonal <= 0) return null
    for (const [i, row] of rows.entries()) {
      if (i === pivot) continue
      const factor = (row[pivot] ?? 0) / diagonal
      for (let j = pivot; j < row.length; j++) row[j] = (row[j] ?? 0) - factor * (pivotRow[j] ?? 0)
    }
  }
  return rows.map((row, i) => (row.at(-1) ?? 0) / (row[i] ?? 1))
}
