import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { type FloorKnots, hatWeights, interpolate, placeKnots } from './floor-knots.ts'
import { lookUpPrice, type PriceTable } from './price-table.ts'

/** Floors closer than this count as one. */
const TOLERANCE = 1e-6

/** Debt, planned price and starting point per floor knot of one SLA class. */
export class FloorPrices {
  #knots: FloorKnots
  /** Sum of (floor - satisfaction) per knot, in requests; positive: behind. */
  debts: Float64Array
  /** USD per extra satisfied request. */
  prices: Float64Array
  /** How much more than the mean offset predictions overrate the choices at this knot. */
  offsets: Float64Array
  /** Price that met the floor on the training rows; 0 without a table. */
  tablePrices: Float64Array
  /** Mean offset over the knots: taken off all offline predictions. */
  shift = 0

  constructor(floor: number, table: PriceTable | null) {
    this.#knots = placeKnots(floor, floor)
    this.debts = new Float64Array(1)
    this.prices = new Float64Array(1)
    this.offsets = new Float64Array(1)
    this.tablePrices = new Float64Array(1)
    this.#consult(table)
    this.prices.set(this.tablePrices)
  }

  get floors(): readonly number[] {
    return this.#knots.floors
  }

  /** Debt of all knots together. */
  get debt(): number {
    return this.debts.reduce((sum, debt) => sum + debt, 0)
  }

  priceAt(floor: number): number {
    return interpolate(this.#knots, this.prices, floor)
  }

  /** Adds to the debts of the knots next to a floor. */
  addDebt(floor: number, amount: number): void {
    hatWeights(this.#knots, floor).forEach((weight, j) => {
      this.debts[j] = (this.debts[j] ?? 0) + weight * amount
    })
  }

  /** Lets all debts go: what was owed is not to be repaid. */
  forgive(): void {
    this.debts.fill(0)
  }

  /** Moves the knots to cover a range of floors; debts go to the nearest knots. True when anything changed. */
  cover(lowest: number, highest: number, table: PriceTable | null): boolean {
    const { floors } = this.#knots
    const first = floors[0] ?? 0
    const last = floors.at(-1) ?? 0
    if (Math.abs(first - lowest) < TOLERANCE && Math.abs(last - highest) < TOLERANCE) return false
    const debts = this.debts
    const prices = Float64Array.from(placeKnots(lowest, highest).floors, floor => this.priceAt(floor))
    this.#knots = placeKnots(lowest, highest)
    const count = this.#knots.floors.length
    this.debts = new Float64Array(count)
    floors.forEach((floor, j) => {
      this.addDebt(floor, debts[j] ?? 0)
    })
    this.prices = prices
    this.offsets = new Float64Array(count)
    this.tablePrices = new Float64Array(count)
    this.#consult(table)
    return true
  }

  #consult(table: PriceTable | null): void {
    if (table === null) return
    const found = this.#knots.floors.map(floor => lookUpPrice(table, floor))
    this.shift = found.reduce((sum, { offset }) => sum + offset, 0) / found.length
    found.forEach(({ price, offset }, j) => {
      this.tablePrices[j] = price
      this.offsets[j] = offset - this.shift
    })
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.from(this.#knots.floors))
    writer.array(this.debts)
    writer.array(this.prices)
    writer.array(this.offsets)
    writer.array(this.tablePrices)
    writer.number(this.shift)
  }

  static read(reader: ByteReader): FloorPrices {
    const floors = [...reader.float64()]
    const read = new FloorPrices(floors[0] ?? 0, null)
    read.#knots = { floors }
    read.debts = reader.float64()
    read.prices = reader.float64()
    read.offsets = reader.float64()
    read.tablePrices = reader.float64()
    read.shift = reader.number()
    return read
  }
}
