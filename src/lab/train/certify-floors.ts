import {
  type FloorClaim,
  type Losses,
  labelsForFloor,
  largestFloor,
  learnThenTest,
  type StepTest,
  testStep,
} from '../../routing/certify/learn-then-test.ts'
import { decisionId } from '../../routing/decision.ts'
import { createRandom } from '../../routing/numeric/random.ts'
import { startTrained, type TrainedPolicy } from '../../routing/policies/trained-policy.ts'
import type { Policy } from '../../routing/policy.ts'
import type { CertifiedFloor } from '../../store/artefact.ts'
import { contextOf, exploited } from '../evaluate/decide-rows.ts'
import type { PreparedTrace } from '../prepare-trace.ts'
import type { CalibrationSplit } from './calibration-split.ts'

/** What is to be certified of a trained policy. */
export interface CertificationSpec {
  readonly trained: TrainedPolicy
  readonly prepared: PreparedTrace
  readonly split: CalibrationSplit
  /** Floors wished for, in (0, 1); each is certified at delta / their number. */
  readonly floors: readonly number[]
  /** Probability that any of the certificates is wrong, in (0, 1). */
  readonly delta: number
}

/**
 * The path, from the most careful step to the cheapest: the floors that the policy is asked for. Every policy takes a floor,
 * and a higher one never means a lower price; so the path needs nothing of a policy but `decide`, and is fixed before any label
 * is looked at.
 */
export const certificationPath: readonly number[] = [
  0.999,
  0.995,
  ...Array.from({ length: 189 }, (_, step) => (990 - 5 * step) / 1000),
]

/** Digits that a certified floor is rounded down to. */
const digits = 1e4

/**
 * Certifies floors by learn-then-test on rows that training has not seen: the lowest floor to ask for, hence the cheapest
 * price, whose risk bound holds at each wished floor. The policy decides as trained: it explores nothing and learns nothing. A
 * wish that the rows cannot certify gets the largest floor that they can, at the first step of the path.
 */
export function certifyFloors({
  trained,
  prepared,
  split,
  floors,
  delta,
}: CertificationSpec): readonly CertifiedFloor[] {
  const walk = new Walk(startTrained(trained, 0), trained, prepared, split.calibration)
  return floors.map(floor => {
    const claim = { floor, delta: delta / floors.length }
    const { certified } = learnThenTest(walk.losses(), claim)
    const statement = certified === null ? largest(walk, claim) : { floor, tested: certified, wish: null }
    const { tested, wish } = statement
    const { priceUsd, costUsd } = walk.step(tested.step)
    return {
      floor: statement.floor,
      delta: claim.delta,
      askFor: certificationPath[tested.step] ?? floor,
      priceUsd,
      costUsd,
      labels: tested.labels,
      failures: tested.failures,
      pValue: tested.pValue,
      wish,
      split: split.fingerprint,
    }
  })
}

interface Statement {
  readonly floor: number
  readonly tested: StepTest
  readonly wish: CertifiedFloor['wish']
}

function largest(walk: Walk, claim: FloorClaim): Statement {
  const { losses } = walk.step(0)
  const floor = Math.floor(largestFloor(losses, claim.delta) * digits) / digits
  const wish = { floor: claim.floor, labelsNeeded: labelsForFloor(losses, claim) }
  return { floor, tested: testStep(losses, floor, 0), wish }
}

interface Step {
  readonly losses: Losses
  /** Mean price that the decisions were made at; `null` where the policy has none. */
  readonly priceUsd: number | null
  /** Mean cost of the choices on the calibration rows. */
  readonly costUsd: number
}

/** Decides the calibration rows at each step of the path, each step once and only when it is asked for. */
class Walk {
  readonly #policy: Policy
  readonly #trained: TrainedPolicy
  readonly #prepared: PreparedTrace
  readonly #rows: readonly number[]
  readonly #steps = new Map<number, Step>()

  constructor(policy: Policy, trained: TrainedPolicy, prepared: PreparedTrace, rows: readonly number[]) {
    this.#policy = policy
    this.#trained = trained
    this.#prepared = prepared
    this.#rows = rows
  }

  *losses(): Generator<Losses> {
    for (const step of certificationPath.keys()) yield this.step(step).losses
  }

  step(step: number): Step {
    const known = this.#steps.get(step)
    if (known !== undefined) return known
    const decided = this.#decide(step)
    this.#steps.set(step, decided)
    return decided
  }

  #decide(step: number): Step {
    const { models } = this.#trained
    const floor = certificationPath[step] ?? 0
    const losses = new Float64Array(this.#rows.length)
    const prices: number[] = []
    let totalUsd = 0
    for (const [i, row] of this.#rows.entries()) {
      const request = { row, floor, name: `certify-${step}`, feedback: 'none' } as const
      const context = contextOf({ prepared: this.#prepared, models }, request)
      const decision = this.#policy.decide(context, createRandom(decisionId(`certify-${step}-${i}`)))
      const chosen = exploited(decision, models)
      const { scores, costsUsd } = this.#prepared.trace.rows[row] ?? { scores: [], costsUsd: [] }
      losses[i] = 1 - (scores[chosen] ?? 0)
      totalUsd += costsUsd[chosen] ?? 0
      const price = decision.prices.find(({ constraint }) => constraint === 'satisfaction')
      if (price !== undefined) prices.push(price.priceUsd)
    }
    return {
      losses,
      priceUsd: prices.length === 0 ? null : prices.reduce((sum, price) => sum + price, 0) / prices.length,
      costUsd: totalUsd / this.#rows.length,
    }
  }
}
