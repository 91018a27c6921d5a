import { impatience } from '../price/patience.ts'
import { guardedPrice, type PlanSample, type PriceRange } from '../price/price-plan.ts'
import type { FeedbackKind } from '../sla.ts'
import { usersSayBoth } from './usable-label.ts'

/** Highest prices: multiples of the dearest model's mean cost, and of the price from the training rows. */
const HIGHEST_MULTIPLE = 40
const WITH_LABELS = 4
const WITHOUT_LABELS = 1.5
const LOWEST_SHARE = 1e-4
/** What repaying a debt may cost where no training caps it: a multiple of the price of the floor. */
const CATCHING_UP = 2
/** Standard deviations of debt that count as chance: training must be well refuted before its cap is lifted. */
const CHANCE_COLD = 1
const CHANCE_TRAINED = 2
/** Most that a debt multiplies the cap of training by. */
const LARGEST_LIFT = 10

/** What the price of one floor is planned from. */
export interface PricingFacts {
  readonly sample: PlanSample
  /** What is promised: the floor, above it what a certified promise aims at, corrected by how far predictions overrate. */
  readonly promised: number
  /** What the plan is to reach: the promise, corrected by the debt and by how far predictions overrate. */
  readonly target: number
  /** Sum of (promise - satisfaction), in requests; positive: behind. */
  readonly behind: number
  /** Decisions in which it came about. */
  readonly decisions: number
  /** Mean cost of a call of the dearest model, USD, > 0. */
  readonly dearestUsd: number
  /** What training taught bounds the price; false on a cold start and once an alarm has refuted it. */
  readonly trained: boolean
  /** USD per extra satisfied request that kept the promise on the training rows; 0 where there is none, or it holds no more. */
  readonly trainedUsd: number
  readonly feedback: FeedbackKind
  /** Ceiling that the operator states, USD; 0: none. */
  readonly ceilingUsd: number
}

/**
 * The planned price, USD per extra satisfied request. Where no training caps it, catching up may cost twice the price of the
 * promise itself, and more only for a debt beyond chance: near a cliff a few requests of debt would otherwise send all traffic to a
 * model that costs many times the others.
 */
export function plannedPrice(facts: PricingFacts): number {
  const { sample, target, promised, trained } = facts
  const range = withLowest(highestPrice(facts), facts.dearestUsd)
  const planned = guardedPrice(sample, target, range)
  if (trained) return planned
  const usual = guardedPrice(sample, promised, range)
  return Math.min(planned, CATCHING_UP * impatience({ ...arrears(facts), chance: CHANCE_COLD }) * usual)
}

/** The widest range of prices: up to 40 times the dearest model's mean cost, or the ceiling. */
export function widestRange(dearestUsd: number, ceilingUsd: number): PriceRange {
  return withLowest(below(ceilingUsd, HIGHEST_MULTIPLE * dearestUsd), dearestUsd)
}

/** Cold: the dearest model's cost times 3 and twice the debt. Trained: a multiple of the trained price, lifted by a debt beyond chance. */
function highestPrice(facts: PricingFacts): number {
  const { behind, dearestUsd, trainedUsd, feedback, ceilingUsd } = facts
  const cold = dearestUsd * Math.min(HIGHEST_MULTIPLE, 3 + 2 * Math.max(0, behind))
  if (trainedUsd <= 0) return below(ceilingUsd, cold)
  const multiple = usersSayBoth(feedback) ? WITH_LABELS : WITHOUT_LABELS
  const lift = Math.min(LARGEST_LIFT, impatience({ ...arrears(facts), chance: CHANCE_TRAINED }))
  return below(ceilingUsd, Math.min(HIGHEST_MULTIPLE * dearestUsd, lift * multiple * trainedUsd))
}

function arrears({ behind, decisions }: PricingFacts): { readonly debt: number; readonly decisions: number } {
  return { debt: behind, decisions }
}

function below(ceilingUsd: number, priceUsd: number): number {
  return ceilingUsd > 0 ? Math.min(priceUsd, ceilingUsd) : priceUsd
}

function withLowest(highest: number, dearestUsd: number): PriceRange {
  return { lowest: Math.min(highest, dearestUsd * LOWEST_SHARE), highest }
}
