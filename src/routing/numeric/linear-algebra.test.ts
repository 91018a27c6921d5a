import { describe, expect, it } from 'vitest'
import { gram, type SparseMatrix, truncatedSvd } from './linear-algebra.ts'
import { createRandom } from './random.ts'
import { symmetricEigen } from './symmetric-eigen.ts'

function dense(rows: readonly (readonly number[])[]): SparseMatrix {
  const columns = rows[0]?.length ?? 0
  const starts = Int32Array.from({ length: rows.length + 1 }, (_, i) => i * columns)
  const indices = Int32Array.from({ length: rows.length * columns }, (_, e) => e % columns)
  return { rows: rows.length, columns, starts, indices, values: Float64Array.from(rows.flat()) }
}

describe('symmetricEigen', () => {
  it('solves a hand-computed 2 x 2 matrix', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2)
    expect(values[0]).toBeCloseTo(3, 12)
    expect(values[1]).toBeCloseTo(1, 12)
    expect(Math.abs(vectors[0] ?? 0)).toBeCloseTo(Math.SQRT1_2, 12)
  })

  it.each([1, 2, 3, 7, 40])('reproduces a random symmetric matrix of size %i', n => {
    const random = createRandom(`matrix-${n}`)
    const x = Float64Array.from({ length: (n + 2) * n }, () => random.normal())
    const matrix = gram(x, n + 2, n)
    const { values, vectors } = symmetricEigen(matrix, n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let product = 0
        let inner = 0
        for (let k = 0; k < n; k++) {
          product += (values[k] ?? 0) * (vectors[k * n + i] ?? 0) * (vectors[k * n + j] ?? 0)
          inner += (vectors[i * n + k] ?? 0) * (vectors[j * n + k] ?? 0)
        }
        expect(product).toBeCloseTo(matrix[i * n + j] ?? 0, 8)
        expect(inner).toBeCloseTo(i === j ? 1 : 0, 9)
      }
    }
    expect([...values]).toEqual([...values].sort((a, b) => b - a))
  })

  it('takes a diagonal matrix and one with equal eigenvalues', () => {
    expect([...symmetricEigen(Float64Array.of(1, 0, 0, 0, 5, 0, 0, 0, 1), 3).values]).toEqual([5, 1, 1])
    expect([...symmetricEigen(new Float64Array(9), 3).values]).toEqual([0, 0, 0])
  })
})

describe('truncatedSvd', () => {
  it('recovers a matrix of low rank exactly', () => {
    const random = createRandom('low-rank')
    const left = Array.from({ length: 30 }, () => [random.normal(), random.normal()])
    const right = Array.from({ length: 12 }, () => [random.normal(), random.normal()])
    const rows = left.map(([a = 0, b = 0]) => right.map(([c = 0, d = 0]) => a * c + b * d))
    const svd = truncatedSvd(dense(rows), 2, createRandom(1))
    rows.forEach((row, i) => {
      row.forEach((value, j) => {
        let sum = 0
        for (let k = 0; k < 2; k++) {
          sum += (svd.left[i * 2 + k] ?? 0) * (svd.singular[k] ?? 0) * (svd.right[j * 2 + k] ?? 0)
        }
        expect(sum).toBeCloseTo(value, 8)
      })
    })
  })

  it('finds the singular values of a hand-made matrix, in order', () => {
    const svd = truncatedSvd(
      dense([
        [3, 0],
        [0, -4],
        [0, 0],
      ]),
      2,
      createRandom(2),
    )
    expect(svd.singular[0]).toBeCloseTo(4, 9)
    expect(svd.singular[1]).toBeCloseTo(3, 9)
  })

  it('asks no more of a matrix than it has', () => {
    const svd = truncatedSvd(
      dense([
        [1, 1],
        [2, 2],
      ]),
      5,
      createRandom(3),
    )
    expect(svd.rank).toBe(2)
    expect(svd.singular[0]).toBeCloseTo(Math.sqrt(10), 9)
    expect(svd.singular[1]).toBeCloseTo(0, 6)
    expect([...svd.right].every(Number.isFinite)).toBe(true)
  })
})
