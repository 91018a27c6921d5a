import type { DecisionRecord } from '../decision.ts'
import type { Features } from '../features/features.ts'
import type { Outcome } from '../learning-event.ts'
import type { ModelId, ModelSpec } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { OutlayRecord } from '../price/outlay-guard.ts'
import { ExpectedCost } from './expected-cost.ts'
import { JointRidge, type JointRidgePrior } from './joint-ridge.ts'
import { ModelRoster } from './model-roster.ts'
import { COORDINATES, PromptReader, type PromptView } from './prompt-reader.ts'
import { StartupLog } from './startup-log.ts'

/**
 * Numbers of prompts after which a cold start learns its text coordinates, all labels so far being learned again with them:
 * early ones are crude, but without any the floor is met by the dearest models alone.
 */
export const STARTUP_FITS = [60, 200] as const
const LAST_FIT = 200
const LEAST = 0.02
const MOST = 0.995
const OWN_COORDINATES = 8

const unseen = { calls: 0, labels: 0, labelSum: 0 }

/** Predicted satisfaction before anything is known, and for a model that joins a trained zoo. */
export interface PriorMeans {
  readonly cold: number
  readonly newcomer: number
}

/** Prior of the regression on a cold start: models differ, and text tells something. */
export const COLD_PRIOR: JointRidgePrior = {
  shared: COORDINATES,
  own: OWN_COORDINATES,
  sharedIntercept: 0.05 ** 2,
  sharedWeight: 0.02,
  ownIntercept: 0.15 ** 2,
  ownWeight: 0.005,
  noise: 0.17,
}

/** Prior on top of an offline predictor: small corrections. */
export const WARM_PRIOR: JointRidgePrior = {
  ...COLD_PRIOR,
  sharedIntercept: 0.02 ** 2,
  sharedWeight: 0.006,
  ownIntercept: 0.02 ** 2,
  ownWeight: 0.0015,
}

/** Predictions for one prompt, one entry per model asked for. */
export interface Predictions {
  /** In [.02, .995]. */
  readonly satisfaction: Float64Array
  /** USD; NaN while nothing is known. */
  readonly costUsd: Float64Array
}

/** A stand-in for a label and how much it counts. */
export interface WeightedLabel {
  readonly value: number
  /** In (0, 1]; 1 is a label. */
  readonly weight: number
}

/** All that is learned of models and prompts, for every SLA class together: satisfaction and cost. */
export class Beliefs {
  readonly roster: ModelRoster
  readonly #means: PriorMeans
  #reader: PromptReader
  #ridge: JointRidge
  #cost: ExpectedCost
  #startup: StartupLog | null
  /** Labels learned so far. */
  labels = 0

  constructor(means: PriorMeans, reader: PromptReader, roster = new ModelRoster()) {
    this.#means = means
    this.#reader = reader
    this.#ridge = new JointRidge(reader.warm ? WARM_PRIOR : COLD_PRIOR)
    this.#cost = new ExpectedCost(reader)
    this.#startup = reader.fitted ? null : new StartupLog()
    this.roster = roster
    for (const _ of roster.entries) this.#ridge.addModel()
  }

  /** True after offline training. */
  get warm(): boolean {
    return this.#reader.warm
  }

  /** Notes eligible models; a new one starts at the prior, a newcomer to a trained zoo as on a cold start. */
  meet(specs: readonly ModelSpec[]): void {
    for (const spec of this.roster.meet(specs)) {
      this.#ridge.addModel(this.isNewcomer(spec.id) ? COLD_PRIOR : this.#ridge.prior)
    }
  }

  /** True for a model without offline predictions. */
  isNewcomer(model: ModelId): boolean {
    return this.#reader.position(model) < 0
  }

  /** What the predictors know of a prompt. */
  view(features: Features, promptTokens: number): PromptView {
    return this.#reader.read(features, promptTokens)
  }

  /** Predicts for a list of models; `shift` is taken off offline predictions (how far they overrate their choices). */
  predict(specs: readonly ModelSpec[], view: PromptView, shift: number, out: Predictions): void {
    const shared = this.#ridge.sharedMean(view.x)
    for (let m = 0; m < specs.length; m++) {
      const spec = specs[m]
      if (spec === undefined) continue
      const own = this.#ridge.ownMean(view.x, this.roster.slot(spec.id))
      const p = this.#base(spec.id, view, shift) + shared + own
      out.satisfaction[m] = Math.min(MOST, Math.max(LEAST, p))
    }
    this.#cost.predict(specs, view, out.costUsd)
  }

