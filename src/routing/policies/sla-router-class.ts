import type { DecisionRecord } from '../decision.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { ClassReport, Infeasibility, PolicyAlarm } from '../policy.ts'
import { AdaptiveDual, type AdaptiveDualOptions, priceScale } from '../price/adaptive-dual.ts'
import { InfeasibilityWatch } from '../price/infeasibility.ts'
import { lookUpPrice } from '../price/price-table.ts'
import type { SlaClass } from '../sla.ts'
import {
  type Evidence,
  evidenceOf,
  LABEL_VARIANCE,
  predictionIn,
  slackOf,
  squaresPerLabel,
  stepIn,
} from './sla-router-evidence.ts'
import { SlaRouterLabels } from './sla-router-labels.ts'
import type { SlaRouterShared } from './sla-router-state.ts'

/** Debt is repaid within this share of the decisions so far, but never faster than over so many requests. */
const HORIZON_SHARE = 0.3
const SHORTEST_HORIZON = 300
const LARGEST_REBATE = -0.03
const LARGEST_SURCHARGE = 0.06
/** Running means of what is predicted of each model forget at this rate. */
const SMALLEST_STEP = 0.01
const MOST_ALARMS = 100
/** Posterior deviations by which the best model may be underrated before a floor is called out of reach. */
const DOUBT = 2

interface ModelMeans {
  readonly count: number
  readonly satisfaction: number
  readonly costUsd: number
}

/** Price, debt and labels of one SLA class. */
export class SlaRouterClass {
  readonly labels: SlaRouterLabels
  /** How far offline predictions overrate what the price chooses; 0 on a cold start. */
  readonly shift: number = 0
  readonly #shared: SlaRouterShared
  /** At the latest decision. */
  #evidence: Evidence
  #dual: AdaptiveDual
  #decisions = 0
  #debt = 0
  #reachable: number | null = null
  /** As `#reachable`, every model read as favourably as its labels allow. */
  #favourable = 1
  /** By model: what was predicted over the decisions so far, gone models included. */
  readonly #means = new Map<string, ModelMeans>()
  readonly #alarms: PolicyAlarm[] = []
  #watch = new InfeasibilityWatch()
  #infeasible: Infeasibility | null = null

