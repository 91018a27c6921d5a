import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Largest amount above the floor that a window's end may ask for. */
const LARGEST_RAISE = 0.05
/** Least share of a window over which a debt is spread. */
const LEAST_REST = 1 / 50

/** What a window still asks for. */
export interface WindowAim {
  /** Mean satisfaction to plan for, in [floor, floor + .05], or from floor - .05 on where surplus may be spent. */
  readonly target: number
  /** Requests still to come, by forecast. */
  readonly requestsLeft: number
}

/**
 * Counts one class's requests in windows of fixed length, from its first decision on, and says what the rest of the present one
 * owes. Time is the events' own; a late event of an earlier window opens none. A window without requests counts as well.
 */
export class PromiseWindow {
  /** Time of the first decision; -1 before. */
  #originMs = -1
  /** Number of the present window, from 1; 0 before the first. */
  ordinal = 0
  #lastMs = 0
  requests = 0

  /** Counts a request; true when it is the first one of a new window. */
  enter(atMs: number, windowMs: number): boolean {
    if (this.#originMs < 0) this.#originMs = atMs
    const ordinal = this.#ordinalOf(atMs, windowMs)
    if (ordinal < this.ordinal) return false
    const opens = ordinal > this.ordinal
    if (opens) {
      this.ordinal = ordinal
      this.requests = 0
    }
    this.#lastMs = Math.max(this.#lastMs, atMs)
    this.requests++
    return opens
  }

  /** Whether a decision of that time counts in the present window. */
  holds(atMs: number, windowMs: number): boolean {
    return this.#ordinalOf(atMs, windowMs) === this.ordinal
  }

  #ordinalOf(atMs: number, windowMs: number): number {
    return Math.max(1, Math.floor((atMs - this.#originMs) / windowMs) + 1)
  }

  /** Requests of the whole window, if the rest of it brings them at the rate so far. */
  forecast(windowMs: number): number {
    const endMs = this.#originMs + this.ordinal * windowMs
    const passed = Math.max(1, this.#lastMs - (endMs - windowMs))
    return this.requests * (1 + Math.max(0, endMs - this.#lastMs) / passed)
  }

  /**
   * The mean that the rest of the window has to reach once half of it has passed; `null` before. With n of n_w requests
   * served and debt = n * floor - satisfied:
   * target = clip((floor * (n_w - n) + debt) / max(n_w - n, n_w / 50), floor, floor + .05).
   */
  aim(floor: number, debt: number, windowMs: number, spendsSurplus = false): WindowAim | null {
    const whole = this.forecast(windowMs)
    const left = whole - this.requests
    if (left > whole / 2) return null
    const required = (floor * left + debt) / Math.max(left, whole * LEAST_REST, 1)
    const lowest = spendsSurplus ? floor - LARGEST_RAISE : floor
    return { target: Math.min(floor + LARGEST_RAISE, Math.max(lowest, required)), requestsLeft: left }
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.of(this.#originMs, this.ordinal, this.#lastMs, this.requests))
  }

  static read(reader: ByteReader): PromiseWindow {
    const window = new PromiseWindow()
    const [originMs = -1, ordinal = 0, lastMs = 0, requests = 0] = reader.float64()
    window.#originMs = originMs
    window.ordinal = ordinal
    window.#lastMs = lastMs
    window.requests = requests
    return window
  }
}
