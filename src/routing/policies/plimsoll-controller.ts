import type { DecisionRecord, RoutingContext } from '../decision.ts'
import { estimateOf } from '../decision.ts'
import type { ModelId, ModelSpec } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { ClassReport, Infeasibility } from '../policy.ts'
import { AlarmLog } from '../price/alarm-log.ts'
import { AuditedBias } from '../price/audited-bias.ts'
import { EligibleModels } from '../price/eligible-models.ts'
import { FloorPrices } from '../price/floor-prices.ts'
import { InfeasibilityWatch } from '../price/infeasibility.ts'
import { PlanningWindow } from '../price/planning-window.ts'
import { type PlanSample, reachable } from '../price/price-plan.ts'
import { dearestMeanCost, lookUpPrice } from '../price/price-table.ts'
import { PromiseKeeper } from '../price/promise-keeper.ts'
import { fixedRecords, retreatModel, Suspects } from '../price/suspects.ts'
import type { FeedbackKind, SlaClass } from '../sla.ts'
import { type PricingFacts, plannedPrice, widestRange } from './plimsoll-pricing.ts'
import { planSample } from './plimsoll-sample.ts'
import type { PlimsollSetup } from './plimsoll-setup.ts'
import { labelSource, plainAuditProbability, usersSayBoth } from './usable-label.ts'

/** Decisions for which beliefs that call a floor out of reach are doubted in full. */
const DOUBTFUL_DECISIONS = 50
/** Corrections of the target by debt. */
const LARGEST_REBATE = -0.03
const LARGEST_SURCHARGE = 0.06
/** Where every model is free, any price chooses the best one. */
const FREE_ZOO_PRICE = 1

/**
 * Holds the floor of one SLA class by planning and correcting: keeps the debt, the sum of (floor - satisfaction) in which
 * predictions stand in until labels come, and plans the price at which the predicted mean over the last 400 requests
 * equals floor + debt / horizon.
 */
export class PlimsollController {
  readonly #setup: PlimsollSetup
  #feedback: FeedbackKind
  #delta: number
  #decisions = 0
  /** True once a request asked for another floor than its class. */
  #floorsDiffer = false
  #prices: FloorPrices
  #window = new PlanningWindow()
  #plannedAt = 0
  #replan = true
  #reachable: number | null = null
  /** Decision at which the lowest floor was first held to be out of reach; -1 while it is not. */
  #unreachableSince = -1
  #capLifted = false
  #eligible = new EligibleModels()
  #watch = new InfeasibilityWatch()
  /** Debt that will not be repaid, in requests. */
  #letGo = 0
  #promise: PromiseKeeper
  suspects = new Suspects()
  #bias = new AuditedBias()
  #infeasible: Infeasibility | null = null
  #alarms = new AlarmLog()

  constructor(
    setup: PlimsollSetup,
    sla: Pick<SlaClass, 'feedback' | 'delta' | 'floor' | 'promise' | 'windowMs'>,
  ) {
    this.#setup = setup
    this.#promise = new PromiseKeeper(sla)
    this.#feedback = sla.feedback
    this.#delta = sla.delta
    this.#prices = new FloorPrices(sla.floor, setup.table)
    const models = Int32Array.from(setup.beliefs.roster.entries.keys())
    for (const view of setup.seeds) this.#window.push({ view, floor: sla.floor, models })
  }

  /** How far offline predictions overrate what this class chooses. */
  get shift(): number {
    return this.#prices.shift
  }

  get decisions(): number {
    return this.#decisions
  }

  get debt(): number {
    return this.#prices.debt + this.#bias.hiddenDebt
  }

  priceAt(floor: number): number {
    return this.#prices.priceAt(floor)
  }

