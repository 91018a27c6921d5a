import { describe, expect, expectTypeOf, it } from 'vitest'
import type { AuditPlan } from '../routing/audit-plan.ts'
import type {
  ConstraintPrice,
  Decision,
  DecisionRecord,
  ModelEstimate,
  RoutingContext,
  UpstreamLoad,
} from '../routing/decision.ts'
import type { Features } from '../routing/features/features.ts'
import { createRandom } from '../routing/numeric/random.ts'
import { BinaryReader } from './binary-reader.ts'
import { BinaryWriter } from './binary-writer.ts'
import { randomRecord } from './random-record.fixture.ts'
import { decodeRecord, encodeRecord, frameHashOf } from './record-codec.ts'
import { FrameTable, parseFrame } from './record-frame.ts'

describe('numbers in binary', () => {
  const bytesOf = (value: number | null): readonly number[] => {
    const writer = new BinaryWriter()
    writer.writeNumber(value)
    return [...writer.toBytes()]
  }

  it('take one byte where they are small and whole, five where single precision is exact, nine otherwise', () => {
    expect(bytesOf(null)).toEqual([0])
    expect(bytesOf(0)).toEqual([3])
    expect(bytesOf(252)).toEqual([255])
    expect(bytesOf(0.5)).toEqual([2, 0, 0, 0, 0x3f])
    expect(bytesOf(0.1)).toEqual([1, 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f])
    expect(bytesOf(-0)).toEqual([2, 0, 0, 0, 0x80])
  })

  it('come back as they were', () => {
    const random = createRandom('numbers')
    const awkward = [0, -0, 253, 2 ** 31, 2 ** 53, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324, 1e39]
    const numbers = [
      ...awkward,
      ...Array.from({ length: 1000 }, () => random.normal() * 10 ** random.integer(9)),
    ]
    const writer = new BinaryWriter()
    for (const number of numbers) writer.writeNumber(number)
    const reader = new BinaryReader(writer.toBytes())
    expect(numbers.map(() => reader.readNumber())).toStrictEqual(numbers)
    expect(reader.done).toBe(true)
  })

  it('of variable length come back over their whole range', () => {
    const writer = new BinaryWriter()
    const numbers = [0, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1]
    for (const number of numbers) writer.writeVarint(number)
    const reader = new BinaryReader(writer.toBytes())
    expect(numbers.map(() => reader.readVarint())).toEqual(numbers)
  })
})

describe('a stored record', () => {
  it('is decoded to exactly what was encoded', () => {
    const random = createRandom('codec')
    const frames = new FrameTable()
    for (let i = 0; i < 500; i++) {
      const record = randomRecord(random, { id: `id ${i}` })
      const frame = frames.frameOf(record.context)
      const writer = new BinaryWriter()
      encodeRecord(record, frame, writer)
      const bytes = writer.toBytes()
      expect(frameHashOf(bytes)).toBe(frame.hash)
      expect(decodeRecord(bytes, parseFrame(frame.body))).toStrictEqual(record)
    }
  })

  it('shares its frame with every record of the same class, models and featurizer', () => {
    const record = randomRecord(createRandom('a'), { id: 'a' })
    const frames = new FrameTable()
    const frame = frames.frameOf(record.context)
    const copy = structuredClone(record.context)
    expect(frames.frameOf(copy).hash).toBe(frame.hash)
    expect(frames.frameOf({ ...record.context, floor: 0.123 })).toBe(frame)
    const dearer = record.context.models.map(spec => ({ ...spec, typicalCostUsd: 99 }))
    expect(frames.frameOf({ ...record.context, models: dearer }).hash).not.toBe(frame.hash)
    expect(frames.frameOf({ ...record.context, models: record.context.models.slice(1) }).hash).not.toBe(
      frame.hash,
    )
  })

  it('says which encoder made its embedding, and shares no frame with one that has none', () => {
    const record = randomRecord(createRandom('d'), { id: 'd' })
    const { embedding: _, ...plain } = record.context.features
    const frames = new FrameTable()
    const encoders = [null, 'embeddings:a@2', 'embeddings:b@2']
    const hashes = encoders.map(encoder => {
      const embedding = encoder === null ? {} : { embedding: { encoder, values: Float32Array.of(0.5, -0) } }
      const context = { ...record.context, features: { ...plain, ...embedding } }
      const frame = frames.frameOf(context)
      const writer = new BinaryWriter()
      encodeRecord({ ...record, context }, frame, writer)
      expect(decodeRecord(writer.toBytes(), parseFrame(frame.body)).context).toStrictEqual(context)
      return frame.hash
    })
    expect(new Set(hashes).size).toBe(3)
  })

  it('of an unknown format is refused', () => {
    const record = randomRecord(createRandom('b'), { id: 'b' })
    const frame = new FrameTable().frameOf(record.context)
    const writer = new BinaryWriter()
    encodeRecord(record, frame, writer)
    const bytes = writer.toBytes()
    bytes[0] = 9
    expect(() => decodeRecord(bytes, parseFrame(frame.body))).toThrow(/has format 9.*reads format 1/)
    bytes[0] = 1
    expect(() => decodeRecord(bytes.subarray(0, bytes.length - 3), parseFrame(frame.body))).toThrow(
      RangeError,
    )
  })

  it('is refused when its features contradict themselves', () => {
    const record = randomRecord(createRandom('c'), { id: 'c' })
    const features = { ...record.context.features, buckets: Uint16Array.of(1, 2), counts: Uint16Array.of(1) }
    const context = { ...record.context, features }
    const frame = new FrameTable().frameOf(context)
    expect(() => encodeRecord({ ...record, context }, frame, new BinaryWriter())).toThrow(
      /2 buckets and 1 counts/,
    )
  })

  it('holds every field of a record: a new one does not type-check here until the codec knows it', () => {
    expectTypeOf<keyof DecisionRecord>().toEqualTypeOf<
      'id' | 'context' | 'decision' | 'learnedUpTo' | 'audit'
    >()
    expectTypeOf<keyof AuditPlan>().toEqualTypeOf<'probability' | 'humanShare'>()
    expectTypeOf<keyof RoutingContext>().toEqualTypeOf<
      'sla' | 'floor' | 'atMs' | 'models' | 'features' | 'promptTokens' | 'load'
    >()
    expectTypeOf<keyof Decision>().toEqualTypeOf<
      'chosen' | 'mode' | 'shadows' | 'prices' | 'probabilities' | 'estimates'
    >()
    expectTypeOf<keyof UpstreamLoad>().toEqualTypeOf<'inFlight' | 'recentLatencyMs' | 'availability'>()
    expectTypeOf<keyof ConstraintPrice>().toEqualTypeOf<'constraint' | 'priceUsd'>()
    expectTypeOf<keyof ModelEstimate>().toEqualTypeOf<'model' | 'satisfaction' | 'costUsd' | 'score'>()
    expectTypeOf<keyof Features>().toEqualTypeOf<
      'encoder' | 'buckets' | 'counts' | 'statistics' | 'embedding' | 'ngrams'
    >()
  })
})
