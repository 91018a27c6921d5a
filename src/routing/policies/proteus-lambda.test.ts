import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { FloorLambda } from './proteus-lambda.ts'

const range = { low: 0.6, high: 0.8 }
const published = { lambdaStart: 1, lambdaStep: 0.4, lambdaKnots: 1, relativeStep: 0 }

describe('FloorLambda', () => {
  it('with one knot is the published scalar', () => {
    const lambda = new FloorLambda(range, published)
    for (const violation of [0.1, 0.2, 0, 0.1, 0.1]) lambda.observe(0.7, violation)
    lambda.ascend()
    // 1 + .4 * .1, the mean violation, for every floor.
    expect([0.6, 0.7, 0.95].map(floor => lambda.at(floor))).toEqual(Array(3).fill(expect.closeTo(1.04, 12)))
  })

  it('moves only the knots near the floors that were missed', () => {
    const lambda = new FloorLambda(range, { ...published, lambdaKnots: 3 })
    lambda.observe(0.65, 0.1)
    lambda.observe(0.7, -0.2)
    lambda.ascend()
    // Knots .6, .7, .8: the first hears .1 alone; the second .5 * .1 and 1 * -.2, over 1.5; the third nothing.
    expect(lambda.at(0.6)).toBeCloseTo(1.04, 12)
    expect(lambda.at(0.7)).toBeCloseTo(1 + (0.4 * (0.05 - 0.2)) / 1.5, 12)
    expect(lambda.at(0.8)).toBe(1)
    expect(lambda.at(0.75)).toBeCloseTo((lambda.at(0.7) + 1) / 2, 12)
  })

  it('moves in proportion to the price, where it is told so', () => {
    const lambda = new FloorLambda(range, { ...published, lambdaStart: 9, relativeStep: 1 })
    lambda.observe(0.7, 0.05)
    lambda.ascend()
    // 9 + .4 * 10 * .05
    expect(lambda.at(0.7)).toBeCloseTo(9.2, 12)
  })

  it('stays within 0 and 10,000', () => {
    const lambda = new FloorLambda(range, published)
    for (let step = 0; step < 100; step++) {
      lambda.observe(0.7, 999)
      lambda.ascend()
    }
    expect(lambda.at(0.7)).toBe(10_000)
    for (let step = 0; step < 100; step++) {
      lambda.observe(0.7, -999)
      lambda.ascend()
    }
    expect(lambda.at(0.7)).toBe(0)
  })

  it('goes on from what it wrote, in the middle of a stretch too', () => {
    const lambda = new FloorLambda(range, { ...published, lambdaKnots: 5 })
    lambda.observe(0.63, 0.3)
    const writer = new ByteWriter()
    lambda.write(writer)
    const read = FloorLambda.read(range, new ByteReader(writer.finish()))
    for (const each of [lambda, read]) {
      each.observe(0.71, -0.1)
      each.ascend()
    }
    for (const floor of [0.6, 0.64, 0.72, 0.8]) expect(read.at(floor)).toBe(lambda.at(floor))
  })
})
