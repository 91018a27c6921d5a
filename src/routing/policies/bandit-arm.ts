import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { invertPositiveDefinite } from '../numeric/positive-definite.ts'

/** Evidence older than this many steps fades no further. */
const LONGEST_STALENESS = 1000
/** Uncertainty grows with staleness up to this factor. */
const LARGEST_INFLATION = 200

/**
 * Linear regression of one model's satisfaction with forgetting (LinUCB as in ParetoBandit, arXiv 2604.00136):
 * A' = gamma^dt A + x x', b' = gamma^dt b + r x, theta = (A + I)^-1 b.
 */
export class BanditArm {
  readonly #dimension: number
  /** Row-major [dimension x dimension], without the ridge, which is never forgotten. */
  #precision: Float64Array
  #reward: Float64Array
  #inverse: Float64Array
  #theta: Float64Array
  #updated = 0
  #played = 0
  #plays = 0

  constructor(dimension: number) {
    this.#dimension = dimension
    this.#precision = new Float64Array(dimension * dimension)
    this.#reward = new Float64Array(dimension)
    this.#theta = new Float64Array(dimension)
    this.#inverse = new Float64Array(dimension * dimension)
    this.#solve()
  }

  /** Decisions for this model. */
  get plays(): number {
    return this.#plays
  }

  /** Expected satisfaction theta.x, not cut to [0, 1]. */
  mean(x: Float64Array): number {
    let sum = 0
    for (let i = 0; i < x.length; i++) sum += (this.#theta[i] ?? 0) * (x[i] ?? 0)
    return sum
  }

  /** Standard deviation sqrt(x' (A + I)^-1 x), inflated by what has been forgotten since the model was last heard of. */
  deviation(x: Float64Array, step: number, forgetting: number): number {
    const n = this.#dimension
    let sum = 0
    for (let i = 0; i < n; i++) {
      let row = 0
      for (let j = 0; j < n; j++) row += (this.#inverse[i * n + j] ?? 0) * (x[j] ?? 0)
      sum += row * (x[i] ?? 0)
    }
    const faded = forgetting ** staleness(step, Math.max(this.#updated, this.#played))
    return Math.sqrt(Math.max(0, sum) / Math.max(faded, 1 / LARGEST_INFLATION))
  }

  play(step: number): void {
    this.#plays++
    this.#played = step
  }

  /** Counts trials made elsewhere, so that none is forced. */
  skipTrials(plays: number): void {
    this.#plays = Math.max(this.#plays, plays)
  }

  /** Learns one label at a step. */
  learn(x: Float64Array, satisfaction: number, step: number, forgetting: number): void {
    const factor = forgetting ** staleness(step, this.#updated)
    this.#precision = this.#precision.map(value => value * factor)
    this.#reward = this.#reward.map(value => value * factor)
    this.#add(x, satisfaction, 1)
    this.#updated = step
    this.#solve()
  }

  /** Takes rows of labels at once, together weighing `weight` of them. */
  train(rows: readonly Float64Array[], satisfaction: (row: number) => number, weight: number): void {
    rows.forEach((x, row) => {
      this.#add(x, satisfaction(row), weight / rows.length)
    })
    this.#solve()
  }

  #add(x: Float64Array, satisfaction: number, weight: number): void {
    const n = this.#dimension
    for (let i = 0; i < n; i++) {
      const value = weight * (x[i] ?? 0)
      this.#reward[i] = (this.#reward[i] ?? 0) + value * satisfaction
      for (let j = 0; j < n; j++) {
        this.#precision[i * n + j] = (this.#precision[i * n + j] ?? 0) + value * (x[j] ?? 0)
      }
    }
  }

  #solve(): void {
    const n = this.#dimension
    const regular = this.#precision.slice()
    for (let i = 0; i < n; i++) regular[i * n + i] = (regular[i * n + i] ?? 0) + 1
    this.#inverse = invertPositiveDefinite(regular, n)
    this.#theta = this.#reward.map((_, i) => {
      let sum = 0
      for (let j = 0; j < n; j++) sum += (this.#inverse[i * n + j] ?? 0) * (this.#reward[j] ?? 0)
      return sum
    })
  }

  write(writer: ByteWriter): void {
    writer.array(this.#precision)
    writer.array(this.#reward)
    writer.array(Float64Array.of(this.#updated, this.#played, this.#plays))
  }

  static read(reader: ByteReader): BanditArm {
    const precision = reader.float64()
    const reward = reader.float64()
    const [updated = 0, played = 0, plays = 0] = reader.float64()
    const arm = new BanditArm(reward.length)
    arm.#precision = precision
    arm.#reward = reward
    arm.#updated = updated
    arm.#played = played
    arm.#plays = plays
    arm.#solve()
    return arm
  }
}

function staleness(step: number, since: number): number {
  return Math.min(LONGEST_STALENESS, Math.max(0, step - since))
}
