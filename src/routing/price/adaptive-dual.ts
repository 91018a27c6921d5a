import { lowerHull } from '../evaluate/lower-hull.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'

/** Settings of the controller; all are free of units. */
export interface AdaptiveDualOptions {
  /** kappa > 0: the first step, in scales of the price per unit of shortfall. */
  readonly kappa: number
  /** etaMin in (0, kappa]: the least step, so that the price follows a world that changes. */
  readonly leastStep: number
  /** How far the shadow price may run beyond its bounds, in steps; >= 0. Corrections that are under way need the room. */
  readonly slack: number
}

/** What makes steps and caps comparable between zoos; a function of costs and mean satisfaction. */
export interface PriceScale {
  /** cref: a usual price of satisfaction, USD per satisfied request, > 0. */
  readonly scaleUsd: number
  /** lambdaMax in USD: what one unit of violation is worth at most; > 0. */
  readonly capUsd: number
}

/** Paying the whole spread of costs for this much satisfaction is the most that a floor is worth unless something else is said. */
const DEAREST_GAIN = 0.02

/**
 * Price of satisfaction by dual ascent with an adaptive step (SLARouter's adaptive V_t = 1/eta_t, arXiv 2606.19376; the step
 * rule is AdaGrad's, Duchi, Hazan & Singer 2011):
 *
 *     G2 += g^2;  eta = max(etaMin, kappa / sqrt(1 + G2));  lambda = clip(lambda + eta cref g, 0, lambdaMax)
 *
 * The state is the price in USD per satisfied request, so that a new scale `cref` changes steps and never the price. A decision
 * enters at once with its predicted shortfall, and its label as a correction at the step of that decision: with the
 * present step the two would not cancel. The price is the projection of a shadow that may run out of bounds by `slack` steps:
 * clipped at once, a correction would be lost; never clipped, the price would wind up.
 */
export class AdaptiveDual {
  readonly #options: AdaptiveDualOptions
  #shadowUsd = 0
  #squares = 0
  #scaleUsd = 0
  #capUsd = 0

  constructor(options: AdaptiveDualOptions) {
    this.#options = options
  }

  /** lambda in [0, capUsd], USD per satisfied request; 0 while the scale is unknown. */
  get priceUsd(): number {
    return clip(this.#shadowUsd, 0, this.#capUsd)
  }

  /** eta * cref: USD by which one unit of shortfall moves the price now. To be logged with the decision. */
  get stepUsd(): number {
    return this.step * this.#scaleUsd
  }

  /** eta = max(etaMin, kappa / sqrt(1 + G2)). */
  get step(): number {
    const { kappa, leastStep } = this.#options
    return Math.max(leastStep, kappa / Math.sqrt(1 + this.#squares))
  }

  /** cref in USD; 0 while unknown. */
  get scaleUsd(): number {
    return this.#scaleUsd
  }

  /** Takes a scale over; the price in USD stays as it is, as long as the new cap allows. */
  rescale({ scaleUsd, capUsd }: PriceScale): void {
    this.#scaleUsd = scaleUsd
    this.#capUsd = capUsd
    this.#bound()
  }

  /** Starts from a price, USD, instead of from nothing. */
  start(priceUsd: number): void {
    this.#shadowUsd = Math.max(0, priceUsd)
  }

  /**
   * Moves the price by `stepUsd * increment`: a shortfall tau - f at its decision, or the correction f - sdr when a label
   * comes. `stepUsd` is the step that was logged with the decision.
   */
  move(increment: number, stepUsd: number): void {
    this.#squares += increment * increment
    this.#shadowUsd += stepUsd * increment
    this.#bound()
  }

  #bound(): void {
    const room = this.#options.slack * this.stepUsd
    this.#shadowUsd = clip(this.#shadowUsd, -room, this.#capUsd + room)
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.of(this.#shadowUsd, this.#squares, this.#scaleUsd, this.#capUsd))
  }

  /** Restores what `write` wrote. */
  static read(reader: ByteReader, options: AdaptiveDualOptions): AdaptiveDual {
    const dual = new AdaptiveDual(options)
    const [shadowUsd = 0, squares = 0, scaleUsd = 0, capUsd = 0] = reader.float64()
    dual.#shadowUsd = shadowUsd
    dual.#squares = squares
    dual.#scaleUsd = scaleUsd
    dual.#capUsd = capUsd
    return dual
  }
}

/**
 * Robust scale of prices: the median slope of the segments of the lower convex hull of (mean satisfaction, mean cost), else the
 * median difference between neighbouring costs, else the dearest cost; the cap pays the whole spread for two points of
 * satisfaction. Never dearest minus cheapest: one model of 500 times the usual price would make every step too coarse.
 * Arrays have one entry per model, costs in USD; `null` while no cost is above zero.
 */
export function priceScale(satisfaction: ArrayLike<number>, costUsd: ArrayLike<number>): PriceScale | null {
  const costs = Array.from(costUsd).sort((a, b) => a - b)
  const [cheapest, dearest] = [costs[0] ?? 0, costs.at(-1) ?? 0]
  if (!(dearest > 0)) return null
  const slopes = lowerHull(satisfaction, costUsd).steps.map(step => step.priceUsd)
  const gaps = costs.slice(1).map((cost, i) => cost - (costs[i] ?? 0))
  const scaleUsd = positiveMedian(slopes) ?? positiveMedian(gaps) ?? dearest
  return { scaleUsd, capUsd: Math.max(scaleUsd, (dearest - cheapest) / DEAREST_GAIN) }
}

/** Median of the positive values, the lower one of two; `null` without any. */
function positiveMedian(values: readonly number[]): number | null {
  const positive = values.filter(value => value > 0).sort((a, b) => a - b)
  return positive[(positive.length - 1) >> 1] ?? null
}

function clip(value: number, lowest: number, highest: number): number {
  return Math.min(highest, Math.max(lowest, value))
}
