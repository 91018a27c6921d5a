import type { ByteReader, ByteWriter } from '../numeric/byte-codec.ts'
import type { PromiseReport } from '../policy.ts'
import type { SlaClass } from '../sla.ts'
import { certifiedMargin, priceLadder, type Rung } from './certified-margin.ts'
import {
  type CertificateTerms,
  OwnCertificate,
  valuesUntilCertified,
  varianceOfValue,
} from './own-certificate.ts'
import { cheapestPrice, type PlanSample, type PriceRange } from './price-plan.ts'
import { unknowableRemark } from './promise-remarks.ts'
import { PromiseWindow, type WindowAim } from './promise-window.ts'

/** Where a class's labels come from. */
export type LabelSource =
  | { readonly kind: 'users' }
  /** A share `least` of the decisions, in (0, 1], is audited. */
  | { readonly kind: 'audits'; readonly least: number }
  | { readonly kind: 'nowhere' }

/** What one plan knows. */
export interface PlanFacts {
  readonly sample: PlanSample
  /** Floor of the class, the middle one where requests bring their own. */
  readonly floor: number
  /** By how much predictions overrate what is chosen at that floor. */
  readonly offset: number
  /** Prices that may be paid. */
  readonly range: PriceRange
  /** Sum of (floor - satisfaction) of the present window, in requests. */
  readonly debt: number
  /** Requests over which a debt is repaid. */
  readonly horizon: number
  /** Mean cost of a call of the dearest model, USD. */
  readonly dearestUsd: number
}

/** The part of a class's aim that lies in what its promise means: certified or on average, over all time or in windows. */
export class PromiseKeeper {
  #sla: Pick<SlaClass, 'promise' | 'delta' | 'windowMs' | 'floor' | 'feedback'>
  #source: LabelSource = { kind: 'nowhere' }
  #own = new OwnCertificate()
  #window = new PromiseWindow()
  /** Decisions of the present window, or of all time without windows. */
  #decisions = 0
  #aimedAbove = 0
  #margin = 0
  #extraCostUsd = 0
  #valuesNeeded: number | null = null
  #dearestUsd = 0
  #aim: WindowAim | null = null

  constructor(sla: Pick<SlaClass, 'promise' | 'delta' | 'windowMs' | 'floor' | 'feedback'>) {
    this.#sla = sla
  }

  /** How far above the floor the class aims now. */
  get margin(): number {
    return this.#margin
  }

  /** Sum of the margins that decisions aimed at, in requests: what is owed beyond the debt against the floor. */
  get aimedAbove(): number {
    return this.#aimedAbove
  }

  /** Counts a request; true when it opens a window, in which no debt of an earlier one counts. */
  enter(sla: SlaClass, atMs: number, source: LabelSource): boolean {
    this.#sla = sla
    this.#source = source
    const opens = sla.windowMs !== undefined && this.#window.enter(atMs, sla.windowMs)
    if (opens) this.#restart()
    this.#decisions++
    return opens
  }

