import {
  bestFixed,
  cheapestFeasibleFixed,
  type FixedChoice,
} from '../../routing/evaluate/cheapest-feasible.ts'
import { clairvoyantCost } from '../../routing/evaluate/clairvoyant.ts'
import { staticMixture } from '../../routing/evaluate/static-mixture.ts'
import { meanLowerBound } from '../metrics/binomial-bound.ts'
import { type FloorRun, floorRun } from '../metrics/floor-figures.ts'
import { achievedBy, mean, oracleChoices, type RouterPoint } from '../metrics/outcome-matrix.ts'
import { type PolicyMetrics, policyMetrics } from '../metrics/policy-metrics.ts'
import type { PolicyResult } from './evaluate-policy.ts'
import type { SplitData } from './split-data.ts'

/** What hindsight on the test rows could have had: no policy, since it sees the labels. */
export interface ReferenceResult {
  readonly name: string
  readonly seed: number
  readonly runs: readonly FloorRun[]
  readonly metrics: PolicyMetrics
}

const boundAlpha = 0.05

/**
 * The references of one split, all with hindsight on its test rows: `best-fixed`, `cheapest-feasible-fixed`,
 * `best-static-mixture`, `predictor-frontier:POLICY` for every policy that predicts (the cheapest lottery over the prices of
 * its own predictions), `clairvoyant-frontier` and `oracle`. Where a floor is out of their reach they give their best.
 */
export function referenceResults(
  data: SplitData,
  policies: readonly PolicyResult[],
): readonly ReferenceResult[] {
  const { floors, test, testMeans } = data
  const { satisfaction, costUsd } = testMeans
  const fixed = ({ index }: FixedChoice, floor: number): FloorRun =>
    floorRun(test, new Int32Array(test.rows).fill(index), floor)
  const best = bestFixed(satisfaction, costUsd)
  const oracle = oracleChoices(test)
  const runs: Readonly<Record<string, readonly FloorRun[]>> = {
    'best-fixed': floors.map(floor => fixed(best, floor)),
    'cheapest-feasible-fixed': floors.map(floor =>
      fixed(cheapestFeasibleFixed(satisfaction, costUsd, floor) ?? best, floor),
    ),
    'best-static-mixture': floors.map(floor => mixtureRun(data, pointsOf(satisfaction, costUsd), floor)),
    ...Object.fromEntries(
      policies.flatMap(({ policy, curve }) =>
        curve === null
          ? []
          : [[`predictor-frontier:${policy}`, floors.map(floor => mixtureRun(data, curve, floor))]],
      ),
    ),
    'clairvoyant-frontier': floors.map(floor => clairvoyantRun(data, floor)),
    oracle: floors.map(floor => floorRun(test, oracle, floor)),
  }
  return Object.entries(runs).map(([name, own]) => ({
    name,
    seed: data.seed,
    runs: own,
    metrics: policyMetrics({
      runs: own.slice(data.summarisedFrom),
      training: data.trainingMeans,
      test,
      predicted: null,
    }),
  }))
}

/** The cheapest lottery over some points that meets the floor; the best point where none does. */
function mixtureRun(data: SplitData, points: readonly RouterPoint[], floor: number): FloorRun {
  const satisfaction = Float64Array.from(points, point => point.satisfaction)
  const costUsd = Float64Array.from(points, point => point.costUsd)
  return programRun(
    data,
    staticMixture(satisfaction, costUsd, floor) ?? bestFixed(satisfaction, costUsd),
    floor,
  )
}

function clairvoyantRun({ test, ...data }: SplitData, floor: number): FloorRun {
  const cheapest = clairvoyantCost(test.satisfaction, test.costUsd, test.rows, test.models, 0)
  const least = clairvoyantCost(test.satisfaction, test.costUsd, test.rows, test.models, floor)
  const split = { ...data, test }
  if (least === null) return programRun(split, achievedBy(test, oracleChoices(test)), floor)
  // Below what the cheapest answers give anyway, the program gives those.
  const free = mean(cheapestSatisfaction(split))
  return programRun(
    split,
    { satisfaction: least.costUsd <= (cheapest?.costUsd ?? 0) ? free : floor, costUsd: least.costUsd },
    floor,
  )
}

/** Per row the satisfaction of the cheapest model, the best one among equals. */
function cheapestSatisfaction({ test }: SplitData): Float64Array {
  const { models, satisfaction, costUsd } = test
  return Float64Array.from({ length: test.rows }, (_, row) => {
    const at = row * models
    const end = at + models
    const least = Math.min(...costUsd.subarray(at, end))
    return Math.max(...satisfaction.subarray(at, end).filter((_, m) => costUsd[at + m] === least))
  })
}

/** A run by expected values: a lottery's single draws would only blur it. */
function programRun({ test }: SplitData, { satisfaction, costUsd }: RouterPoint, floor: number): FloorRun {
  const values = new Float64Array(test.rows).fill(Math.min(1, Math.max(0, satisfaction)))
  return { floor, satisfaction, costUsd, certifiedLower: meanLowerBound(values, boundAlpha) }
}

function pointsOf(satisfaction: Float64Array, costUsd: Float64Array): readonly RouterPoint[] {
  return Array.from(satisfaction, (value, m) => ({ satisfaction: value, costUsd: costUsd[m] ?? 0 }))
}
