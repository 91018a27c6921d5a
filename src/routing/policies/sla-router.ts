import type { Decision, DecisionRecord, RoutingContext } from '../decision.ts'
import { pseudoLabel, pseudoLabelVariance } from '../labels/one-sided.ts'
import type { Feedback, LearningEvent } from '../learning-event.ts'
import type { ModelId } from '../model.ts'
import { ByteWriter } from '../numeric/byte-codec.ts'
import type { Random } from '../numeric/random.ts'
import type { ClassReport, Policy, PolicyDefinition, PolicySetup, PolicySnapshot } from '../policy.ts'
import { COLD_PRIOR } from '../predict/beliefs.ts'
import type { SlaClass } from '../sla.ts'
import { refuseArgument } from './parameters.ts'
import { decideSlaRouter } from './sla-router-choice.ts'
import { SlaRouterClass } from './sla-router-class.ts'
import { auditWish, evidenceOf, predictionIn } from './sla-router-evidence.ts'
import {
  readShared,
  type SlaRouterShared,
  slaRouterName,
  slaRouterParameters,
  slaRouterSchema,
  startSlaRouter,
  writeShared,
} from './sla-router-state.ts'
import { readSnapshot } from './snapshot-bytes.ts'

/** Below this a complaint rate is no divisor. */
const LEAST_RATE = 0.01

/**
 * SLARouter, reconstructed (arXiv 2606.19376): a dual price with an adaptive step, from labels that are sparse, one-sided or
 * drawn by audits. See docs/policies/sla-router.md.
 */
export const slaRouter: PolicyDefinition = {
  name: slaRouterName,
  summary:
    'SLARouter (arXiv 2606.19376, reconstructed): adaptive dual price from complaints, silence and audits',
  parameters: slaRouterParameters,
  create(setup, argument) {
    refuseArgument(slaRouterName, argument)
    return new SlaRouterPolicy(setup)
  },
}

class SlaRouterPolicy implements Policy {
  readonly name = slaRouterName
  readonly #shared: SlaRouterShared
  readonly #classes = new Map<string, SlaRouterClass>()
  readonly #stated = new Map<string, SlaClass>()

  constructor(setup: PolicySetup) {
    const reader = readSnapshot(setup.snapshot, slaRouterName, slaRouterSchema)
    if (reader === null) {
      this.#shared = startSlaRouter(setup)
      return
    }
    this.#shared = readShared(reader, setup)
    reader.list(() => {
      const sla: SlaClass = JSON.parse(reader.text())
      this.#stated.set(sla.name, sla)
      this.#classes.set(sla.name, SlaRouterClass.read(reader, this.#shared, sla))
    })
  }

