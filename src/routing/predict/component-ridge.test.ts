import { describe, expect, it } from 'vitest'
import { modelId } from '../model.ts'
import { type SparseMatrix, truncatedSvd } from '../numeric/linear-algebra.ts'
import { createRandom } from '../numeric/random.ts'
import { trainComponentRidge } from './component-ridge.ts'
import type { SparseVector } from './prompt-vector.ts'

const ROWS = 60
const COLUMNS = 5
const models = ['a', 'b', 'c'].map(modelId)

function draw(noise: number): { readonly matrix: SparseMatrix; readonly targets: Float64Array } {
  const random = createRandom('rows')
  // The second half mirrors the first, so that every column has mean zero.
  const half = Float64Array.from({ length: (ROWS / 2) * COLUMNS }, () => random.normal())
  const values = Float64Array.from([...half, ...half.map(value => -value)])
  const truth = Float64Array.from({ length: COLUMNS * 3 }, () => random.normal())
  const targets = Float64Array.from({ length: ROWS * 3 }, (_, cell) => {
    const row = Math.floor(cell / 3)
    let sum = 0.3 + noise * random.normal()
    for (let k = 0; k < COLUMNS; k++)
      sum += (values[row * COLUMNS + k] ?? 0) * (truth[k * 3 + (cell % 3)] ?? 0)
    return sum
  })
  const starts = Int32Array.from({ length: ROWS + 1 }, (_, i) => i * COLUMNS)
  const indices = Int32Array.from(values, (_, e) => e % COLUMNS)
  return { matrix: { rows: ROWS, columns: COLUMNS, starts, indices, values }, targets }
}

function vectorOf(matrix: SparseMatrix, row: number): SparseVector {
  const from = matrix.starts[row] ?? 0
  return {
    length: COLUMNS,
    columns: matrix.indices.slice(from, from + COLUMNS),
    values: matrix.values.slice(from, from + COLUMNS),
  }
}

describe('trainComponentRidge', () => {
  it('recovers a linear relation', () => {
    const { matrix, targets } = draw(0)
    const { predictor, crossFitted } = trainComponentRidge(
      models,
      truncatedSvd(matrix, 5, createRandom(1)),
      targets,
    )
    const out = new Float64Array(3)
    for (let row = 0; row < ROWS; row++) {
      predictor.predict(vectorOf(matrix, row), out)
      for (let m = 0; m < 3; m++) {
        expect(Math.abs((out[m] ?? 0) - (targets[row * 3 + m] ?? 0))).toBeLessThan(0.25)
        expect(Math.abs((crossFitted[row * 3 + m] ?? 0) - (targets[row * 3 + m] ?? 0))).toBeLessThan(0.4)
      }
    }
  })

  it('predicts the mean where prompts tell nothing, and is then honest about left-out rows', () => {
    const { matrix } = draw(0)
    const random = createRandom('coins')
    const targets = Float64Array.from({ length: ROWS * 3 }, () => (random.next() < 0.6 ? 1 : 0))
    const { crossFitted } = trainComponentRidge(models, truncatedSvd(matrix, 5, createRandom(1)), targets)
    const error = (predictions: (cell: number) => number): number =>
      targets.reduce((sum, target, cell) => sum + (target - predictions(cell)) ** 2, 0) / targets.length
    const mean = (cell: number): number => {
      const column = targets.filter((_, i) => i % 3 === cell % 3)
      return column.reduce((sum, value) => sum + value, 0) / ROWS
    }
    expect(error(cell => crossFitted[cell] ?? 0)).toBeLessThan(error(mean) + 0.01)
    expect(error(cell => crossFitted[cell] ?? 0)).toBeGreaterThan(error(mean) - 0.03)
  })
})
