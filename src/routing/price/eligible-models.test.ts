import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { EligibleModels } from './eligible-models.ts'

describe('EligibleModels', () => {
  it('says when a model joins, and once that it has gone', () => {
    const models = new EligibleModels()
    expect(models.note(Int32Array.of(0, 1))).toEqual({ joined: true, left: false })
    const told = Array.from({ length: 20 }, () => models.note(Int32Array.of(0)))
    expect(told.map(({ left }) => left).indexOf(true)).toBe(16)
    expect(told.filter(({ left }) => left)).toHaveLength(1)
    expect(told.some(({ joined }) => joined)).toBe(false)
    expect(models.present).toEqual([0])
    expect(models.note(Int32Array.of(0, 1)).joined).toBe(true)
    expect(models.present).toEqual([0, 1])
  })

  it('goes on from what it wrote', () => {
    const models = new EligibleModels()
    models.note(Int32Array.of(2, 0))
    for (let i = 0; i < 10; i++) models.note(Int32Array.of(0))
    const writer = new ByteWriter()
    models.write(writer)
    const again = EligibleModels.read(new ByteReader(writer.finish()))
    for (let i = 0; i < 9; i++) expect(again.note(Int32Array.of(0))).toEqual(models.note(Int32Array.of(0)))
    expect(again.present).toEqual([0])
  })
})