  decide(context: RoutingContext, random: Random): Decision {
    const state = this.#classes.get(context.sla.name) ?? new SlaRouterClass(this.#shared, context.sla)
    return decideSlaRouter({ context, state, shared: this.#shared }, random)
  }

  auditProbability(record: DecisionRecord): number {
    return auditWish(this.#shared, record)
  }

  learn(event: LearningEvent): void {
    const { beliefs } = this.#shared
    const { record } = event
    beliefs.meet(record.context.models)
    const state = this.#class(record.context.sla)
    switch (event.kind) {
      case 'decision':
        beliefs.decided(record)
        state.decided(record)
        break
      case 'outcome':
        beliefs.learnOutcome(record, event.model, event.outcome)
        break
      case 'feedback':
        if (event.metric !== 'satisfaction') break
        if (evidenceOf(this.#shared, record.context.sla) === 'labels') this.#labelled(state, event)
        else if (isComplaint(event)) this.#spoke(state, record, true)
        break
      case 'silence':
        if (evidenceOf(this.#shared, record.context.sla) === 'labels') state.labels.countUser(false)
        else this.#spoke(state, record, false)
        break
      case 'audit':
        this.#audited(state, event)
        break
    }
  }

  /** A user who might have praised said something: S, weighted by 1 / (share of users who speak). */
  #labelled(state: SlaRouterClass, event: LearningEvent & { readonly kind: 'feedback' }): void {
    const { record, model, value } = event
    this.#shared.beliefs.learnLabel(record, model, value, state.shift)
    if (model !== record.decision.chosen) return
    state.labels.countUser(true)
    state.labelled(record, value)
    state.corrected(record, (predictionIn(record) - value) * state.labels.labelWeight)
  }

  /** A user of a class that never praises complained, or let the time for it pass. */
  #spoke(state: SlaRouterClass, record: DecisionRecord, complained: boolean): void {
    const { labels } = state
    labels.expectAudit(auditWish(this.#shared, record))
    state.checkAudits()
    if (record.context.sla.feedback !== 'one-sided') return
    const before = labels.said(record.id)
    if (before.complained) return
    const prediction = predictionIn(record)
    if (evidenceOf(this.#shared, record.context.sla) === 'trusted') {
      state.corrected(record, prediction - pseudoLabel(complained, this.#shared.settings.trustedRate))
    } else if (complained) {
      // f falls to 0: f + (A/q) (S - f) moves by -f (1 - A/q).
      const { audit } = before
      state.corrected(record, prediction * (1 - (audit === null ? 0 : 1 / audit.probability)))
    }
    this.#learnOneSided(state, record, complained)
    if (!complained) return
    labels.remember(record.id, { complained })
    this.#countComplaint(state, record)
  }

  /** A complaint is believed: a failure that is known for certain, as if it had been audited with probability 1. */
  #countComplaint({ labels }: SlaRouterClass, record: DecisionRecord): void {
    const { audit } = labels.said(record.id)
    const model = record.decision.chosen
    if (audit !== null) labels.rates.withdraw({ model, ...audit, complained: false })
    labels.rates.add({ model, value: 0, complained: true, probability: 1 })
  }

  /** Teaches the predictor 1 - Y/rho of the chosen model, where the rate of that model is known. */
  #learnOneSided(state: SlaRouterClass, record: DecisionRecord, complained: boolean): void {
    const model = record.decision.chosen
    const rate = this.#complaintRate(state, model)
    if (rate === null) return
    const failure = 1 - predictionIn(record)
    const count = state.labels.countOneSided(model)
    // All one-sided labels of a model share the error of its rate: together they weigh no more than that allows.
    const variance =
      pseudoLabelVariance(1 - failure, rate.rate) + count * (failure * rate.relativeDeviation) ** 2
    const weight = Math.min(0.999, COLD_PRIOR.noise / Math.max(COLD_PRIOR.noise, variance))
    this.#shared.beliefs.learnStandIn(
      record,
      model,
      { value: pseudoLabel(complained, rate.rate), weight },
      state.shift,
    )
  }

  #complaintRate({ labels }: SlaRouterClass, model: ModelId) {
    const { trustedRate, complaints } = this.#shared.settings
    if (complaints < 0.5) return null
    if (trustedRate > 0) return { rate: trustedRate, relativeDeviation: 0 }
    const known = labels.rates.rate(model)
    if (known.state === 'unknown' || known.rate < LEAST_RATE || labels.auditsAreMissing) return null
    return { rate: known.rate, relativeDeviation: (known.upper - known.lower) / (2 * 1.96 * known.rate) }
  }

  /** An audit: f + (A/q) (S - f) replaces f, and the predictor learns S. */
  #audited(state: SlaRouterClass, event: LearningEvent & { readonly kind: 'audit' }): void {
    const { record, model, value, probability } = event
    const { labels } = state
    const { complained, audit } = labels.said(record.id)
    if (evidenceOf(this.#shared, record.context.sla) === 'labels') return
    if (audit !== null || model !== record.decision.chosen || !(probability > 0)) return
    labels.countAudit()
    labels.remember(record.id, { audit: { value, probability } })
    // The failure of a complaint is counted already, with certainty.
    if (!complained) labels.rates.add({ model, value, complained, probability })
    this.#shared.beliefs.learnLabel(record, model, value, state.shift)
    const prediction = complained ? 0 : predictionIn(record)
    state.corrected(record, (prediction - value) / probability)
  }

  #class(sla: SlaClass): SlaRouterClass {
    const known = this.#classes.get(sla.name)
    if (known !== undefined) return known
    const fresh = new SlaRouterClass(this.#shared, sla)
    this.#classes.set(sla.name, fresh)
    this.#stated.set(sla.name, sla)
    return fresh
  }

  report(className: string): ClassReport | null {
    const state = this.#classes.get(className)
    return state === undefined || state.decisions === 0 ? null : state.report()
  }

  snapshot(): PolicySnapshot {
    const writer = new ByteWriter()
    writeShared(this.#shared, writer)
    writer.list([...this.#classes], ([name, state]) => {
      writer.text(JSON.stringify(this.#stated.get(name)))
      state.write(writer)
    })
    return { policy: slaRouterName, schema: slaRouterSchema, bytes: writer.finish() }
  }
}

function isComplaint({ metric, value }: Pick<Feedback, 'metric' | 'value'>): boolean {
  return metric === 'satisfaction' && value < 0.5
}
