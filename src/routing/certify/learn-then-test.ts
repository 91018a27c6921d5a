import { incompleteBeta } from '../numeric/incomplete-beta.ts'

/** Losses of one choice on the calibration rows, each in [0, 1]; 0 is satisfied. The rows are independent of each other. */
export type Losses = ArrayLike<number>

/** What testing one step of a path came to. */
export interface StepTest {
  /** Position on the path, from 0. */
  readonly step: number
  /** Calibration rows. */
  readonly labels: number
  /** Sum of the losses: failures, where losses are 0 or 1. */
  readonly failures: number
  /** Chance of losses as small as these, if the floor were not kept. */
  readonly pValue: number
}

/** What a walk along a path came to. */
export interface PathTest {
  /** The last step up to which every test was passed: what may be used. `null` where the first one failed. */
  readonly certified: StepTest | null
  /** The step whose test was not passed; `null` where the path ended first. */
  readonly stopped: StepTest | null
}

/** What is tested, and how sure it must be. */
export interface FloorClaim {
  /** Mean satisfaction that is claimed, in (0, 1). */
  readonly floor: number
  /** Probability of certifying a step that does not keep the floor, in (0, 1). With K claims give each delta / K. */
  readonly delta: number
}

const mostLabels = 1e9

/**
 * Exact p-value of binary losses: P(Bin(n, risk) <= failures), the chance of so few failures if the risk were `risk`
 * (Angelopoulos, Bates, Candes, Jordan & Lei 2021, "Learn then Test"). `risk` in (0, 1); in [0, 1].
 */
export function binomialPValue(failures: number, labels: number, risk: number): number {
  if (failures >= labels) return 1
  return incompleteBeta(labels - failures, failures + 1, 1 - risk)
}

/**
 * P-value of losses in [0, 1] by Hoeffding and Bentkus (Bates, Angelopoulos, Lei, Malik & Jordan 2021):
 * min(exp(-n h(min(R, r), r)), e P(Bin(n, r) <= ceil(n R))) with R the mean loss, r the risk and h the Kullback-Leibler
 * divergence of two Bernoulli distributions. In [0, 1].
 */
export function hoeffdingBentkusPValue(lossSum: number, labels: number, risk: number): number {
  const mean = Math.min(lossSum / labels, risk)
  const term = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b))
  const hoeffding = Math.exp(-labels * (term(mean, risk) + term(1 - mean, 1 - risk)))
  const bentkus = Math.E * binomialPValue(Math.ceil(lossSum), labels, risk)
  return Math.min(1, hoeffding, bentkus)
}

/** Tests one step: the exact p-value where every loss is 0 or 1, Hoeffding-Bentkus elsewhere. Throws a RangeError outside [0, 1]. */
export function testStep(losses: Losses, floor: number, step: number): StepTest {
  const { sum, binary } = sumOf(losses)
  const pValue = pValueOf({ sum, binary, labels: losses.length }, 1 - floor)
  return { step, labels: losses.length, failures: sum, pValue }
}

/**
 * Learn then test by a fixed sequence: walks a path from its most careful step to its cheapest, tests at each "the mean loss
 * exceeds 1 - floor" at level delta, and stops at the first test that is not passed. The last step passed keeps the floor
 * with probability at least 1 - delta over the calibration rows: a wrong step can be certified only if the first wrong one
 * on the path passes. The path must be fixed, and the choices on it made, without the labels of these rows. `path` is read
 * no further than the walk goes.
 *
 * @example
 * learnThenTest([new Float64Array(200)], { floor: 0.9, delta: 0.05 }).certified?.step // 0
 */
export function learnThenTest(path: Iterable<Losses>, { floor, delta }: FloorClaim): PathTest {
  let certified: StepTest | null = null
  let step = 0
  for (const losses of path) {
    const tested = testStep(losses, floor, step)
    if (!(tested.pValue <= delta)) return { certified, stopped: tested }
    certified = tested
    step += 1
  }
  return { certified, stopped: null }
}

/**
 * The largest floor that losses certify at level delta: 1 - r for the least risk r whose test is passed; 0 where none is.
 * Asking for a floor at the first step of a path, and taking this floor there when it fails, is wrong with probability at most
 * delta in all: both claims are read off one lower bound.
 */
export function largestFloor(losses: Losses, delta: number): number {
  const { sum, binary } = sumOf(losses)
  let [low, high] = [0, 1]
  for (let i = 0; i < 50; i++) {
    const floor = (low + high) / 2
    if (pValueOf({ sum, binary, labels: losses.length }, 1 - floor) <= delta) low = floor
    else high = floor
  }
  return low
}

/**
 * Calibration labels with which a floor would be certified at level delta, if the mean loss stays as it is: by doubling and
 * bisection; `null` where the mean loss is not below 1 - floor, so that no number of labels would do.
 */
export function labelsForFloor(losses: Losses, { floor, delta }: FloorClaim): number | null {
  const { sum, binary } = sumOf(losses)
  const mean = sum / losses.length
  if (!(mean < 1 - floor)) return null
  const enough = (labels: number): boolean =>
    pValueOf({ sum: Math.ceil(mean * labels - 1e-9), binary, labels }, 1 - floor) <= delta
  let many = 1
  while (!enough(many)) {
    many *= 2
    if (many > mostLabels) return null
  }
  let few = Math.floor(many / 2)
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2)
    if (enough(middle)) many = middle
    else few = middle
  }
  return many
}

interface LossSum {
  readonly sum: number
  /** Every loss is 0 or 1. */
  readonly binary: boolean
  readonly labels: number
}

function pValueOf({ sum, binary, labels }: LossSum, risk: number): number {
  if (labels === 0) return 1
  return binary ? binomialPValue(sum, labels, risk) : hoeffdingBentkusPValue(sum, labels, risk)
}

function sumOf(losses: Losses): Pick<LossSum, 'sum' | 'binary'> {
  let sum = 0
  let binary = true
  for (let i = 0; i < losses.length; i++) {
    const loss = losses[i] ?? Number.NaN
    if (!(loss >= 0 && loss <= 1)) throw new RangeError(`loss ${i} is ${loss}; it must lie in [0, 1]`)
    sum += loss
    if (loss !== 0 && loss !== 1) binary = false
  }
  return { sum, binary }
}
