import type { DecisionRecord, RoutingContext } from '../decision.ts'
import { estimateOf } from '../decision.ts'
import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { ClassReport, Infeasibility, PolicyAlarm } from '../policy.ts'
import { AuditedBias } from '../price/audited-bias.ts'
import { FloorPrices } from '../price/floor-prices.ts'
import { InfeasibilityWatch } from '../price/infeasibility.ts'
import { impatience } from '../price/patience.ts'
import { PlanningWindow } from '../price/planning-window.ts'
import { guardedPrice, type PlanSample, type PriceRange, reachable } from '../price/price-plan.ts'
import { dearestMeanCost } from '../price/price-table.ts'
import type { FeedbackKind, SlaClass } from '../sla.ts'
import { planSample } from './plimsoll-sample.ts'
import type { PlimsollSetup } from './plimsoll-setup.ts'
import { usersSayBoth } from './usable-label.ts'

/** A model counts as gone after this many decisions in a row without it. */
const ABSENCE = 16
const MOST_ALARMS = 100
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
/** What repaying a debt may cost where no training caps it: a multiple of the price of the floor. */
const CATCHING_UP = 2
/** Standard deviations of debt that count as chance: training must be well refuted before its cap is lifted. */
const CHANCE_COLD = 1
const CHANCE_TRAINED = 2
/** Most that a debt multiplies the cap of training by. */
const LARGEST_LIFT = 10

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
  #bias = new AuditedBias()
  #infeasible: Infeasibility | null = null
  readonly #alarms: PolicyAlarm[] = []

  constructor(setup: PlimsollSetup, sla: Pick<SlaClass, 'feedback' | 'delta' | 'floor'>) {
    this.#setup = setup
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
    return this.#prices.debt + this.#hiddenDebt()
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
    const predicted = estimateOf(record, decision.chosen)?.satisfaction ?? context.floor
    this.#prices.addDebt(context.floor, context.floor - predicted)
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
    const { beliefs } = this.#setup
    const slots = [...this.#lastEligible.keys()].filter(model => this.#available(model))
    const specs = slots.flatMap(slot => beliefs.roster.entries[slot]?.spec ?? [])
    const sample = planSample(this.#setup, { specs, entries: this.#window.entries, progress: this })
    if (sample.requests > 0) this.#plan(sample)
  }

  /** Takes the label of the answer that was served: the debt replaces the prediction by it. */
  labelled(record: DecisionRecord, value: number): void {
    const { floor } = record.context
    const predicted = estimateOf(record, record.decision.chosen)?.satisfaction ?? floor
    this.#prices.addDebt(floor, predicted - value)
    if (!usersSayBoth(this.#feedback)) this.#bias.observe(predicted - value)
    this.#watch.observe(value - floor)
  }

  /** Raises an alarm; prices may rise above what the training rows suggested from here on. */
  alarm(kind: string): void {
    this.#alarms.push({ atDecision: this.#decisions, kind })
    if (this.#alarms.length > MOST_ALARMS) this.#alarms.shift()
    this.#capLifted = true
    this.#replan = true
  }

  report(): ClassReport {
    const { floors } = this.#prices
    return {
      priceUsd: this.priceAt(floors[floors.length >> 1] ?? 0),
      debt: this.debt,
      reachable: this.#reachable,
      infeasible: this.#infeasible,
      alarms: [...this.#alarms],
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
    prices.floors.forEach((floor, j) => {
      const debt = this.#debtAt(j)
      const correction = clip(debt / this.#horizon(knots), LARGEST_REBATE, LARGEST_SURCHARGE)
      const target = floor + (prices.offsets[j] ?? 0) + correction
      const highest = this.#highestPrice(j, dearest)
      const lowest = Math.min(highest, dearest * LOWEST_SHARE)
      prices.prices[j] = dearest > 0 ? this.#price(j, sample, { target, lowest, highest }) : 0
    })
    this.#judge(ceiling)
  }

  /**
   * The planned price of a knot. Where no training caps it, catching up may cost twice the price of the floor itself, and more
   * only for a debt beyond chance: near a cliff a few requests of debt would otherwise send all traffic to a model that costs many times
   * the others.
   */
  #price(
    knot: number,
    sample: PlanSample,
    { target, lowest, highest }: PriceRange & { readonly target: number },
  ): number {
    const range = { lowest, highest }
    const planned = guardedPrice(sample, target, range)
    if (this.#setup.beliefs.warm && !this.#capLifted) return planned
    const floor = (this.#prices.floors[knot] ?? target) + (this.#prices.offsets[knot] ?? 0)
    const usual = guardedPrice(sample, floor, range)
    return Math.min(planned, CATCHING_UP * this.#impatience(knot, CHANCE_COLD) * usual)
  }

  #impatience(knot: number, chance: number): number {
    const decisions = this.#decisions / this.#prices.floors.length
    return impatience({ debt: this.#debtAt(knot), decisions, chance })
  }

  /** Debt of a knot with its part of what audits say of unaudited decisions. */
  #debtAt(knot: number): number {
    return (this.#prices.debts[knot] ?? 0) + this.#hiddenDebt() / this.#prices.floors.length
  }

  #hiddenDebt(): number {
    return this.#bias.hiddenDebt(this.#decisions)
  }

  #horizon(knots: number): number {
    const { parameters, beliefs } = this.#setup
    let share = beliefs.warm ? parameters.warmHorizon : parameters.coldHorizon
    if (!usersSayBoth(this.#feedback)) share = 0
    const horizon = Math.max(parameters.shortestHorizon, share * this.#decisions)
    return knots === 1 ? horizon : (horizon * 2) / knots
  }

  #highestPrice(knot: number, dearest: number): number {
    const debt = this.#debtAt(knot)
    const trained = this.#prices.tablePrices[knot] ?? 0
    let highest = dearest * Math.min(HIGHEST_MULTIPLE, 3 + 2 * Math.max(0, debt))
    if (trained > 0 && !this.#capLifted) {
      const multiple = usersSayBoth(this.#feedback) ? WITH_LABELS : WITHOUT_LABELS
      const lift = Math.min(LARGEST_LIFT, this.#impatience(knot, CHANCE_TRAINED))
      highest = Math.min(HIGHEST_MULTIPLE * dearest, lift * multiple * trained)
    }
    const ceiling = this.#setup.parameters.maxPriceUsd
    return ceiling > 0 ? Math.min(highest, ceiling) : highest
  }

  #judge(ceiling: number): void {
    const entries = this.#window.entries
    const floor = entries.reduce((sum, entry) => sum + entry.floor, 0) / entries.length
    const infeasible = this.#watch.planned(this.#decisions, floor, ceiling, this.#delta)
    if (!infeasible) this.#infeasible = null
    else {
      const atDecision = this.#infeasible?.atDecision ?? this.#decisions
      this.#infeasible = { atDecision, bindingConstraint: 'satisfaction', reachable: ceiling }
    }
  }

  write(writer: ByteWriter): void {
    writer.text(this.#feedback)
    writer.array(Float64Array.of(this.#delta, this.#decisions, this.#plannedAt, this.#reachable ?? -1))
    writer.array(Int32Array.of(+this.#floorsDiffer, +this.#replan, +this.#capLifted, this.#unreachableSince))
    this.#prices.write(writer)
    this.#window.write(writer)
    writer.list([...this.#lastEligible], pair => writer.array(Int32Array.from(pair)))
    this.#watch.write(writer)
    this.#bias.write(writer)
    writer.list(this.#infeasible === null ? [] : [this.#infeasible], ({ atDecision, reachable: best }) => {
      writer.array(Float64Array.of(atDecision, best))
    })
    writer.list(this.#alarms, ({ atDecision, kind }) => {
      writer.number(atDecision)
      writer.text(kind)
    })
  }

  static read(reader: ByteReader, setup: PlimsollSetup): PlimsollController {
    const feedback = reader.text() as FeedbackKind
    const [delta = 0, decisions = 0, plannedAt = 0, best = -1] = reader.float64()
    const controller = new PlimsollController({ ...setup, seeds: [] }, { feedback, delta, floor: 0 })
    const [floorsDiffer, replan, capLifted, unreachableSince = -1] = reader.int32()
    controller.#unreachableSince = unreachableSince
    controller.#decisions = decisions
    controller.#plannedAt = plannedAt
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
    controller.#bias = AuditedBias.read(reader)
    reader.list(() => {
      const [atDecision = 0, highest = 0] = reader.float64()
      controller.#infeasible = { atDecision, bindingConstraint: 'satisfaction', reachable: highest }
    })
    reader.list(() => controller.#alarms.push({ atDecision: reader.number(), kind: reader.text() }))
    return controller
  }
}

function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
