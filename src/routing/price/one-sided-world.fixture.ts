import { lagrangianScores } from '../choose.ts'
import { auditProbability } from '../labels/audit-design.ts'
import { doublyRobust } from '../labels/doubly-robust.ts'
import { pseudoLabel } from '../labels/one-sided.ts'
import { createRandom, type Random } from '../numeric/random.ts'
import { AdaptiveDual, priceScale } from './adaptive-dual.ts'

/** Mean costs of four models, and how able they are: an answer satisfies with probability sigmoid(ability - difficulty). */
const COSTS_USD = [0.05, 0.2, 0.6, 3]
const ABILITIES = [0.2, 1, 1.8, 2.8]
/** Share of unsatisfied users who complain, by model: the dearer the model, the more patient its users. */
export const COMPLAINT_RATES = [0.5, 0.3, 0.15, 0.05]
const FLOOR = 0.8

/** Where the price of satisfaction takes its labels from. */
export type LabelSource =
  | { readonly kind: 'true' }
  /** Silence is read as satisfaction. */
  | { readonly kind: 'silence-is-content' }
  /** 1 - Y/rho with one rate for all models. */
  | { readonly kind: 'one-rate'; readonly rate: number }
  /** Audits with a probability of `least` at least, `scale` times the uncertainty where that is more. */
  | { readonly kind: 'audits'; readonly least: number; readonly scale: number }

/** What a run came to. */
export interface WorldFigures {
  readonly satisfaction: number
  readonly costUsd: number
}

interface Line {
  readonly intercept: number
  readonly slope: number
}

function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z))
}

/** Newton's method for logistic regression on one input. */
function fitLine(inputs: readonly number[], labels: readonly number[]): Line {
  let [intercept, slope] = [0, 0]
  for (let round = 0; round < 12; round++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-6, 0, 1e-6]
    for (const [i, x] of inputs.entries()) {
      const p = sigmoid(intercept + slope * x)
      const residual = (labels[i] ?? 0) - p
      const weight = p * (1 - p)
      g0 += residual
      g1 += residual * x
      h00 += weight
      h01 += weight * x
      h11 += weight * x * x
    }
    const determinant = h00 * h11 - h01 * h01
    intercept += (h11 * g0 - h01 * g1) / determinant
    slope += (h00 * g1 - h01 * g0) / determinant
  }
  return { intercept, slope }
}

/** One predictor per model of what the router sees of difficulty, fitted on 5,000 labelled prompts without shift. */
function fitPredictor(random: Random): readonly Line[] {
  const prompts = Array.from({ length: 5000 }, () => 1.5 * random.normal())
  const seen = prompts.map(difficulty => difficulty + 0.7 * random.normal())
  return ABILITIES.map(ability =>
    fitLine(
      seen,
      prompts.map(difficulty => (random.next() < sigmoid(ability - difficulty) ? 1 : 0)),
    ),
  )
}

/**
 * Serves a stream by the adaptive dual alone, its labels taken from `source`: what is measured is the price, not the predictor,
 * which stays as it was fitted. `shift` makes the prompts harder than those it was fitted on.
 */
export function runOneSidedWorld(
  source: LabelSource,
  { seed, requests, shift }: { readonly seed: string; readonly requests: number; readonly shift: number },
): WorldFigures {
  const random = createRandom(`one-sided-${seed}`)
  const lines = fitPredictor(random)
  const dual = new AdaptiveDual({ kappa: 1, leastStep: source.kind === 'true' ? 0.01 : 0.005, slack: 40 })
  const means = lines.map(({ intercept }) => sigmoid(intercept))
  const scale = priceScale(means, COSTS_USD)
  if (scale !== null) dual.rescale(scale)
  let [satisfied, spentUsd] = [0, 0]
  for (let t = 0; t < requests; t++) {
    const difficulty = shift + 1.5 * random.normal()
    const seen = difficulty + 0.7 * random.normal()
    const predicted = Float64Array.from(lines, ({ intercept, slope }) => sigmoid(intercept + slope * seen))
    const scores = lagrangianScores(Float64Array.from(COSTS_USD), predicted, dual.priceUsd)
    const model = scores.indexOf(Math.min(...scores))
    const label = random.next() < sigmoid((ABILITIES[model] ?? 0) - difficulty) ? 1 : 0
    const complained = label === 0 && random.next() < (COMPLAINT_RATES[model] ?? 0)
    const coin = random.next()
    const said = labelFrom(source, { label, complained, coin, predicted: predicted[model] ?? 0 })
    dual.move(FLOOR - said, dual.step)
    satisfied += label
    spentUsd += (COSTS_USD[model] ?? 0) * Math.exp(0.5 * random.normal() - 0.125)
  }
  return { satisfaction: satisfied / requests, costUsd: spentUsd / requests }
}

interface Answer {
  readonly label: number
  readonly complained: boolean
  /** Uniform in [0, 1). */
  readonly coin: number
  readonly predicted: number
}

function labelFrom(source: LabelSource, { label, complained, coin, predicted }: Answer): number {
  switch (source.kind) {
    case 'true':
      return label
    case 'silence-is-content':
      return complained ? 0 : 1
    case 'one-rate':
      return pseudoLabel(complained, source.rate)
    case 'audits': {
      const prediction = complained ? 0 : predicted
      const probability = auditProbability(prediction, { scale: source.scale, least: source.least })
      return doublyRobust(prediction, coin < probability ? { value: label, probability } : null)
    }
  }
}