  constructor(shared: SlaRouterShared, sla: SlaClass, labels = new SlaRouterLabels()) {
    this.#shared = shared
    this.#evidence = evidenceOf(shared, sla)
    this.labels = labels
    this.#dual = new AdaptiveDual(dualOptions(shared, this.#evidence))
    if (shared.table === null) return
    const { price, offset } = lookUpPrice(shared.table, sla.floor)
    this.shift = offset
    // Until the first decision has shown its predictions, the table's own prices are all the scale there is.
    this.#dual.rescale({
      scaleUsd: Math.max(price, Number.MIN_VALUE),
      capUsd: shared.table.prices.at(-1) ?? 0,
    })
    // As if as many labels as there are rows had come by decisions of this class.
    this.#dual.start(price, shared.rows * squaresPerLabel(shared, this.#evidence))
  }

  get decisions(): number {
    return this.#decisions
  }

  get priceUsd(): number {
    return this.#dual.priceUsd
  }

  get step(): number {
    return this.#dual.step
  }

  get scaleUsd(): number {
    return this.#dual.scaleUsd
  }

  /** True while nothing, or too little, is known of models beside the proven one. */
  leansOnProven(evidence = this.#evidence): boolean {
    const { beliefs, settings } = this.#shared
    if (evidence === 'audits') return !beliefs.warm && beliefs.labels < settings.trustedLabels
    return evidence === 'nothing'
  }

  /** True while the debt is more than chance explains: then only better models are worth trying. */
  get inDebt(): boolean {
    return this.#debt > Math.sqrt(LABEL_VARIANCE * Math.max(1, this.#decisions))
  }

  /** Takes a decision: the shortfall that is predicted of it moves the price at once. */
  decided(record: DecisionRecord): void {
    const { floor, sla } = record.context
    this.#decisions++
    this.#evidence = evidenceOf(this.#shared, sla)
    this.#observe(record)
    const scale = priceScale(
      Array.from(this.#means.values(), means => means.satisfaction),
      Array.from(this.#means.values(), means => means.costUsd),
    )
    if (scale !== null) this.#dual.rescale(scale)
    if (this.#evidence === 'nothing') {
      this.#alarmOnce(sla.feedback === 'one-sided' ? 'complaint-rate-unknown' : 'no-labels')
      return
    }
    if (this.leansOnProven()) this.#alarmOnce('too-few-audits')
    const shortfall = floor - predictionIn(record)
    this.#debt += shortfall
    this.#move(shortfall + this.#surcharge(), record)
    if (this.#evidence === 'labels') this.#judge(record)
  }

  /** Replaces the prediction of a decision by what a label says: `correction` = f - stand-in, at the decision's own step. */
  corrected(record: DecisionRecord, correction: number): void {
    if (correction === 0 || this.#evidence === 'nothing') return
    this.#debt += correction
    this.#move(correction, record)
  }

  /** While the proven model answers whatever the price, a shortfall must not wind the price up. */
  #move(increment: number, record: DecisionRecord): void {
    if (this.leansOnProven()) this.#dual.watch(increment)
    else this.#dual.move(increment, stepIn(record))
  }

  /** Takes a plain label of a served answer to the watch for floors that cannot be met. */
  labelled(record: DecisionRecord, value: number): void {
    this.#watch.observe(value - record.context.floor)
  }

  /** Raises an alarm unless it has been raised before. */
  #alarmOnce(kind: string): void {
    if (!this.#alarms.some(alarm => alarm.kind === kind)) this.alarm(kind)
  }

  /** Raises an alarm. */
  alarm(kind: string): void {
    this.#alarms.push({ atDecision: this.#decisions, kind })
    if (this.#alarms.length > MOST_ALARMS) this.#alarms.shift()
  }

  /** Raises the alarm of missing audits as soon as they are known to be missing. */
  checkAudits(): void {
    if (this.#evidence === 'audits' && this.labels.auditsAreMissing) this.#alarmOnce('audits-missing')
  }

  report(): ClassReport {
    return {
      priceUsd: this.leansOnProven() ? null : this.#dual.priceUsd,
      debt: this.#debt,
      reachable: this.#evidence === 'nothing' ? null : this.#reachable,
      infeasible: this.#infeasible,
      alarms: [...this.#alarms],
    }
  }

  /** By how much the target stands above the floor, to repay the debt; audits are too noisy to be chased like that. */
  #surcharge(): number {
    if (this.#evidence !== 'labels' || this.#shared.settings.repay < 0.5) return 0
    const horizon = Math.max(SHORTEST_HORIZON, HORIZON_SHARE * this.#decisions)
    return Math.min(LARGEST_SURCHARGE, Math.max(LARGEST_REBATE, this.#debt / horizon))
  }

  /** Keeps running means of what is predicted of each model, and of the best of them. */
  #observe({ decision }: DecisionRecord): void {
    let best: number | null = null
    for (const { model, satisfaction, costUsd } of decision.estimates) {
      if (satisfaction !== null) best = Math.max(best ?? 0, satisfaction)
      if (satisfaction === null || costUsd === null) continue
      const before = this.#means.get(model) ?? { count: 0, satisfaction: 0, costUsd: 0 }
      const count = before.count + 1
      const step = Math.max(1 / count, SMALLEST_STEP)
      this.#means.set(model, {
        count,
        satisfaction: before.satisfaction + step * (satisfaction - before.satisfaction),
        costUsd: before.costUsd + step * (costUsd - before.costUsd),
      })
    }
    if (best === null) return
    const step = Math.max(1 / this.#decisions, SMALLEST_STEP)
    this.#reachable = (this.#reachable ?? best) + step * (best - (this.#reachable ?? best))
  }

  /** Calls a floor out of reach only if even the most favourable reading of what was learned says so. */
  #judge({ context, decision }: DecisionRecord): void {
    const { floor, sla, models, features, promptTokens } = context
    const { beliefs } = this.#shared
    const deviations = beliefs.deviations(models, beliefs.view(features, promptTokens))
    const best = models.reduce((most, spec, m) => {
      const predicted = decision.estimates.find(estimate => estimate.model === spec.id)?.satisfaction ?? 1
      return Math.max(most, Math.min(1, predicted + DOUBT * (deviations[m] ?? 0)))
    }, 0)
    this.#favourable += Math.max(1 / this.#decisions, SMALLEST_STEP) * (best - this.#favourable)
    if (!this.#watch.planned(this.#decisions, floor, this.#favourable, sla.delta)) this.#infeasible = null
    else {
      const atDecision = this.#infeasible?.atDecision ?? this.#decisions
      const reachable = this.#reachable ?? this.#favourable
      this.#infeasible = { atDecision, bindingConstraint: 'satisfaction', reachable }
    }
  }

  write(writer: ByteWriter): void {
    this.#dual.write(writer)
    writer.count(this.#decisions)
    writer.number(this.#debt)
    writer.number(this.#favourable)
    writer.array(Float64Array.from(this.#reachable === null ? [] : [this.#reachable]))
    writer.list([...this.#means], ([model, { count, satisfaction, costUsd }]) => {
      writer.text(model)
      writer.array(Float64Array.of(count, satisfaction, costUsd))
    })
    writer.list(this.#alarms, ({ atDecision, kind }) => {
      writer.count(atDecision)
      writer.text(kind)
    })
    this.#watch.write(writer)
    const infeasible = this.#infeasible
    writer.array(
      infeasible === null
        ? new Float64Array(0)
        : Float64Array.of(infeasible.atDecision, infeasible.reachable),
    )
    this.labels.write(writer)
  }

  /** Restores what `write` wrote, for a class as it is stated now. */
  static read(reader: ByteReader, shared: SlaRouterShared, sla: SlaClass): SlaRouterClass {
    const dual = AdaptiveDual.read(reader, dualOptions(shared, evidenceOf(shared, sla)))
    const decisions = reader.count()
    const debt = reader.number()
    const favourable = reader.number()
    const [reachable = null] = reader.float64()
    const means = reader.list(() => {
      const model = reader.text()
      const [count = 0, satisfaction = 0, costUsd = 0] = reader.float64()
      return [model, { count, satisfaction, costUsd }] as const
    })
    const alarms = reader.list(() => ({ atDecision: reader.count(), kind: reader.text() }))
    const watch = InfeasibilityWatch.read(reader)
    const [atDecision, best] = reader.float64()
    const restored = new SlaRouterClass(shared, sla, SlaRouterLabels.read(reader))
    restored.#dual = dual
    restored.#decisions = decisions
    restored.#debt = debt
    restored.#favourable = favourable
    restored.#reachable = reachable
    for (const [model, mean] of means) restored.#means.set(model, mean)
    restored.#alarms.push(...alarms)
    restored.#watch = watch
    if (atDecision !== undefined && best !== undefined) {
      restored.#infeasible = { atDecision, bindingConstraint: 'satisfaction', reachable: best }
    }
    return restored
  }
}

/** Steps are twice as long where every decision brings a label: less noise has to be averaged. */
function dualOptions(shared: SlaRouterShared, evidence: Evidence): AdaptiveDualOptions {
  const { kappa, leastStep } = shared.settings
  const factor = evidence === 'labels' ? 2 : 1
  return {
    kappa: factor * kappa,
    leastStep: factor * Math.min(kappa, leastStep),
    slack: slackOf(shared, evidence),
  }
}