  /** Takes a decision: where the certificate rests on audits its prediction counts until one comes. */
  decided(floor: number, predicted: number): void {
    this.#aimedAbove += this.#margin
    if (this.#source.kind === 'audits') this.#own.standIn(predicted, floor)
  }

  /** Whether the label of a decision made at that time still counts for the promise. */
  counts(atMs: number): boolean {
    const { windowMs } = this.#sla
    return windowMs === undefined || this.#window.holds(atMs, windowMs)
  }

  /** Takes a label of the present window; `probability` is that of its audit, `null` for a user's. */
  labelled(value: number, floor: number, predicted: number, probability: number | null): void {
    if (probability === null) this.#own.label(value, floor)
    else this.#own.audited(value, predicted, probability)
  }

  /** Settles margin and window aim for the next plan; `spendsSurplus` where the contract asks for no more than the window. */
  plan(facts: PlanFacts, spendsSurplus: boolean): void {
    const { windowMs } = this.#sla
    this.#aim =
      windowMs === undefined ? null : this.#window.aim(facts.floor, facts.debt, windowMs, spendsSurplus)
    this.#dearestUsd = facts.dearestUsd
    this.#margin = 0
    this.#extraCostUsd = 0
    this.#valuesNeeded = null
    if (this.#sla.promise !== 'certified' || this.#source.kind === 'nowhere') return
    const { floor, offset, sample, range } = facts
    const [rate, terms, target] = [this.#valueRate(), this.#terms(), floor + offset]
    const ladder = priceLadder(sample, { ...range, lowest: cheapestPrice(sample, target, range) })
    const { progress } = this.#own
    const valuesLeft = windowMs === undefined ? Number.POSITIVE_INFINITY : this.#requestsLeft(windowMs) * rate
    const horizon = Math.max(1, facts.horizon * rate)
    this.#margin = certifiedMargin({ floor, target, ladder, progress, terms, horizon, valuesLeft })
    this.#extraCostUsd = costAt(ladder, target + this.#margin) - costAt(ladder, target)
    const spread = varianceOfValue(progress, floor, terms.scale)
    this.#valuesNeeded = valuesUntilCertified(progress, this.#margin, spread, terms)
  }

  /**
   * What a plan adds to a floor: the margin and the debt against the aim over the horizon, within `least` and `most`; from
   * half a window on what the window still owes, in place of that debt.
   */
  correction(
    debt: number,
    knots: number,
    limits: { readonly horizon: number; least: number; most: number },
  ): number {
    const { horizon, least, most } = limits
    const owed = (debt + this.#aimedAbove / knots) / horizon
    const plain = this.#margin + Math.min(most, Math.max(least, owed))
    if (this.#aim === null) return plain
    const raise = this.#aim.target - this.#sla.floor
    return this.#margin > 0 ? Math.max(raise, plain) : raise
  }

  /** Forgets debts against the aim. */
  forgive(): void {
    this.#aimedAbove = 0
  }

  report(floor: number): PromiseReport {
    const { promise, delta, windowMs, feedback } = this.#sla
    const values = this.#valuesNeeded
    const share = this.#source.kind === 'audits' ? this.#source.least : 1
    return {
      kind: promise,
      margin: this.#margin,
      extraCostUsd: this.#extraCostUsd,
      labelsNeeded: values === null ? null : Math.ceil(values * share),
      ...(windowMs === undefined
        ? {}
        : {
            window: {
              ordinal: this.#window.ordinal,
              requests: this.#window.requests,
              forecast: Math.round(this.#window.forecast(windowMs)),
              target: this.#aim?.target ?? floor,
            },
          }),
      remark:
        this.#source.kind === 'nowhere'
          ? unknowableRemark({ feedback, floor, delta, auditUsd: this.#dearestUsd })
          : null,
    }
  }

  #restart(): void {
    this.#own.restart()
    this.#decisions = 0
    this.#aimedAbove = 0
  }

  /** Values that a request brings on average. */
  #valueRate(): number {
    if (this.#source.kind === 'audits') return 1
    const { count } = this.#own.progress
    return Math.min(1, Math.max(0.01, (count + 1) / (this.#decisions + 1)))
  }

  /** In windows delta is shared out as delta / (k (k + 1)). */
  #terms(): CertificateTerms {
    const { delta, windowMs } = this.#sla
    const k = windowMs === undefined ? 0 : this.#window.ordinal
    const scale = this.#source.kind === 'audits' ? 1 / this.#source.least : 1
    return { delta: k === 0 ? delta : delta / (k * (k + 1)), scale }
  }

  #requestsLeft(windowMs: number): number {
    return Math.max(0, this.#window.forecast(windowMs) - this.#window.requests)
  }

  write(writer: ByteWriter): void {
    const source = this.#source.kind === 'audits' ? this.#source.least : this.#source.kind === 'users' ? 2 : 0
    const { promise, delta, windowMs, floor, feedback } = this.#sla
    writer.text(feedback)
    writer.flag(promise === 'certified')
    writer.array(
      Float64Array.of(
        ...[
          delta,
          windowMs ?? 0,
          floor,
          source,
          this.#decisions,
          this.#aimedAbove,
          this.#margin,
          this.#dearestUsd,
        ],
        ...[
          this.#extraCostUsd,
          this.#valuesNeeded ?? -1,
          this.#aim?.target ?? -1,
          this.#aim?.requestsLeft ?? 0,
        ],
      ),
    )
    this.#own.write(writer)
    this.#window.write(writer)
  }

  static read(reader: ByteReader): PromiseKeeper {
    const feedback = reader.text() as SlaClass['feedback']
    const promise = reader.flag() ? 'certified' : 'on-average'
    const [delta = 0, windowMs = 0, floor = 0, source = 0, decisions = 0, aimedAbove = 0, ...plan] =
      reader.float64()
    const [margin = 0, dearestUsd = 0, extraCostUsd = 0, valuesNeeded = -1, target = -1, requestsLeft = 0] =
      plan
    const keeper = new PromiseKeeper({
      promise,
      delta,
      floor,
      feedback,
      ...(windowMs === 0 ? {} : { windowMs }),
    })
    keeper.#source =
      source === 0
        ? { kind: 'nowhere' }
        : source === 2
          ? { kind: 'users' }
          : { kind: 'audits', least: source }
    keeper.#decisions = decisions
    keeper.#aimedAbove = aimedAbove
    keeper.#margin = margin
    keeper.#dearestUsd = dearestUsd
    keeper.#extraCostUsd = extraCostUsd
    keeper.#valuesNeeded = valuesNeeded < 0 ? null : valuesNeeded
    keeper.#aim = target < 0 ? null : { target, requestsLeft }
    keeper.#own = OwnCertificate.read(reader)
    keeper.#window = PromiseWindow.read(reader)
    return keeper
  }
}

/** Planned mean cost at a predicted mean, between the rungs on both sides. */
function costAt(ladder: readonly Rung[], satisfaction: number): number {
  const above = ladder.findIndex(rung => rung.satisfaction >= satisfaction)
  const high = ladder[above < 0 ? ladder.length - 1 : above]
  const low = ladder[above - 1]
  if (high === undefined) return 0
  if (low === undefined || high.satisfaction <= low.satisfaction) return high.costUsd
  const share = (satisfaction - low.satisfaction) / (high.satisfaction - low.satisfaction)
  return low.costUsd + share * (high.costUsd - low.costUsd)
}
