import { mean } from './outcome-matrix.ts'

/** How achieved satisfaction answers to the floor asked for; `null` where there is no spread to measure by. */
export interface TargetResponse {
  /** Correlation; blind to bias, so never alone. */
  readonly pearson: number | null
  /** Least-squares line achieved = intercept + slope * floor; 1 and 0 are perfect. */
  readonly slope: number | null
  readonly intercept: number | null
  /** Root of the mean squared distance between achieved and asked. */
  readonly rmse: number
}

/** Values that differ by less are equal but for the rounding of their sums. */
const rounding = 1e-12

/** Response of achieved values to asked ones, pair by pair. Throws `RangeError` without pairs or on unequal lengths. */
export function targetResponse(asked: readonly number[], achieved: readonly number[]): TargetResponse {
  if (asked.length === 0 || achieved.length !== asked.length) {
    throw new RangeError(
      `${achieved.length} values achieved for ${asked.length} asked; expected as many, at least one`,
    )
  }
  const meanAsked = mean(asked)
  const meanAchieved = mean(achieved)
  let askedSquares = 0
  let achievedSquares = 0
  let products = 0
  let errors = 0
  for (const [i, floor] of asked.entries()) {
    const value = achieved[i] ?? 0
    askedSquares += (floor - meanAsked) ** 2
    achievedSquares += (value - meanAchieved) ** 2
    products += (floor - meanAsked) * (value - meanAchieved)
    errors += (value - floor) ** 2
  }
  const slope = askedSquares > 0 ? products / askedSquares : null
  const spread = Math.sqrt(askedSquares * achievedSquares)
  // Means of equal values are off by rounding: what they seem to scatter is none.
  const varied = spreads(asked) && spreads(achieved)
  return {
    pearson: varied ? products / spread : null,
    slope,
    intercept: slope === null ? null : meanAchieved - slope * meanAsked,
    rmse: Math.sqrt(errors / asked.length),
  }
}

function spreads(values: readonly number[]): boolean {
  return Math.max(...values) - Math.min(...values) > rounding
}
