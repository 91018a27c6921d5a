import type { Outcome } from '../learning-event.ts'
import type { ModelId, ModelSpec } from '../model.ts'
import { modelId } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import { USUAL_COMPLETION_TOKENS } from './cost-units.ts'
import { JointRidge, type JointRidgePrior } from './joint-ridge.ts'
import type { PromptReader, PromptView } from './prompt-reader.ts'

/** Coordinates of a prompt on which the relative cost of an answer may depend. */
const COORDINATES = 16
const SMALLEST_RELATIVE = 0.2
const SMALLEST_STEP = 0.02
/** How many calls the guess of a list price weighs. */
const PRIOR_CALLS = 2
/** How many calls an offline cost predictor weighs. */
const TRAINED_CALLS = 30
/** A single bill counts as at most this many usual ones when shapes are learned. */
const LARGEST_RELATIVE = 8

/** All models share one regression of the relative cost on the prompt. */
const RELATIVE_PRIOR: JointRidgePrior = {
  shared: COORDINATES,
  own: 0,
  sharedIntercept: 0,
  sharedWeight: 0.5,
  ownIntercept: 0.05,
  ownWeight: 0,
  noise: 1,
}

interface ModelCost {
  /** Calls with a known cost. */
  calls: number
  /** Mean of cost / (unit * relative cost). */
  ratio: number
  measuredCompletions: number
  completionTokens: number
}

/**
 * Expected cost of a call: c_m(x) = ratio_m * unit_m(x) * rel(x). The unit is what the price list says
 * (so a new price is followed at once), or an offline prediction, or one USD; ratio_m is an exponentially weighted mean,
 * step max(1/n, .02); rel(x) = max(.2, 1 + r.x) is a ridge regression that all models share.
 * Never sees the cost of the request that it predicts.
 */
export class ExpectedCost {
  readonly #reader: PromptReader
  readonly #models = new Map<ModelId, ModelCost>()
  #relative = freshRelative()

  /** `reader` made the views that predictions are asked for. */
  constructor(reader: PromptReader) {
    this.#reader = reader
  }

  /** Expected costs in USD, one per model, written into `out`; NaN while nothing is known of a model. */
  predict(specs: readonly ModelSpec[], prompt: PromptView, out: Float64Array): void {
    const shape = this.#shape(prompt.x)
    for (let m = 0; m < specs.length; m++) {
      const spec = specs[m]
      if (spec === undefined) continue
      const trained = this.#reader.trainedCostUsd(prompt, spec)
      const seen = this.#models.get(spec.id)
      const unit = unitCost(spec, prompt.promptTokens, trained, seen)
      if (unit.known || (seen !== undefined && seen.calls > 0)) {
        out[m] = (seen?.ratio ?? 1) * unit.usd * (trained === null ? shape : 1)
      } else out[m] = Number.NaN
    }
  }

  /** Calls of a model whose cost is known. */
  calls(model: ModelId): number {
    return this.#models.get(model)?.calls ?? 0
  }

  /** Learns what a call cost; outcomes without a cost, and failed ones, teach nothing. */
  learn(spec: ModelSpec, prompt: PromptView, outcome: Outcome): void {
    if (outcome.costUsd === null || outcome.error !== null) return
    const seen = this.#models.get(spec.id) ?? {
      calls: 0,
      ratio: 1,
      measuredCompletions: 0,
      completionTokens: 0,
    }
    this.#models.set(spec.id, seen)
    const trained = this.#reader.trainedCostUsd(prompt, spec)
    const unit = unitCost(spec, prompt.promptTokens, trained, seen)
    if (unit.usd <= 0) return
    const shape = trained === null ? this.#shape(prompt.x) : 1
    seen.calls++
    const step = Math.max(1 / (seen.calls + priorCalls(unit.known, trained)), SMALLEST_STEP)
    seen.ratio += step * (outcome.costUsd / (unit.usd * shape) - seen.ratio)
    if (seen.ratio > 0 && trained === null) {
      const relative = Math.min(outcome.costUsd / (unit.usd * seen.ratio), LARGEST_RELATIVE)
      this.#relative.learn(prompt.x, 0, relative - 1)
    }
    if (outcome.completionTokens === null) return
    learnCompletion(seen, outcome.completionTokens)
    // The unit has moved with the usual length of answers: the ratio gives way, so that the prediction does not jump.
    const moved = unitCost(spec, prompt.promptTokens, trained, seen)
    if (moved.usd > 0) seen.ratio *= unit.usd / moved.usd
  }

  /** rel(x). A trained unit knows the prompt already and takes 1 instead. */
  #shape(x: Float32Array): number {
    return Math.max(SMALLEST_RELATIVE, 1 + this.#relative.sharedMean(x) + this.#relative.ownMean(x, 0))
  }

  write(writer: ByteWriter): void {
    writer.list([...this.#models], ([model, cost]) => {
      writer.text(model)
      writer.array(Float64Array.of(cost.calls, cost.ratio, cost.measuredCompletions, cost.completionTokens))
    })
    this.#relative.write(writer)
  }

  static read(reader: ByteReader, prompts: PromptReader): ExpectedCost {
    const cost = new ExpectedCost(prompts)
    reader.list(() => {
      const model = modelId(reader.text())
      const [calls = 0, ratio = 1, measuredCompletions = 0, completionTokens = 0] = reader.float64()
      cost.#models.set(model, { calls, ratio, measuredCompletions, completionTokens })
    })
    cost.#relative = JointRidge.read(reader, RELATIVE_PRIOR)
    return cost
  }
}

function learnCompletion(seen: ModelCost, tokens: number): void {
  if (seen.measuredCompletions === 0) seen.completionTokens = USUAL_COMPLETION_TOKENS
  seen.measuredCompletions++
  const step = Math.max(1 / (seen.measuredCompletions + PRIOR_CALLS), SMALLEST_STEP)
  seen.completionTokens += step * (tokens - seen.completionTokens)
}

function freshRelative(): JointRidge {
  const ridge = new JointRidge(RELATIVE_PRIOR)
  ridge.addModel()
  return ridge
}

/** How many calls the belief that the unit is right weighs. */
function priorCalls(known: boolean, trained: number | null): number {
  if (trained !== null) return TRAINED_CALLS
  return known ? PRIOR_CALLS : 0
}

/** USD that the ratio is relative to; `known` when it is a price and not merely one USD. */
function unitCost(
  spec: ModelSpec,
  promptTokens: number,
  trained: number | null,
  seen: ModelCost | undefined,
): { readonly usd: number; readonly known: boolean } {
  if (trained !== null) return { usd: trained, known: true }
  const prices = spec.priceUsdPerMillion
  if (prices !== null) {
    const measured = seen !== undefined && seen.measuredCompletions > 0
    const completion = measured ? seen.completionTokens : USUAL_COMPLETION_TOKENS
    return { usd: (promptTokens * prices.input + completion * prices.output) / 1e6, known: true }
  }
  if (spec.typicalCostUsd !== null) return { usd: spec.typicalCostUsd, known: true }
  return { usd: 1, known: false }
}