  /** Posterior standard deviations of predicted satisfaction. */
  deviations(specs: readonly ModelSpec[], view: PromptView): Float64Array {
    const out = new Float64Array(specs.length)
    this.#ridge.deviations(
      view.x,
      Int32Array.from(specs, spec => this.roster.slot(spec.id)),
      out,
    )
    return out
  }

  /** Calls and labels of a model so far, beside an expected cost. */
  outlay(model: ModelId, costUsd: number): OutlayRecord {
    const { calls, labels, labelSum } = this.roster.entries[this.roster.slot(model)] ?? unseen
    return { costUsd, calls, labels, labelSum }
  }

  #base(model: ModelId, view: PromptView, shift: number): number {
    if (!this.#reader.warm) return this.#means.cold
    const position = this.#reader.position(model)
    if (position >= 0) return (view.trained[position] ?? 0) - shift
    return this.#means.newcomer + this.#reader.ease(view)
  }

  /** Counts a decision; returns the requests since the start when it was one after which coordinates were learned. */
  decided(record: DecisionRecord): StartupLog | null {
    const { context, decision } = record
    for (const model of [decision.chosen, ...decision.shadows]) {
      const entry = this.roster.entries[this.roster.slot(model)]
      if (entry !== undefined) entry.calls++
    }
    if (this.#startup === null) return null
    const { features, promptTokens, floor } = context
    const models = Int32Array.from(context.models, spec => this.roster.slot(spec.id))
    const className = context.sla.name
    this.#startup.addRequest({ id: record.id, className, features, promptTokens, floor, models })
    const due = STARTUP_FITS.some(count => count === this.#startup?.requests.length)
    return due ? this.#fit(this.#startup) : null
  }

  /** Learns coordinates from the prompts so far and learns everything again with them. */
  #fit(log: StartupLog): StartupLog {
    this.#reader = PromptReader.fit(log.requests.map(request => request.features))
    this.#ridge = new JointRidge(COLD_PRIOR)
    this.#cost = new ExpectedCost(this.#reader)
    if (log.requests.length >= LAST_FIT) this.#startup = null
    for (const _ of this.roster.entries) this.#ridge.addModel()
    const views = log.requests.map(request => this.view(request.features, request.promptTokens))
    for (const { request, model, value, weight } of log.labels) {
      const view = views[request]
      if (view !== undefined) this.#ridge.learn(view.x, model, value - this.#means.cold, weight)
    }
    for (const { request, model, outcome } of log.outcomes) {
      const view = views[request]
      const spec = this.roster.entries[model]?.spec
      if (view !== undefined && spec !== undefined) this.#cost.learn(spec, view, outcome)
    }
    return log
  }

  /** Learns one label of a model's answer; returns what was predicted of it just before. */
  learnLabel(record: DecisionRecord, model: ModelId, value: number, shift: number): number {
    return this.learnStandIn(record, model, { value, weight: 1 }, shift)
  }

  /**
   * Learns an unbiased stand-in for a label, of any value: a squared loss stays sound outside [0, 1]. Weight 1 is a label;
   * a stand-in that varies more weighs less. Returns what was predicted just before.
   */
  learnStandIn(
    record: DecisionRecord,
    model: ModelId,
    { value, weight }: WeightedLabel,
    shift: number,
  ): number {
    const slot = this.roster.slot(model)
    const entry = this.roster.entries[slot]
    const view = this.view(record.context.features, record.context.promptTokens)
    const base = this.#base(model, view, shift)
    const predicted = base + this.#ridge.sharedMean(view.x) + this.#ridge.ownMean(view.x, slot)
    if (entry === undefined) return predicted
    this.#ridge.learn(view.x, slot, value - base, weight)
    if (weight === 1) {
      this.labels++
      entry.labels++
      entry.labelSum += value
    }
    const request = this.#startup?.position(record.id) ?? -1
    if (request >= 0) this.#startup?.labels.push({ request, model: slot, value, weight })
    return Math.min(MOST, Math.max(LEAST, predicted))
  }

  /** Learns what a call cost. */
  learnOutcome(record: DecisionRecord, model: ModelId, outcome: Outcome): void {
    if (outcome.costUsd === null || outcome.error !== null) return
    const slot = this.roster.slot(model)
    const spec = record.context.models.find(candidate => candidate.id === model)
    if (spec === undefined) return
    this.#cost.learn(spec, this.view(record.context.features, record.context.promptTokens), outcome)
    const request = this.#startup?.position(record.id) ?? -1
    if (request >= 0) this.#startup?.outcomes.push({ request, model: slot, outcome })
  }

  /** A model has changed: its level is open again. */
  reopen(model: ModelId): void {
    const slot = this.roster.slot(model)
    if (slot >= 0) this.#ridge.reopen(slot, COLD_PRIOR.ownIntercept)
  }

  write(writer: ByteWriter): void {
    this.roster.write(writer)
    writer.count(this.labels)
    this.#reader.write(writer)
    this.#ridge.write(writer)
    this.#cost.write(writer)
    writer.flag(this.#startup !== null)
    this.#startup?.write(writer)
  }

  static read(reader: ByteReader, means: PriorMeans): Beliefs {
    const roster = ModelRoster.read(reader)
    const labels = reader.count()
    const prompts = PromptReader.read(reader)
    const beliefs = new Beliefs(means, prompts, roster)
    beliefs.labels = labels
    beliefs.#ridge = JointRidge.read(reader, prompts.warm ? WARM_PRIOR : COLD_PRIOR)
    beliefs.#cost = ExpectedCost.read(reader, prompts)
    beliefs.#startup = reader.flag() ? StartupLog.read(reader) : null
    return beliefs
  }
}
