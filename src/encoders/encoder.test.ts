import { describe, expect, it } from 'vitest'
import { checkedVector, EncoderError, encodedPart, isEncodable } from './encoder.ts'

describe('encodedPart', () => {
  it('keeps texts of up to 6,000 units and the two ends of longer ones', () => {
    const text = 'x'.repeat(6000)
    expect(encodedPart(text)).toBe(text)
    expect(encodedPart(`${'a'.repeat(3000)}m${'z'.repeat(3000)}`)).toBe(
      `${'a'.repeat(3000)} ${'z'.repeat(3000)}`,
    )
  })
})

describe('isEncodable', () => {
  it('is false of blank texts alone', () => {
    expect(['', ' ', '\n\t '].map(isEncodable)).toEqual([false, false, false])
    expect([' a ', '猫', '0'].map(isEncodable)).toEqual([true, true, true])
  })
})

describe('checkedVector', () => {
  const encoder = { name: 'e@2', dimensions: 2 }

  it('keeps the values in 32 bits', () => {
    expect(checkedVector([0.1, -2], encoder)).toEqual(Float32Array.of(0.1, -2))
  })

  it.each([[[1]], [[1, 2, 3]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY, 0]], [[1e39, 0]]])(
    'refuses %j',
    values => {
      expect(() => checkedVector(values, encoder)).toThrow(EncoderError)
    },
  )
})
