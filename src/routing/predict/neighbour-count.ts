import { type NeighbourProblem, trainNearestNeighbours } from './nearest-neighbours.ts'

/** Numbers of neighbours that CARROT chooses from: 2^1 … 2^9. */
export const NEIGHBOUR_COUNTS: readonly number[] = Array.from({ length: 9 }, (_, i) => 2 ** (i + 1))

/** How well predictions [rows x models] fit targets of the same layout; higher is better. */
export type FitMeasure = (targets: Float64Array, predicted: Float64Array, models: number) => number

/** The number of neighbours whose leave-one-out predictions fit best, the smaller one among equals. */
export function bestNeighbourCount(problem: NeighbourProblem, measure: FitMeasure): number {
  let best = NEIGHBOUR_COUNTS[0] ?? 1
  let highest = Number.NEGATIVE_INFINITY
  for (const count of NEIGHBOUR_COUNTS) {
    if (count > problem.others.stride) break
    const value = measure(
      problem.targets,
      trainNearestNeighbours(problem, count).crossFitted,
      problem.models.length,
    )
    if (value > highest) {
      highest = value
      best = count
    }
  }
  return best
}

/**
 * Area under the ROC curve, mean over the models that have targets on both sides of one half; one half without any:
 * the share of (satisfied, unsatisfied) pairs that the predictions order rightly, ties counting half (Mann & Whitney 1947).
 */
export function meanAreaUnderRoc(targets: Float64Array, predicted: Float64Array, models: number): number {
  const areas: number[] = []
  for (let m = 0; m < models; m++) {
    const area = areaUnderRoc(column(targets, m, models), column(predicted, m, models))
    if (area !== null) areas.push(area)
  }
  return areas.length === 0 ? 0.5 : areas.reduce((sum, area) => sum + area, 0) / areas.length
}

function areaUnderRoc(targets: Float64Array, predicted: Float64Array): number | null {
  const order = Array.from(predicted.keys()).sort((a, b) => (predicted[a] ?? 0) - (predicted[b] ?? 0))
  let [positives, rankSum] = [0, 0]
  for (let start = 0; start < order.length; ) {
    let end = start
    while (end < order.length && predicted[order[end] ?? 0] === predicted[order[start] ?? 0]) end++
    const meanRank = (start + end + 1) / 2
    for (let i = start; i < end; i++) {
      if ((targets[order[i] ?? 0] ?? 0) <= 0.5) continue
      positives++
      rankSum += meanRank
    }
    start = end
  }
  const negatives = targets.length - positives
  if (positives === 0 || negatives === 0) return null
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** Share of the variance within the models' columns that predictions explain: mean R^2 over the columns that vary. */
export function meanExplainedVariance(
  targets: Float64Array,
  predicted: Float64Array,
  models: number,
): number {
  let [sum, counted] = [0, 0]
  for (let m = 0; m < models; m++) {
    const truth = column(targets, m, models)
    const guess = column(predicted, m, models)
    const mean = truth.reduce((total, value) => total + value, 0) / truth.length
    let [residual, total] = [0, 0]
    truth.forEach((value, i) => {
      residual += (value - (guess[i] ?? 0)) ** 2
      total += (value - mean) ** 2
    })
    if (total <= 0) continue
    sum += 1 - residual / total
    counted++
  }
  return counted === 0 ? 0 : sum / counted
}

function column(values: Float64Array, m: number, models: number): Float64Array {
  return Float64Array.from({ length: values.length / models }, (_, row) => values[row * models + m] ?? 0)
}
