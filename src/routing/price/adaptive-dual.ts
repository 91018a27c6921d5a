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
 *     G2 += g^2;  eta = max(etaMin, kappa / sqrt(1 + G2));  theta += eta g;  lambda = cref h(theta) in [0, lambdaMax]
 *     h(theta) = theta up to 1, exp(theta - 1) beyond
 *
 * Up to the scale this is lambda += eta cref g. Beyond it steps are relative: where one model costs 500 times another, the
 * price that a floor needs may be that much above any scale, and steps of one size would be too coarse for one zoo and
 * never arrive in another. They are relative in the logarithm: lambda *= 1 + eta g with noisy g would sink by itself.
 *
 * What is kept on a change of scale is the price in USD per satisfied request, so that no decision changes with it. A decision
 * enters at once with its predicted shortfall, and its label as a correction at the step of that decision: with the
 * present step the two would not cancel. theta is a shadow that may run out of bounds by `slack` steps: clipped at
 * once, a correction would be lost; never clipped, the price would wind up.
 */
export class AdaptiveDual {
  readonly #options: AdaptiveDualOptions
  #theta = 0
  #squares = 0
  #scaleUsd = 0
  #capUsd = 0

  constructor(options: AdaptiveDualOptions) {
    this.#options = options
  }

  /** lambda in [0, capUsd], USD per satisfied request; 0 while the scale is unknown. */
  get priceUsd(): number {
    return clip(this.#scaleUsd * stretched(this.#theta), 0, this.#capUsd)
  }

  /** eta = max(etaMin, kappa / sqrt(1 + G2)): by how much a unit of shortfall moves theta. To be logged with the decision. */
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
    if (this.#scaleUsd > 0 && this.#theta > 0) {
      this.#theta = unstretched((this.#scaleUsd * stretched(this.#theta)) / scaleUsd)
    }
    this.#scaleUsd = scaleUsd
    this.#capUsd = capUsd
    this.#bound()
  }

  /**
   * Starts from a price, USD, instead of from nothing, with the steps that are usual after increments of these squares:
   * a price that was learned elsewhere is not to be thrown away by the first labels. Takes a scale first.
   */
  start(priceUsd: number, squares = 0): void {
    this.#theta = this.#scaleUsd > 0 ? unstretched(Math.max(0, priceUsd) / this.#scaleUsd) : 0
    this.#squares = squares
  }

  /** Counts an increment towards the steps to come without moving the price. */
  watch(increment: number): void {
    this.#squares += increment * increment
  }

  /**
   * Moves theta by `step * increment`: a shortfall tau - f at its decision, or the correction f - sdr when a label comes.
   * `step` is the one that was logged with the decision. Moves nothing while the scale is unknown.
   */
  move(increment: number, step: number): void {
    this.watch(increment)
    if (this.#scaleUsd === 0) return
    this.#theta += step * increment
    this.#bound()
  }

  #bound(): void {
    const room = this.#options.slack * this.step
    this.#theta = clip(this.#theta, -room, unstretched(this.#capUsd / this.#scaleUsd) + room)
  }

  write(writer: ByteWriter): void {
    writer.array(Float64Array.of(this.#theta, this.#squares, this.#scaleUsd, this.#capUsd))
  }

  /** Restores what `write` wrote. */
  static read(reader: ByteReader, options: AdaptiveDualOptions): AdaptiveDual {
    const dual = new AdaptiveDual(options)
    const [theta = 0, squares = 0, scaleUsd = 0, capUsd = 0] = reader.float64()
    dual.#theta = theta
    dual.#squares = squares
    dual.#scaleUsd = scaleUsd
    dual.#capUsd = capUsd
    return dual
  }
}

/** h: the identity up to 1, exponential beyond, smooth where they meet. */
function stretched(theta: number): number {
  return theta <= 1 ? theta : Math.exp(theta - 1)
}

/** Inverse of `stretched`. */
function unstretched(price: number): number {
  return price <= 1 ? price : 1 + Math.log(price)
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
