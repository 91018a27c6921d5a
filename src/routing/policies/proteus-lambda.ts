import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { type FloorKnots, hatWeights, interpolate } from '../price/floor-knots.ts'
import type { FloorRange } from './proteus-training.ts'

/** Lambda never grows beyond this, also where no policy meets the floor. */
const LARGEST_LAMBDA = 10_000

/** How the multiplier starts and moves. */
export interface FloorLambdaOptions {
  readonly lambdaStart: number
  readonly lambdaStep: number
  /** At least 1. */
  readonly lambdaKnots: number
  /** At least .5: the step is relative to the price 1 + lambda. */
  readonly relativeStep: number
}

/**
 * PROTEUS's dual variable lambda, on the slow time scale: lambda <- [lambda + eta (tau - achieved)]_+ after every few batches
 * (arXiv 2601.19402, eq. 3). With several knots each has a multiplier of its own, moved by the violations of the floors near it
 * (hat functions) and read between two knots on the line; with one it is the published scalar.
 */
export class FloorLambda {
  readonly #knots: FloorKnots
  readonly #values: Float64Array
  readonly #step: number
  readonly #relative: boolean
  /** Since the last step: hat weights, and the violations that they weigh. */
  readonly #weights: Float64Array
  readonly #violations: Float64Array

  constructor({ low, high }: FloorRange, options: FloorLambdaOptions) {
    const { lambdaStart, lambdaStep, lambdaKnots, relativeStep } = options
    const count = Math.round(lambdaKnots)
    const floors = Array.from({ length: count }, (_, j) => low + ((high - low) * j) / Math.max(1, count - 1))
    this.#knots = { floors: high > low ? floors : [low] }
    this.#values = new Float64Array(this.#knots.floors.length).fill(lambdaStart)
    this.#step = lambdaStep
    this.#relative = relativeStep >= 0.5
    this.#weights = new Float64Array(this.#values.length)
    this.#violations = new Float64Array(this.#values.length)
  }

  /** The multiplier of a floor, in [0, 10,000]. */
  at(floor: number): number {
    return interpolate(this.#knots, this.#values, floor)
  }

  /** Takes a batch's violation, floor minus achieved satisfaction. */
  observe(floor: number, violation: number): void {
    hatWeights(this.#knots, floor).forEach((weight, j) => {
      this.#weights[j] = (this.#weights[j] ?? 0) + weight
      this.#violations[j] = (this.#violations[j] ?? 0) + weight * violation
    })
  }

  /** Moves every multiplier by the step times the mean violation near it since the last move. */
  ascend(): void {
    for (let j = 0; j < this.#values.length; j++) {
      const weight = this.#weights[j] ?? 0
      if (weight === 0) continue
      const value = this.#values[j] ?? 0
      const step = this.#step * (this.#relative ? 1 + value : 1)
      const moved = value + (step * (this.#violations[j] ?? 0)) / weight
      this.#values[j] = Math.min(LARGEST_LAMBDA, Math.max(0, moved))
    }
    this.#weights.fill(0)
    this.#violations.fill(0)
  }

  write(writer: ByteWriter): void {
    writer.count(this.#values.length)
    writer.number(this.#step)
    writer.flag(this.#relative)
    for (const array of [this.#values, this.#weights, this.#violations]) writer.array(array)
  }

  /** Reads what `write` wrote of a multiplier over the same range. */
  static read(range: FloorRange, reader: ByteReader): FloorLambda {
    const [lambdaKnots, lambdaStep, relative] = [reader.count(), reader.number(), reader.flag()]
    const relativeStep = relative ? 1 : 0
    const lambda = new FloorLambda(range, { lambdaStart: 0, lambdaStep, lambdaKnots, relativeStep })
    for (const array of [lambda.#values, lambda.#weights, lambda.#violations]) array.set(reader.float64())
    return lambda
  }
}
