import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from './byte-codec.ts'

describe('byte codec', () => {
  it('reads back what was written, in order', () => {
    const writer = new ByteWriter()
    writer.number(-0.1)
    writer.text('größe 水')
    writer.flag(true)
    writer.array(Float64Array.of(1, Number.POSITIVE_INFINITY))
    writer.array(Float32Array.of(0.5))
    writer.array(Int32Array.of(-7))
    writer.array(Uint16Array.of(65_535))
    writer.list(['a', 'b'], item => writer.text(item))
    const reader = new ByteReader(writer.finish())
    expect(reader.number()).toBe(-0.1)
    expect(reader.text()).toBe('größe 水')
    expect(reader.flag()).toBe(true)
    expect([...reader.float64()]).toEqual([1, Number.POSITIVE_INFINITY])
    expect([...reader.float32()]).toEqual([0.5])
    expect([...reader.int32()]).toEqual([-7])
    expect([...reader.uint16()]).toEqual([65_535])
    expect(reader.list(() => reader.text())).toEqual(['a', 'b'])
  })

  it('refuses to read past the end', () => {
    const writer = new ByteWriter()
    writer.count(9)
    expect(() => new ByteReader(writer.finish()).float64()).toThrow(RangeError)
    expect(() => new ByteReader(new Uint8Array(3)).number()).toThrow(RangeError)
  })

  it('grows beyond its first buffer', () => {
    const writer = new ByteWriter()
    const values = Float64Array.from({ length: 5000 }, (_, i) => i / 3)
    writer.array(values)
    expect(new ByteReader(writer.finish()).float64()).toEqual(values)
  })
})
