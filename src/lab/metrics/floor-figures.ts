import { meanLowerBound } from './binomial-bound.ts'
import {
  achievedBy,
  chosenSatisfaction,
  mean,
  type OutcomeMatrix,
  type RouterPoint,
} from './outcome-matrix.ts'

/** What a policy achieved when a floor was asked for. */
export interface FloorRun extends RouterPoint {
  readonly floor: number
  /** Lower bound of the mean satisfaction with confidence 95%. */
  readonly certifiedLower: number
}

/** How floors were kept, over a grid of floors; at least nine make the shares worth reading. */
export interface FloorFigures {
  /** Share of the floors met. */
  readonly floorCompliance: number
  /** Share of the floors whose certified lower bound meets them. */
  readonly certifiedFloorCompliance: number
  /** Share of the floors missed by more than one point (.01). */
  readonly missedByOnePoint: number
  /** Mean over the floors of [floor - satisfaction]+. */
  readonly meanMiss: number
  /** Mean over the floors of [satisfaction - floor]+. */
  readonly meanOvershoot: number
  /** Share of the floors with the satisfaction within two, and within five points of them. */
  readonly within2Points: number
  readonly within5Points: number
}

/** Error rate of `certifiedLower`. */
const certifiedAlpha = 0.05
/** Means of labels carry rounding: a floor missed by less counts as met, a distance longer by less as within. */
const rounding = 1e-12

/** The run of a policy that made these choices under this floor. */
export function floorRun(matrix: OutcomeMatrix, choices: Int32Array, floor: number): FloorRun {
  const certifiedLower = meanLowerBound(chosenSatisfaction(matrix, choices), certifiedAlpha)
  return { floor, ...achievedBy(matrix, choices), certifiedLower }
}

/** Figures over the runs of one policy, one per floor. Throws `RangeError` without runs. */
export function floorFigures(runs: readonly FloorRun[]): FloorFigures {
  if (runs.length === 0) throw new RangeError('floor figures need at least one floor')
  const share = (holds: (run: FloorRun) => boolean): number => mean(runs.map(run => (holds(run) ? 1 : 0)))
  const within = (points: number) => (run: FloorRun) =>
    Math.abs(run.satisfaction - run.floor) <= points / 100 + rounding
  return {
    floorCompliance: share(run => run.satisfaction >= run.floor - rounding),
    certifiedFloorCompliance: share(run => run.certifiedLower >= run.floor - rounding),
    missedByOnePoint: share(run => run.floor - run.satisfaction > 0.01 + rounding),
    meanMiss: mean(runs.map(run => Math.max(0, run.floor - run.satisfaction))),
    meanOvershoot: mean(runs.map(run => Math.max(0, run.satisfaction - run.floor))),
    within2Points: share(within(2)),
    within5Points: share(within(5)),
  }
}

/**
 * Floors from `from` to `to` in equal steps, both included: the grid of evaluations, by convention eleven from the training
 * satisfaction of the cheapest model to that of the best single one.
 */
export function floorGrid(from: number, to: number, count = 11): readonly number[] {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / Math.max(1, count - 1))
}
