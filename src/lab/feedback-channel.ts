import type { DecisionRecord } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import type { ModelId } from '../routing/model.ts'
import type { Random } from '../routing/numeric/random.ts'
import type { FeedbackKind } from '../routing/sla.ts'
import { SpecificationError, specifiedNumber } from './specification-error.ts'

/**
 * What users say after a decision.
 * - `full`: the label of every model that could be called
 * - `chosen`: the label of every called model, shadows included
 * - `sparse`: as `chosen`, but with this probability; otherwise silence
 * - `one-sided`: an unsatisfied user complains with the rate of the model that served; everybody else is silent
 * - `none`: silence
 */
export type ChannelSpec =
  | { readonly kind: 'full' }
  | { readonly kind: 'chosen' }
  | { readonly kind: 'sparse'; readonly probability: number }
  | { readonly kind: 'one-sided'; readonly rates: ReadonlyMap<ModelId, number> }
  | { readonly kind: 'none' }

/** True labels in [0, 1] of the models that could be called for one request. */
export type Truth = ReadonlyMap<ModelId, number>

/** What users say of one decision, as the events that their words become. */
export type FeedbackChannel = (
  truth: Truth,
  record: DecisionRecord,
  atMs: number,
  random: Random,
) => readonly LearningEvent[]

const forms = 'full, chosen, sparse:p, one-sided:r, one-sided-by-model:r1,r2,… or none'

/** Reads a channel; rates by model are given in the trace's order. Throws `SpecificationError`. */
export function parseChannel(text: string, models: readonly ModelId[]): ChannelSpec {
  const colon = text.indexOf(':')
  const kind = colon < 0 ? text : text.slice(0, colon)
  const argument = colon < 0 ? null : text.slice(colon + 1)
  if (argument === null) {
    if (kind === 'full' || kind === 'chosen' || kind === 'none') return { kind }
  } else if (kind === 'sparse') {
    return { kind, probability: specifiedNumber(argument, `feedback '${text}'`, 0, 1) }
  } else if (kind === 'one-sided') {
    const rate = specifiedNumber(argument, `feedback '${text}'`, 0, 1)
    return { kind, rates: new Map(models.map(model => [model, rate])) }
  } else if (kind === 'one-sided-by-model') {
    return { kind: 'one-sided', rates: ratesByModel(argument, text, models) }
  }
  throw new SpecificationError(`feedback '${text}': expected ${forms}`)
}

function ratesByModel(
  argument: string,
  text: string,
  models: readonly ModelId[],
): ReadonlyMap<ModelId, number> {
  const rates = argument.split(',').map(rate => specifiedNumber(rate, `feedback '${text}'`, 0, 1))
  if (rates.length === models.length) return new Map(models.map((model, i) => [model, rates[i] ?? 0]))
  throw new SpecificationError(
    `feedback '${text}': expected ${models.length} rates, one per model in the order ${models.join(', ')}; given ${rates.length}`,
  )
}

/** The kind of feedback that the policy is told; never the rates. */
export function feedbackKind(spec: ChannelSpec): FeedbackKind {
  return spec.kind
}

/** Makes the users of a channel. */
export function createChannel(spec: ChannelSpec): FeedbackChannel {
  switch (spec.kind) {
    case 'full':
      return (truth, record, atMs) => [...truth.keys()].map(model => label(truth, record, atMs, model))
    case 'chosen':
      return called
    case 'sparse':
      return (truth, record, atMs, random) =>
        random.next() < spec.probability ? called(truth, record, atMs) : [silence(record, atMs)]
    case 'one-sided':
      return (truth, record, atMs, random) => {
        const { chosen } = record.decision
        const dissatisfaction = 1 - (truth.get(chosen) ?? 0)
        const complains = random.next() < dissatisfaction * (spec.rates.get(chosen) ?? 0)
        return [complains ? statement(record, atMs, chosen, 0) : silence(record, atMs)]
      }
    case 'none':
      return (_truth, record, atMs) => [silence(record, atMs)]
  }
}

function called(truth: Truth, record: DecisionRecord, atMs: number): readonly LearningEvent[] {
  const { chosen, shadows } = record.decision
  return [chosen, ...shadows].map(model => label(truth, record, atMs, model))
}

function label(truth: Truth, record: DecisionRecord, atMs: number, model: ModelId): LearningEvent {
  return statement(record, atMs, model, truth.get(model) ?? 0)
}

function statement(record: DecisionRecord, atMs: number, model: ModelId, value: number): LearningEvent {
  return { kind: 'feedback', atMs, record, model, metric: 'satisfaction', value, source: 'user' }
}

function silence(record: DecisionRecord, atMs: number): LearningEvent {
  return { kind: 'silence', atMs, record }
}
