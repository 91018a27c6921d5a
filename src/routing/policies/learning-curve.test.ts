import { expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { createLearningCurve } from './learning-curve.ts'

it('averages stretches, and the rest at the end', () => {
  // 100 steps make stretches of three, and one of one.
  const curve = createLearningCurve(['a', 'b'], 100)
  for (let step = 1; step <= 100; step++) curve.add([step, step === 2 ? 7 : Number.NaN])
  const { columns, points } = curve.view()
  expect(columns).toEqual(['a', 'b'])
  expect(points).toHaveLength(34)
  expect(points[0]).toEqual({ step: 3, values: [2, 7] })
  expect(points[1]).toEqual({ step: 6, values: [5, null] })
  expect(points.at(-1)).toEqual({ step: 100, values: [100, null] })
})

it('goes on in the middle of a stretch', () => {
  const [whole, first] = [createLearningCurve(['a'], 100), createLearningCurve(['a'], 100)]
  for (let step = 1; step <= 100; step++) whole.add([step * step])
  for (let step = 1; step <= 50; step++) first.add([step * step])
  const writer = new ByteWriter()
  first.write(writer)
  const second = createLearningCurve(['a'], 100)
  second.read(new ByteReader(writer.finish()))
  for (let step = 51; step <= 100; step++) second.add([step * step])
  expect(second.view()).toEqual(whole.view())
})