  /**
   * How much the beliefs are to be doubted, in [0, 1]: 0 while they hold a floor to be reachable; else 1 at first, fading as
   * sqrt(50 / decisions since), because the best predicted model must be watched as well to find out whether it is enough.
   */
  doubt(floor: number): number {
    if (this.#reachable === null || this.#reachable >= floor) return 0
    const since = this.#decisions - Math.max(0, this.#unreachableSince)
    return Math.min(1, Math.sqrt(DOUBTFUL_DECISIONS / Math.max(1, since)))
  }

  /** Takes a decision: its prediction enters the debt, its prompt the planning window. */
  decided(record: DecisionRecord): void {
    const { context, decision } = record
    const { beliefs } = this.#setup
    this.#decisions++
    this.#feedback = context.sla.feedback
    this.#delta = context.sla.delta
    if (this.#coverFloor(context)) this.#replan = true
    const models = Int32Array.from(context.models, spec => beliefs.roster.slot(spec.id))
    const view = beliefs.view(context.features, context.promptTokens)
    this.#window.push({ view, floor: context.floor, models })
    const { joined, left } = this.#eligible.note(models)
    if (joined || left) this.#replan = true
    if (left) this.#capLifted = true
    const source = labelSource(this.#feedback, this.#setup.auditBudget)
    if (this.#promise.enter(context.sla, context.atMs, source)) {
      this.#forgive()
      this.#letGo = 0
      this.#replan = true
    }
    const predicted = estimateOf(record, decision.chosen)?.satisfaction ?? context.floor
    this.#owe(context.floor, context.floor - predicted)
    if (!this.#letsGo() && !usersSayBoth(this.#feedback)) this.#bias.decided()
    this.#promise.decided(context.floor, predicted)
    this.suspects.decided(decision.chosen, this.ordinaryAudits(context.sla), this.#setup.auditBudget)
  }

  /** Refills the window: the prompts read differently now. */
  reread(entries: PlanningWindow): void {
    this.#window = entries
    this.#replan = true
  }

  /** Plans if a plan is due. */
  planIfDue(): void {
    if (!this.#replan && this.#decisions - this.#plannedAt < this.#interval()) return
    this.#replan = false
    this.#plannedAt = this.#decisions
    const sample = this.#sample()
    if (sample.requests > 0) this.#plan(sample)
  }

  /** What is predicted of recent requests and the models that are available now. */
  #sample(): PlanSample & { readonly specs: readonly ModelSpec[] } {
    const { beliefs } = this.#setup
    const specs = this.#eligible.present.flatMap(slot => beliefs.roster.entries[slot]?.spec ?? [])
    const entries = this.#window.entries
    return { specs, ...planSample(this.#setup, { specs, entries, progress: this }) }
  }

  /** Takes the label of the answer that was served: the debt replaces the prediction by it. `probability` as in an audit. */
  labelled(record: DecisionRecord, value: number, probability: number | null): void {
    const { floor, atMs } = record.context
    const predicted = estimateOf(record, record.decision.chosen)?.satisfaction ?? floor
    const counts = this.#promise.counts(atMs)
    if (!usersSayBoth(this.#feedback)) this.#bias.observe(predicted - value, counts && !this.#letsGo())
    this.#watch.observe(value - floor)
    if (!counts) return
    this.#owe(floor, predicted - value)
    this.#promise.labelled(value, floor, predicted, probability)
  }

  /** What a floor out of reach leaves owing is not repaid, unless the contract says so; the price is frozen with the debt. */
  #owe(floor: number, amount: number): void {
    if (this.#letsGo()) this.#letGo += amount
    else this.#prices.addDebt(floor, amount)
  }

  #letsGo(): boolean {
    return this.#infeasible !== null && this.#setup.parameters.repayArrears === 0
  }

  /** Audit probability of an answer that nobody suspects, where audits label. */
  ordinaryAudits({ feedback, promise }: Pick<SlaClass, 'feedback' | 'promise'>): number {
    const { auditBudget, parameters } = this.#setup
    const reserve = promise === 'certified' ? 0 : parameters.auditReserve
    return plainAuditProbability(feedback, auditBudget) * (1 - reserve)
  }

  /** Takes a complaint, or that none came in time, where users never praise; gives the models that are suspect by it. */
  heard(record: DecisionRecord, complained: boolean): readonly ModelId[] {
    const { context, decision } = record
    const predicted = estimateOf(record, decision.chosen)?.satisfaction ?? context.floor
    const heard = { model: decision.chosen, atMs: context.atMs, doubt: 1 - predicted }
    const suspects = this.suspects.heard(heard, complained)
    for (const model of suspects) {
      this.#alarms.add(`complaints:${model}`, this.#decisions)
      const { complaintFallback } = this.#setup.parameters
      this.suspects.add(model, complaintFallback, complaintFallback > 0 ? this.#retreatFrom(model) : null)
    }
    return suspects
  }

  /** The model that serves in place of a suspect, by what is predicted of recent requests. */
  #retreatFrom(suspect: ModelId): ModelId | null {
    const sample = this.#sample()
    const { floors } = this.#prices
    const ids = sample.specs.map(spec => spec.id)
    const records = fixedRecords(sample, ids).filter(
      ({ model }) => model !== suspect && !this.suspects.isPassedOver(model),
    )
    return retreatModel(records, floors[floors.length >> 1] ?? 0)
  }

  /** Raises an alarm; prices may rise above what the training rows suggested from here on. */
  alarm(kind: string): void {
    this.#alarms.add(kind, this.#decisions)
    this.#capLifted = true
    this.#replan = true
  }

  report(): ClassReport {
    const { floors } = this.#prices
    return {
      priceUsd: this.priceAt(floors[floors.length >> 1] ?? 0),
      debt: this.debt + this.#letGo,
      reachable: this.#reachable,
      infeasible: this.#infeasible,
      promise: this.#promise.report(floors[floors.length >> 1] ?? 0),
      alarms: this.#alarms.list(),
    }
  }

  /** Every 5 decisions at first, then every 20, ever more rarely up to every 100. */
  #interval(): number {
    if (this.#decisions < 200) return 5
    return Math.min(100, Math.max(20, Math.floor(this.#decisions / 100)))
  }

  /** Moves the knots where a floor asks for it. */
  #coverFloor(context: RoutingContext): boolean {
    const { sla, floor } = context
    const { table } = this.#setup
    if (floor !== sla.floor) this.#floorsDiffer = true
    if (!this.#floorsDiffer) return this.#prices.cover(floor, floor, table)
    const { floors } = this.#prices
    const lowest = Math.min(floor, sla.floors?.min ?? floor, floors[0] ?? floor)
    const highest = Math.max(floor, sla.floors?.max ?? floor, floors.at(-1) ?? floor)
    return this.#prices.cover(lowest, highest, table)
  }

  #plan(sample: PlanSample): void {
    const prices = this.#prices
    const ceiling = reachable(sample)
    this.#reachable = ceiling
    if (ceiling >= (prices.floors[0] ?? 0)) this.#unreachableSince = -1
    else if (this.#unreachableSince < 0) this.#unreachableSince = this.#decisions
    const dearest = dearestMeanCost(sample)
    const knots = prices.floors.length
    const limits = { horizon: this.#horizon(knots), least: LARGEST_REBATE, most: LARGEST_SURCHARGE }
    if (dearest > 0) this.#planPromise(sample, dearest)
    prices.floors.forEach((floor, j) => {
      const correction = this.#promise.correction(this.#debtAt(j), knots, limits)
      const target = floor + (prices.offsets[j] ?? 0) + this.#caution() + correction
      prices.prices[j] =
        dearest > 0 ? plannedPrice(this.#pricing(j, sample, target, dearest)) : FREE_ZOO_PRICE
    })
    this.#judge(ceiling)
  }

  /** Settles what the promise asks for above the floor, at the middle knot. */
  #planPromise(sample: PlanSample, dearest: number): void {
    const { floors, offsets } = this.#prices
    const middle = floors.length >> 1
    const [floor, offset] = [floors[middle] ?? 0, offsets[middle] ?? 0]
    const { maxPriceUsd, spendSurplus } = this.#setup.parameters
    const range = widestRange(dearest, maxPriceUsd)
    const horizon = this.#horizon(1)
    this.#promise.plan(
      { sample, floor, offset, debt: this.debt, horizon, range, dearestUsd: dearest },
      spendSurplus > 0,
    )
  }

  #pricing(knot: number, sample: PlanSample, target: number, dearestUsd: number): PricingFacts {
    const knots = this.#prices.floors.length
    const floor = this.#prices.floors[knot] ?? target
    return {
      sample,
      target,
      promised: floor + (this.#prices.offsets[knot] ?? 0) + this.#promise.margin + this.#caution(),
      behind: this.#debtAt(knot) + this.#promise.aimedAbove / knots,
      decisions: this.#decisions / knots,
      dearestUsd,
      trained: this.#setup.beliefs.warm && !this.#capLifted,
      trainedUsd: this.#capLifted ? 0 : this.#trainedPrice(knot),
      feedback: this.#feedback,
      ceilingUsd: this.#setup.parameters.maxPriceUsd,
    }
  }

  /** Debt of a knot with its part of what audits say of unaudited decisions. */
  #debtAt(knot: number): number {
    const { hiddenDebt, aimedAbove } = this.#bias
    return (this.#prices.debts[knot] ?? 0) + (hiddenDebt + aimedAbove) / this.#prices.floors.length
  }

  #caution(): number {
    return usersSayBoth(this.#feedback) ? 0 : this.#bias.caution
  }

  #horizon(knots: number): number {
    const { parameters, beliefs } = this.#setup
    let share = beliefs.warm ? parameters.warmHorizon : parameters.coldHorizon
    if (!usersSayBoth(this.#feedback)) share = 0
    const horizon = Math.max(parameters.shortestHorizon, share * this.#decisions)
    return knots === 1 ? horizon : (horizon * 2) / knots
  }

  /** The price that met the floor on the training rows, and with it what the promise asks for above the floor. */
  #trainedPrice(knot: number): number {
    const { table } = this.#setup
    const { margin } = this.#promise
    if (table === null || margin === 0) return this.#prices.tablePrices[knot] ?? 0
    return lookUpPrice(table, (this.#prices.floors[knot] ?? 0) + margin).price
  }

  #judge(ceiling: number): void {
    const entries = this.#window.entries
    const [only, ...more] = this.#prices.floors
    const mean = entries.reduce((sum, entry) => sum + entry.floor, 0) / entries.length
    const floor = more.length === 0 && only !== undefined ? only : mean
    const infeasible = this.#watch.planned(this.#decisions, floor, ceiling, this.#delta)
    if (!infeasible) this.#recover()
    else {
      const atDecision = this.#infeasible?.atDecision ?? this.#decisions
      this.#infeasible = { atDecision, bindingConstraint: 'satisfaction', reachable: ceiling }
    }
  }

  /** Withdraws the verdict that the floor cannot be met. */
  #recover(): void {
    if (this.#infeasible === null) return
    this.#infeasible = null
    this.#watch.restart()
    if (this.#setup.parameters.repayArrears > 0) return
    this.#letGo += this.debt
    this.#forgive()
    this.#promise.forgive()
  }

  #forgive(): void {
    this.#prices.forgive()
    this.#bias.forgive()
  }

  write(writer: ByteWriter): void {
    writer.text(this.#feedback)
    const numbers = [this.#delta, this.#decisions, this.#plannedAt, this.#reachable ?? -1, this.#letGo]
    writer.array(Float64Array.from(numbers))
    writer.array(Int32Array.of(+this.#floorsDiffer, +this.#replan, +this.#capLifted, this.#unreachableSince))
    this.#prices.write(writer)
    this.#window.write(writer)
    this.#eligible.write(writer)
    this.#watch.write(writer)
    this.#promise.write(writer)
    this.suspects.write(writer)
    this.#bias.write(writer)
    writer.list(this.#infeasible === null ? [] : [this.#infeasible], ({ atDecision, reachable: best }) => {
      writer.array(Float64Array.of(atDecision, best))
    })
    this.#alarms.write(writer)
  }

  static read(reader: ByteReader, setup: PlimsollSetup): PlimsollController {
    const feedback = reader.text() as FeedbackKind
    const [delta = 0, decisions = 0, plannedAt = 0, best = -1, letGo = 0] = reader.float64()
    const sla = { feedback, delta, floor: 0, promise: 'on-average' } as const
    const controller = new PlimsollController({ ...setup, seeds: [] }, sla)
    const [floorsDiffer, replan, capLifted, unreachableSince = -1] = reader.int32()
    controller.#unreachableSince = unreachableSince
    controller.#decisions = decisions
    controller.#plannedAt = plannedAt
    controller.#letGo = letGo
    controller.#reachable = best < 0 ? null : best
    controller.#floorsDiffer = floorsDiffer === 1
    controller.#replan = replan === 1
    controller.#capLifted = capLifted === 1
    controller.#prices = FloorPrices.read(reader)
    controller.#window = PlanningWindow.read(reader)
    controller.#eligible = EligibleModels.read(reader)
    controller.#watch = InfeasibilityWatch.read(reader)
    controller.#promise = PromiseKeeper.read(reader)
    controller.suspects = Suspects.read(reader)
    controller.#bias = AuditedBias.read(reader)
    reader.list(() => {
      const [atDecision = 0, highest = 0] = reader.float64()
      controller.#infeasible = { atDecision, bindingConstraint: 'satisfaction', reachable: highest }
    })
    controller.#alarms = AlarmLog.read(reader)
    return controller
  }
}
