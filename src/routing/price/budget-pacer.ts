import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Share of the latest bill in the moving average. */
const MEMORY = 0.95
/** How fast the penalty follows overspending. */
const STEP = 0.05
const HIGHEST = 5

/**
 * Holds the mean cost of a class at its budget (ParetoBandit, arXiv 2604.00136, pacer): a moving average of bills over
 * budgets, from one, drives the penalty on cost: lambda' = clip(lambda + .05 * (average - 1), 0, 5). The penalty is kept as
 * a correction to where it started for a request's budget, so that requests of one class may bring different budgets.
 */
export class BudgetPacer {
  #average = 1
  #correction = 0

  /** The penalty for a request whose budget starts at `initial`, in [0, 5]. */
  penalty(initial: number): number {
    return Math.min(HIGHEST, Math.max(0, initial + this.#correction))
  }

  /** Counts a bill over the budget of its request (> 0), whose penalty started at `initial`. */
  spend(relativeCost: number, initial: number): void {
    this.#average = MEMORY * this.#average + (1 - MEMORY) * relativeCost
    const penalty = this.penalty(initial) + STEP * (this.#average - 1)
    this.#correction = Math.min(HIGHEST, Math.max(0, penalty)) - initial
  }

  write(writer: ByteWriter): void {
    writer.number(this.#average)
    writer.number(this.#correction)
  }

  static read(reader: ByteReader): BudgetPacer {
    const pacer = new BudgetPacer()
    pacer.#average = reader.number()
    pacer.#correction = reader.number()
    return pacer
  }
}
