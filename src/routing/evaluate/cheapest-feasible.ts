/** One model used for everything. */
export interface FixedChoice {
  /** Position of the model. */
  readonly index: number
  readonly satisfaction: number
  readonly costUsd: number
}

/** Means per model over row-major arrays [rows x models]; zeros without rows. */
export function columnMeans(values: Float64Array, models: number): Float64Array {
  const rows = values.length / models
  if (!Number.isInteger(rows))
    throw new RangeError(`${values.length} values do not fill rows of ${models} models`)
  const sums = new Float64Array(models)
  for (const [i, value] of values.entries()) sums[i % models] = (sums[i % models] ?? 0) + value
  // Divided once, at the end: 3 of 4 must be .75 exactly, or a floor of .75 would count as missed.
  return rows === 0 ? sums : sums.map(sum => sum / rows)
}

/** The model of the highest mean satisfaction, the cheaper one among equals. */
export function bestFixed(meanSatisfaction: Float64Array, meanCostUsd: Float64Array): FixedChoice {
  const choice = best(
    meanSatisfaction,
    meanCostUsd,
    (a, b) => b.satisfaction - a.satisfaction || a.costUsd - b.costUsd,
  )
  if (choice === null) throw new RangeError('bestFixed needs at least one model')
  return choice
}

/** The cheapest model whose mean satisfaction meets the floor, the better one among equals; `null` where none does. */
export function cheapestFeasibleFixed(
  meanSatisfaction: Float64Array,
  meanCostUsd: Float64Array,
  floor: number,
): FixedChoice | null {
  return best(
    meanSatisfaction,
    meanCostUsd,
    (a, b) => a.costUsd - b.costUsd || b.satisfaction - a.satisfaction,
    choice => choice.satisfaction >= floor,
  )
}

function best(
  meanSatisfaction: Float64Array,
  meanCostUsd: Float64Array,
  compare: (a: FixedChoice, b: FixedChoice) => number,
  allowed: (choice: FixedChoice) => boolean = () => true,
): FixedChoice | null {
  const choices = Array.from(meanSatisfaction, (satisfaction, index) => ({
    index,
    satisfaction,
    costUsd: meanCostUsd[index] ?? 0,
  }))
  return choices.filter(allowed).sort(compare)[0] ?? null
}
