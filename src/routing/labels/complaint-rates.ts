import type { ModelId } from '../model.ts'
import { checkedProbability } from './doubly-robust.ts'

/** One audited answer and whether its user had complained. */
export interface AuditedAnswer {
  readonly model: ModelId
  /** S in [0, 1], or its human-corrected stand-in. */
  readonly value: number
  /** Y: the user complained. */
  readonly complained: boolean
  /** q in (0, 1], as it was after the complaint or the silence. */
  readonly probability: number
}

/** What is known of the share of unsatisfied users of one model who complain. */
export type ComplaintRate =
  /** Too few audited failures: complaints about this model say nothing of its satisfaction yet. */
  | { readonly state: 'unknown'; readonly failures: number }
  | {
      readonly state: 'estimated'
      /** Shrunk to the class, within the bounds. */
      readonly rate: number
      /** Bounds of the model's own rate at the chosen level; nothing is borrowed for them. */
      readonly lower: number
      readonly upper: number
      /** Audited failures, in effective number. */
      readonly failures: number
    }

/** Serialisable state: per model the five sums of `ModelSums`. */
export interface ComplaintRatesState {
  readonly models: readonly (readonly [model: string, ...sums: readonly number[]])[]
}

/** Complaint rates of the models of one SLA class. */
export interface ComplaintRates {
  add(answer: AuditedAnswer): void
  /** Takes an answer back, exactly as it was added: its user has complained after all, and it is to be added anew. */
  withdraw(answer: AuditedAnswer): void
  rate(model: ModelId): ComplaintRate
  /** Equal states give equal text. */
  state(): ComplaintRatesState
}

/** Settings of the estimator. */
export interface ComplaintRateOptions {
  /** Effective failures of a model below which its rate is unknown; absent: 5. */
  readonly leastFailures?: number
  /** Effective failures that the class's rate weighs in a model's; absent: 10. */
  readonly priorFailures?: number
  /** Normal quantile of the bounds; absent: 1.96, for 95%. */
  readonly quantile?: number
}

/** Sums over audited failures with weights w = (1 - S) / q. */
interface ModelSums {
  readonly complaints: number
  readonly failures: number
  readonly squaredComplaints: number
  readonly squares: number
  readonly largest: number
}

const nothing: ModelSums = { complaints: 0, failures: 0, squaredComplaints: 0, squares: 0, largest: 0 }

/**
 * Estimates complaint rates from audits, weighted by their probabilities:
 * rho_m = sum (A/q) 1{S = 0, Y = 1} / sum (A/q) 1{S = 0} (Horvitz & Thompson 1952; Hajek 1971), per model, then shrunk to the
 * same ratio over the class, (n rho_m + k rho) / (n + k). Rates are never assumed equal: the shrunk value stays within the
 * model's own bounds (Wilson 1927 with the effective number of failures of the linearised ratio), and a model with
 * too few failures is unknown. Without the weights, auditing every complaint and 5% of the silence reads .10 as .68.
 */
export function createComplaintRates(
  options: ComplaintRateOptions = {},
  from: ComplaintRatesState | null = null,
): ComplaintRates {
  const { leastFailures = 5, priorFailures = 10, quantile = 1.96 } = options
  const sums = new Map<string, ModelSums>()
  for (const [model, ...values] of from?.models ?? []) {
    const [complaints = 0, failures = 0, squaredComplaints = 0, squares = 0, largest = 0] = values
    sums.set(model, { complaints, failures, squaredComplaints, squares, largest })
  }
  return {
    add({ model, value, complained, probability }) {
      const weight = (1 - value) / checkedProbability(probability)
      if (weight === 0) return
      sums.set(model, added(sums.get(model) ?? nothing, weight, complained))
    },
    withdraw({ model, value, complained, probability }) {
      const weight = (1 - value) / checkedProbability(probability)
      const own = sums.get(model) ?? nothing
      const square = weight * weight
      sums.set(model, {
        ...own,
        complaints: own.complaints - (complained ? weight : 0),
        failures: own.failures - weight,
        squaredComplaints: own.squaredComplaints - (complained ? square : 0),
        squares: own.squares - square,
      })
    },
    rate(model) {
      const own = sums.get(model) ?? nothing
      const failures = effectiveFailures(own)
      if (failures < leastFailures) return { state: 'unknown', failures }
      const raw = clip(own.complaints / own.failures, 0, 1)
      const { lower, upper, informative } = bounds(own, raw, quantile)
      const rate = (informative * raw + priorFailures * classRate(sums)) / (informative + priorFailures)
      return { state: 'estimated', rate: clip(rate, lower, upper), lower, upper, failures }
    },
    state: () => ({
      models: [...sums]
        .sort((a, b) => (a[0] < b[0] ? -1 : 1))
        .map(([model, s]) => [model, s.complaints, s.failures, s.squaredComplaints, s.squares, s.largest]),
    }),
  }
}

function added(sums: ModelSums, weight: number, complained: boolean): ModelSums {
  const square = weight * weight
  return {
    complaints: sums.complaints + (complained ? weight : 0),
    failures: sums.failures + weight,
    squaredComplaints: sums.squaredComplaints + (complained ? square : 0),
    squares: sums.squares + square,
    largest: Math.max(sums.largest, Math.abs(weight)),
  }
}

/** Kish 1965: (sum w)^2 / sum w^2; 0 while corrections by humans outweigh the failures. */
function effectiveFailures({ failures, squares }: ModelSums): number {
  return failures > 0 && squares > 0 ? (failures * failures) / squares : 0
}

/** Weighted ratio over all models of the class, in [0, 1]. */
function classRate(sums: ReadonlyMap<string, ModelSums>): number {
  let [complaints, failures] = [0, 0]
  for (const model of sums.values()) {
    complaints += model.complaints
    failures += model.failures
  }
  return failures > 0 ? clip(complaints / failures, 0, 1) : 0
}

/**
 * Wilson's interval with n = r (1 - r) / v, where v = sum w^2 (y - r)^2 / (sum w)^2 is the linearised variance of the ratio.
 * Half a complaint and half a silence of the largest weight are added, so that a model nobody complained of is not sure.
 */
function bounds(sums: ModelSums, raw: number, quantile: number) {
  const { complaints, failures, squaredComplaints, squares, largest } = sums
  const r = clip((complaints + largest / 2) / (failures + largest), 1e-6, 1 - 1e-6)
  const spread = (squaredComplaints + largest ** 2 / 2) * (1 - 2 * r) + r * r * (squares + largest ** 2)
  const informative = (r * (1 - r) * (failures + largest) ** 2) / spread
  const z2 = quantile * quantile
  const centre = (raw + z2 / (2 * informative)) / (1 + z2 / informative)
  const half =
    (quantile / (1 + z2 / informative)) *
    Math.sqrt((raw * (1 - raw)) / informative + z2 / (4 * informative * informative))
  return { lower: Math.max(0, centre - half), upper: Math.min(1, centre + half), informative }
}

function clip(value: number, lowest: number, highest: number): number {
  return Math.min(highest, Math.max(lowest, value))
}
