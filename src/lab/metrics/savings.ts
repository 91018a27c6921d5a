import { bestFixed, cheapestFeasibleFixed } from '../../routing/evaluate/cheapest-feasible.ts'
import { clairvoyantCost } from '../../routing/evaluate/clairvoyant.ts'
import { mixtureCostAt, mixtureSatisfactionAt } from '../../routing/evaluate/static-mixture.ts'
import type { FloorRun } from './floor-figures.ts'
import { type ModelMeans, mean, type OutcomeMatrix, type RouterPoint } from './outcome-matrix.ts'

/** 1 - cost / reference: what is saved of a bill. */
export function costSaving(costUsd: number, referenceUsd: number): number {
  return 1 - costUsd / referenceUsd
}

/**
 * `billSavedVsBestFixed`: 1 - sum over floors of the policy's cost / sum of the cost on the test rows of the cheapest single
 * model that met the floor in training; the best one in training where none did. `null` where that bill is zero.
 */
export function billSavedVsBestFixed(
  runs: readonly FloorRun[],
  training: ModelMeans,
  test: ModelMeans,
): number | null {
  return savedOverFloors(runs, ({ floor }) => {
    const feasible = cheapestFeasibleFixed(training.satisfaction, training.costUsd, floor)
    const { index } = feasible ?? bestFixed(training.satisfaction, training.costUsd)
    return test.costUsd[index] ?? 0
  })
}

/**
 * `billSavedVsMixture`: 1 - sum over floors of the policy's cost / sum of the cost of the cheapest static mixture, with
 * hindsight on the test rows, of the satisfaction that the policy really achieved. Because the mixture has to reach no more
 * than that, missing a floor earns nothing. Satisfaction counts as at most the best and at least the cheapest model's.
 * `null` where that mixture costs nothing.
 */
export function billSavedVsMixture(runs: readonly FloorRun[], test: ModelMeans): number | null {
  return savedOverFloors(runs, ({ satisfaction }) =>
    mixtureCostAt(test.satisfaction, test.costUsd, satisfaction),
  )
}

/**
 * `pointsOverMixture`: the mean, in points (hundredths), of
 * satisfaction minus that of the best static mixture of the same cost on the test rows. A cost above the best model's counts
 * as the best model's, one below the cheapest model's as the cheapest model's.
 */
export function pointsOverMixture(points: readonly RouterPoint[], test: ModelMeans): number {
  if (points.length === 0) throw new RangeError('points over the mixture need at least one point')
  const above = points.map(
    ({ satisfaction, costUsd }) =>
      satisfaction - mixtureSatisfactionAt(test.satisfaction, test.costUsd, costUsd),
  )
  return 100 * mean(above)
}

/**
 * `costVsClairvoyant`: sum over floors of the policy's cost / sum of the least cost at which any assignment that knows every
 * label reaches the same mean satisfaction on the test rows. At least 1; `null` where that costs nothing.
 */
export function costVsClairvoyant(runs: readonly FloorRun[], test: OutcomeMatrix): number | null {
  const saved = savedOverFloors(runs, ({ satisfaction }) => clairvoyantAt(test, satisfaction))
  return saved === null ? null : 1 - saved
}

/** What a policy lost against a benchmark; always read as a pair, because each can be bought with the other. */
export interface Regret {
  /** Cost beyond the benchmark's in USD, summed over the requests; negative for a cheaper policy. */
  readonly costUsd: number
  /** [requests * floor - sum of satisfaction]+. */
  readonly violation: number
}

/** Regret over a number of requests at a floor, against a benchmark's mean cost at that floor. */
export function regret(
  achieved: RouterPoint,
  benchmarkCostUsd: number,
  floor: number,
  requests: number,
): Regret {
  return {
    costUsd: requests * (achieved.costUsd - benchmarkCostUsd),
    violation: Math.max(0, requests * (floor - achieved.satisfaction)),
  }
}

function clairvoyantAt(test: OutcomeMatrix, satisfaction: number): number {
  const least = clairvoyantCost(test.satisfaction, test.costUsd, test.rows, test.models, satisfaction)
  if (least === null)
    throw new RangeError(`no assignment of these rows reaches a satisfaction of ${satisfaction}`)
  return least.costUsd
}

/** `null` where the reference costs nothing: of a bill of zero there is no share to save. */
function savedOverFloors(runs: readonly FloorRun[], referenceUsd: (run: FloorRun) => number): number | null {
  if (runs.length === 0) throw new RangeError('a saving over floors needs at least one floor')
  const reference = mean(runs.map(referenceUsd))
  return reference > 0 ? costSaving(mean(runs.map(run => run.costUsd)), reference) : null
}
