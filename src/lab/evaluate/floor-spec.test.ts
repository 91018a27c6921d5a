import { describe, expect, it } from 'vitest'
import { SpecificationError } from '../specification-error.ts'
import { floorsOf, parseFloorSpec } from './floor-spec.ts'

const meansOf = (satisfaction: readonly number[], costUsd: readonly number[]) => ({
  satisfaction: Float64Array.from(satisfaction),
  costUsd: Float64Array.from(costUsd),
})

describe('floorsOf', () => {
  it('auto: eleven equal steps from the cheapest model to the best, summaries without the first', () => {
    // The dearest model is not the best, and the worst not the cheapest.
    const { floors, summarisedFrom } = floorsOf({ kind: 'auto' }, meansOf([0.5, 0.8, 0.4, 0.7], [1, 3, 2, 9]))
    expect(floors).toHaveLength(11)
    floors.forEach((floor, i) => {
      expect(floor).toBeCloseTo(0.5 + 0.03 * i, 12)
    })
    expect(summarisedFrom).toBe(1)
  })

  it('auto: one floor where the cheapest model is the best', () => {
    expect(floorsOf({ kind: 'auto' }, meansOf([0.9, 0.8], [1, 3]))).toEqual({
      floors: [0.9],
      summarisedFrom: 0,
    })
  })

  it('takes a list as it is', () => {
    const spec = parseFloorSpec('0.7:0.9:0.1')
    expect(floorsOf(spec, meansOf([0.5], [1]))).toEqual({ floors: [0.7, 0.8, 0.9], summarisedFrom: 0 })
  })
})

describe('parseFloorSpec', () => {
  it('stops at the last step that fits', () => {
    expect(parseFloorSpec('0.6:0.75:0.1')).toEqual({ kind: 'list', floors: [0.6, 0.7] })
    expect(parseFloorSpec('0.6:0.6:0.1')).toEqual({ kind: 'list', floors: [0.6] })
  })

  it.each([
    '',
    '0.7',
    '0.7:0.9',
    '0.9:0.7:0.1',
    '0:0.5:0.1',
    '0.5:1:0.1',
    '0.5:0.9:0',
    'a:b:c',
    '0.1:0.9:0.0001',
  ])('refuses %j', text => {
    expect(() => parseFloorSpec(text)).toThrow(SpecificationError)
  })
})
