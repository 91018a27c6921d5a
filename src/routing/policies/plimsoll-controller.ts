import type { DecisionRecord, RoutingContext } from '../decision.ts'
import { estimateOf } from '../decision.ts'
import type { ModelId, ModelSpec } from '../model.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { ClassReport, Infeasibility } from '../policy.ts'
import { AlarmLog } from '../price/alarm-log.ts'
import { FloorPrices } from '../price/floor-prices.ts'
import { InfeasibilityWatch } from '../price/infeasibility.ts'
import { PlanningWindow } from '../price/planning-window.ts'
import { guardedPrice, type PlanSample, reachable } from '../price/price-plan.ts'
import { dearestMeanCost, lookUpPrice } from '../price/price-table.ts'
import { PromiseKeeper } from '../price/promise-keeper.ts'
import { fixedRecords, retreatModel, Suspects } from '../price/suspects.ts'
import type { FeedbackKind, SlaClass } from '../sla.ts'
import { planSample } from './plimsoll-sample.ts'
import type { PlimsollSetup } from './plimsoll-setup.ts'
import { labelSource, plainAuditProbability, usersSayBoth } from './usable-label.ts'

/** A model counts as gone after this many decisions in a row without it. */
const ABSENCE = 16
/** Decisions for which beliefs that call a floor out of reach are doubted in full. */
const DOUBTFUL_DECISIONS = 50
/** Corrections of the target by debt. */
const LARGEST_REBATE = -0.03
const LARGEST_SURCHARGE = 0.06
/** Highest prices: multiples of the dearest model's mean cost, and of the price from the training rows. */
const HIGHEST_MULTIPLE = 40
const WITH_LABELS = 4
const WITHOUT_LABELS = 1.5
const LOWEST_SHARE = 1e-4

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
  /** Decision at which each model, by roster number, was last eligible. */
  readonly #lastEligible = new Map<number, number>()
  #watch = new InfeasibilityWatch()
  /** Debt that will not be repaid, in requests. */
  #letGo = 0
  #promise: PromiseKeeper
  suspects = new Suspects()
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
    return this.#prices.debt
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
    this.#noteEligible(models)
    if (
      this.#promise.enter(context.sla, context.atMs, labelSource(this.#feedback, this.#setup.auditBudget))
    ) {
      this.#prices.forgive()
      this.#letGo = 0
      this.#replan = true
    }
    const predicted = estimateOf(record, decision.chosen)?.satisfaction ?? context.floor
    this.#owe(context.floor, context.floor - predicted)
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
    const slots = [...this.#lastEligible.keys()].filter(model => this.#available(model))
    const specs = slots.flatMap(slot => beliefs.roster.entries[slot]?.spec ?? [])
    const entries = this.#window.entries
    return { specs, ...planSample(this.#setup, { specs, entries, progress: this }) }
  }

  /** Takes the label of the answer that was served: the debt replaces the prediction by it. `probability` as in an audit. */
  labelled(record: DecisionRecord, value: number, probability: number | null): void {
    const { floor, atMs } = record.context
    this.#watch.observe(value - floor)
    if (!this.#promise.counts(atMs)) return
    const predicted = estimateOf(record, record.decision.chosen)?.satisfaction ?? floor
    this.#owe(floor, predicted - value)
    this.#promise.labelled(value, floor, predicted, probability)
  }

  /** What a floor out of reach leaves owing is not repaid, unless the contract says so; the price is frozen with the debt. */
  #owe(floor: number, amount: number): void {
    if (this.#infeasible !== null && this.#setup.parameters.repayArrears === 0) this.#letGo += amount
    else this.#prices.addDebt(floor, amount)
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
      debt: this.#prices.debt + this.#letGo,
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

  #noteEligible(models: Int32Array): void {
    const now = this.#decisions
    for (const model of models) {
      if (!this.#available(model)) this.#replan = true
      this.#lastEligible.set(model, now)
    }
    for (const last of this.#lastEligible.values()) {
      if (now - last !== ABSENCE + 1) continue
      this.#replan = true
      this.#capLifted = true
    }
  }

  #available(model: number): boolean {
    const last = this.#lastEligible.get(model)
    return last !== undefined && this.#decisions - last <= ABSENCE
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
      const correction = this.#promise.correction(prices.debts[j] ?? 0, knots, limits)
      const target = floor + (prices.offsets[j] ?? 0) + correction
      const highest = this.#highestPrice(j, dearest)
      const lowest = Math.min(highest, dearest * LOWEST_SHARE)
      prices.prices[j] = dearest > 0 ? guardedPrice(sample, target, { lowest, highest }) : 0
    })
    this.#judge(ceiling)
  }

  /** Settles what the promise asks for above the floor, at the middle knot. */
  #planPromise(sample: PlanSample, dearest: number): void {
    const { floors, offsets, debt } = this.#prices
    const middle = floors.length >> 1
    const [floor, offset] = [floors[middle] ?? 0, offsets[middle] ?? 0]
    const { parameters } = this.#setup
    const ceiling = parameters.maxPriceUsd
    const most = HIGHEST_MULTIPLE * dearest
    const highest = ceiling > 0 ? Math.min(most, ceiling) : most
    const range = { lowest: Math.min(highest, dearest * LOWEST_SHARE), highest }
    const horizon = this.#horizon(1)
    this.#promise.plan(
      { sample, floor, offset, debt, horizon, range, dearestUsd: dearest },
      parameters.spendSurplus > 0,
    )
  }

  #horizon(knots: number): number {
    const { parameters, beliefs } = this.#setup
    let share = beliefs.warm ? parameters.warmHorizon : parameters.coldHorizon
    if (!usersSayBoth(this.#feedback)) share = 0
    const horizon = Math.max(parameters.shortestHorizon, share * this.#decisions)
    return knots === 1 ? horizon : (horizon * 2) / knots
  }

  #highestPrice(knot: number, dearest: number): number {
    const debt = (this.#prices.debts[knot] ?? 0) + this.#promise.aimedAbove / this.#prices.floors.length
    const trained = this.#trainedPrice(knot)
    let highest = dearest * Math.min(HIGHEST_MULTIPLE, 3 + 2 * Math.max(0, debt))
    if (trained > 0 && !this.#capLifted) {
      const multiple = usersSayBoth(this.#feedback) ? WITH_LABELS : WITHOUT_LABELS
      highest = Math.min(HIGHEST_MULTIPLE * dearest, multiple * trained)
    }
    const ceiling = this.#setup.parameters.maxPriceUsd
    return ceiling > 0 ? Math.min(highest, ceiling) : highest
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
    this.#letGo += this.#prices.debt
    this.#prices.forgive()
    this.#promise.forgive()
  }

  write(writer: ByteWriter): void {
    writer.text(this.#feedback)
    const ceiling = this.#reachable ?? -1
    writer.array(Float64Array.of(this.#delta, this.#decisions, this.#plannedAt, ceiling, this.#letGo))
    writer.array(Int32Array.of(+this.#floorsDiffer, +this.#replan, +this.#capLifted, this.#unreachableSince))
    this.#prices.write(writer)
    this.#window.write(writer)
    writer.list([...this.#lastEligible], pair => writer.array(Int32Array.from(pair)))
    this.#watch.write(writer)
    this.#promise.write(writer)
    this.suspects.write(writer)
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
    reader.list(() => {
      const [model = 0, last = 0] = reader.int32()
      controller.#lastEligible.set(model, last)
    })
    controller.#watch = InfeasibilityWatch.read(reader)
    controller.#promise = PromiseKeeper.read(reader)
    controller.suspects = Suspects.read(reader)
    reader.list(() => {
      const [atDecision = 0, highest = 0] = reader.float64()
      controller.#infeasible = { atDecision, bindingConstraint: 'satisfaction', reachable: highest }
    })
    controller.#alarms = AlarmLog.read(reader)
    return controller
  }
}
