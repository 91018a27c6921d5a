/** Predictions for a sample of requests: what a price would buy on them. */
export interface PlanSample {
  readonly requests: number
  readonly models: number
  /** Row-major [requests x models], in [0, 1]. */
  readonly satisfaction: Float64Array
  /** Row-major [requests x models], USD; +infinity where a model is not eligible. */
  readonly costUsd: Float64Array
}

/** Range of prices that a plan may choose from, in USD per extra satisfied request; 0 < lowest <= highest. */
export interface PriceRange {
  readonly lowest: number
  readonly highest: number
}

const BISECTIONS = 22

/** Mean predicted satisfaction when every request goes to argmin_m c_m - price * p_m. */
export function satisfactionAt(sample: PlanSample, price: number): number {
  const { requests, models, satisfaction, costUsd } = sample
  let sum = 0
  for (let i = 0; i < requests; i++) {
    const row = i * models
    let best = Number.POSITIVE_INFINITY
    let reached = 0
    for (let m = 0; m < models; m++) {
      const p = satisfaction[row + m] ?? 0
      const score = (costUsd[row + m] ?? 0) - price * p
      if (score < best) {
        best = score
        reached = p
      }
    }
    sum += reached
  }
  return requests === 0 ? 0 : sum / requests
}

/** Mean over the sample of the best predicted satisfaction: what no price can exceed. */
export function reachable(sample: PlanSample): number {
  const { requests, models, satisfaction, costUsd } = sample
  let sum = 0
  for (let i = 0; i < requests; i++) {
    let best = 0
    for (let m = i * models; m < (i + 1) * models; m++) {
      if ((costUsd[m] ?? 0) < Number.POSITIVE_INFINITY) best = Math.max(best, satisfaction[m] ?? 0)
    }
    sum += best
  }
  return requests === 0 ? 0 : sum / requests
}

/**
 * Smallest price of the range at which the predicted mean reaches `target`, by bisection on a geometric scale;
 * the highest price where none does. The predicted mean never falls as the price rises.
 */
export function cheapestPrice(sample: PlanSample, target: number, range: PriceRange): number {
  if (satisfactionAt(sample, range.lowest) >= target) return range.lowest
  let low = Math.log(range.lowest)
  let high = Math.log(range.highest)
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2
    if (satisfactionAt(sample, Math.exp(middle)) >= target) high = middle
    else low = middle
  }
  return Math.exp(high)
}

/** The last point of satisfaction may raise the price by this factor at most. */
const DEAREST_LAST_POINT = 3
const LAST_POINT = 0.01

/**
 * The planned price: cheapestPrice(target), but at most three times what one point less would cost.
 * Where satisfaction has a cliff, a whole multiple of the bill would otherwise buy the last hundredth.
 */
export function guardedPrice(sample: PlanSample, target: number, range: PriceRange): number {
  const full = cheapestPrice(sample, target, range)
  if (full <= range.lowest) return full
  return Math.min(full, DEAREST_LAST_POINT * cheapestPrice(sample, target - LAST_POINT, range))
}
