/** Floors at which separate prices and debts are kept; a request between two of them counts to both in part. */
export interface FloorKnots {
  /** Ascending. */
  readonly floors: readonly number[]
}

/** Knots where requests bring their own floors. */
export const KNOTS = 5

/** One knot for a single floor, five evenly spaced ones for a range. */
export function placeKnots(lowest: number, highest: number): FloorKnots {
  if (highest - lowest < 1e-9) return { floors: [lowest] }
  const floors = Array.from({ length: KNOTS }, (_, j) => lowest + ((highest - lowest) * j) / (KNOTS - 1))
  return { floors }
}

/**
 * Hat functions phi_j(floor): piecewise linear, phi_j(tau_j) = 1, sum one; beyond the ends the outermost knot takes all.
 * A single multiplier cannot honour floors that differ by request: floor drops out of the argmin.
 */
export function hatWeights(knots: FloorKnots, floor: number): Float64Array {
  const { floors } = knots
  const weights = new Float64Array(floors.length)
  const last = floors.length - 1
  if (floor <= (floors[0] ?? 0)) weights[0] = 1
  else if (floor >= (floors[last] ?? 0)) weights[last] = 1
  else {
    const right = floors.findIndex(knot => knot > floor)
    const low = floors[right - 1] ?? 0
    const share = (floor - low) / ((floors[right] ?? 0) - low)
    weights[right - 1] = 1 - share
    weights[right] = share
  }
  return weights
}

/** The value at a floor of a function given at the knots. */
export function interpolate(knots: FloorKnots, values: Float64Array, floor: number): number {
  return hatWeights(knots, floor).reduce((sum, weight, j) => sum + weight * (values[j] ?? 0), 0)
}
