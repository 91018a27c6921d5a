import { expect, it } from 'vitest'
import { invertPositiveDefinite } from './positive-definite.ts'
import { createRandom } from './random.ts'

it('inverts a matrix by hand', () => {
  // [4 2; 2 3] has determinant 8.
  const inverse = invertPositiveDefinite(Float64Array.of(4, 2, 2, 3), 2)
  expect([...inverse]).toEqual([3 / 8, -2 / 8, -2 / 8, 4 / 8].map(value => expect.closeTo(value, 12)))
})

it('gives the identity when multiplied back, and is symmetric', () => {
  const n = 9
  const random = createRandom('spd')
  const factor = Float64Array.from({ length: n * n }, () => random.normal())
  const product = (a: Float64Array, b: Float64Array): Float64Array =>
    Float64Array.from({ length: n * n }, (_, e) => {
      let sum = 0
      for (let k = 0; k < n; k++) sum += (a[Math.floor(e / n) * n + k] ?? 0) * (b[k * n + (e % n)] ?? 0)
      return sum
    })
  const transposed = factor.map((_, e) => factor[(e % n) * n + Math.floor(e / n)] ?? 0)
  const matrix = product(factor, transposed).map((value, e) => (e % (n + 1) === 0 ? value + 1 : value))
  const inverse = invertPositiveDefinite(matrix, n)
  product(matrix, inverse).forEach((value, e) => {
    expect(value).toBeCloseTo(e % (n + 1) === 0 ? 1 : 0, 9)
    expect(inverse[(e % n) * n + Math.floor(e / n)]).toBe(inverse[e])
  })
})

it('refuses a matrix that is not positive definite', () => {
  expect(() => invertPositiveDefinite(Float64Array.of(1, 2, 2, 1), 2)).toThrow('pivot 1 is -3')
})
