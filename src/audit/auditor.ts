import { createCancellation } from '../inference/cancellation.ts'
import type { AuditPlan } from '../routing/audit-plan.ts'
import type { DecisionId } from '../routing/decision.ts'
import type { ModelId } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import type { AuditDesk } from '../store/audit-desk.ts'
import type { NewEvent } from '../store/store.ts'
import { auditEvent, type MissedReason, missedEvent } from './audit-events.ts'
import { createDailyBudget, type DailyBudget, dayOf } from './daily-budget.ts'
import type { AuditTask, Judge, Verdict } from './judge.ts'

/** Why nothing is drawn at the moment; `open`: audits are drawn as the policy asks. */
export type AuditState = 'open' | 'budget-spent' | 'judge-down' | 'queue-full' | 'closed'

/** How the audits of one class are set up. */
export interface AuditorOptions {
  readonly className: string
  /** `null`: humans judge everything. */
  readonly judge: Judge | null
  /** Share of the audits that a human labels, in [0, 1]; 1 without a judge. */
  readonly humanShare: number
  readonly usdPerDay: number | null
  /** Cost of one audit in USD where the judge does not meter it. */
  readonly statedUsd: number
  /** Audits under way and waiting at most; with humans, also the answers on the desk. */
  readonly maxWaiting: number
  readonly concurrency: number
  /** From the answer to the verdict of a judge. */
  readonly deadlineMs: number
  /** How long an answer waits for a human. */
  readonly keepMs: number
  /** A longer request is not judged, a longer answer is cut: so what is missing depends on the request alone. */
  readonly maxTranscriptBytes: number
  readonly desk: AuditDesk
  /** Resolves once what was offered to the log so far is committed. */
  readonly flush: () => Promise<void>
  /** Takes an event for the log. */
  readonly offer: (event: NewEvent) => void
  /** Wall clock in milliseconds. */
  readonly now: () => number
  /** Hears of every audit once it is settled. */
  readonly onSettled: (settled: SettledAudit) => void
  /** Hears of a store that fails; audits go on. */
  readonly onError: (error: unknown) => void
}

/** How one audit ended. */
export interface SettledAudit {
  readonly className: string
  readonly result: 'labelled' | 'sent-to-human' | MissedReason
  readonly costUsd: number
}

/** What operators see of the audits of a class since the start. */
export interface AuditorReport {
  readonly state: AuditState
  readonly usdPerDay: number | null
  readonly spentTodayUsd: number
  readonly usdPerAudit: number
  readonly waiting: number
  readonly waitingForHumans: number
  readonly drawn: number
  readonly labelled: number
  readonly sentToHumans: number
  /** Drawn, and no label will come. */
  readonly missed: Readonly<Partial<Record<MissedReason, number>>>
}

/** An answer that was drawn and is still to come; `submit` or `abandon` must follow. */
export interface DrawnAudit {
  /** A longer request is not to be submitted, and of an answer no more characters. */
  readonly maxTranscriptBytes: number
  /** The model that answered; request and answer as JSON, `null` for a request that is too long to be judged. */
  submit(model: ModelId, transcript: string | null): void
  /** Nothing was served after all: there is nothing to judge. Does nothing after `submit`. */
  abandon(model: ModelId): void
}

/** Draws, judges and logs the audits of one class, beside the path of the requests. */
export interface Auditor {
  /** How likely a decision is to be audited, for the log; `undefined` while nothing can be granted. Changes nothing. */
  plan(asked: number): AuditPlan | undefined
  /** Sets money and a place aside for a decision that was drawn by its plan. */
  begin(id: DecisionId, plan: AuditPlan): DrawnAudit
  report(): AuditorReport
  /** Deletes an answer that waits for its judge, as its owner may ask; false where none waits. */
  forget(id: string): boolean
  /** A human has judged, or an answer has left the desk unjudged. */
  leftDesk(): void
  /** Draws nothing more; what waits is missed, what is under way ends within its deadline or `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** Creates an auditor; it continues with what was spent today and what lies on the desk. */
export async function createAuditor(options: AuditorOptions): Promise<Auditor> {
  const { desk, className, now } = options
  const spending = await desk.spending(dayOf(now()))
  const spentUsd = spending.find(entry => entry.className === className)?.usd ?? 0
  const { usdPerDay, statedUsd } = options
  const budget = createDailyBudget({ usdPerDay, statedUsd, spentUsd, now })
  return new ClassAuditor(options, budget, await desk.count(className))
}

interface Waiting {
  readonly task: AuditTask
  readonly reservedUsd: number
  readonly untilMs: number
}

class ClassAuditor implements Auditor {
  readonly #options: AuditorOptions
  readonly #budget: DailyBudget
  readonly #queue: Waiting[] = []
  readonly #running = new Set<() => void>()
  readonly #missed: Partial<Record<MissedReason, number>> = {}
  #idle: (() => void) | null = null
  /** Drawn answers that are still being served. */
  #held = 0
  #onDesk: number
  #drawn = 0
  #labelled = 0
  #sentToHumans = 0
  #closed = false

  constructor(options: AuditorOptions, budget: DailyBudget, onDesk: number) {
    this.#options = options
    this.#budget = budget
    this.#onDesk = onDesk
  }

  plan(asked: number): AuditPlan | undefined {
    const { humanShare, judge } = this.#options
    // What is granted depends on what came before, never on this answer.
    if (!(asked > 0) || this.#state() !== 'open') return undefined
    const corrected = judge !== null && humanShare > 0
    return { probability: Math.min(1, asked), humanShare: corrected ? humanShare : 1 }
  }

  begin(id: DecisionId, { probability }: AuditPlan): DrawnAudit {
    const { className, maxTranscriptBytes } = this.#options
    const reservedUsd = this.#budget.reserve()
    this.#held++
    this.#drawn++
    let open = true
    const once = (work: () => void): void => {
      if (!open) return
      open = false
      this.#held--
      work()
    }
    const taskOf = (model: ModelId, transcript: string): AuditTask => {
      return { decisionId: id, className, model, probability, transcript }
    }
    return {
      maxTranscriptBytes,
      submit: (model, transcript) => once(() => this.#take(taskOf(model, transcript ?? ''), reservedUsd)),
      abandon: model => once(() => this.#miss(taskOf(model, ''), reservedUsd, 'not-served')),
    }
  }

  report(): AuditorReport {
    const { usdPerDay } = this.#options
    return {
      state: this.#state(),
      usdPerDay,
      spentTodayUsd: this.#budget.spentUsd,
      usdPerAudit: this.#budget.expectedUsd,
      waiting: this.#queue.length + this.#running.size,
      waitingForHumans: this.#onDesk,
      drawn: this.#drawn,
      labelled: this.#labelled,
      sentToHumans: this.#sentToHumans,
      missed: { ...this.#missed },
    }
  }

  forget(id: string): boolean {
    const index = this.#queue.findIndex(({ task }) => task.decisionId === id)
    const [waiting] = index < 0 ? [] : this.#queue.splice(index, 1)
    if (waiting !== undefined) this.#miss(waiting.task, waiting.reservedUsd, 'deleted')
    return waiting !== undefined
  }

  leftDesk(): void {
    this.#onDesk = Math.max(0, this.#onDesk - 1)
  }

  async close(graceMs: number): Promise<void> {
    this.#closed = true
    for (const waiting of this.#queue.splice(0)) this.#miss(waiting.task, waiting.reservedUsd, 'stopped')
    if (this.#running.size === 0) return
    const timer = setTimeout(() => {
      for (const cancel of this.#running) cancel()
    }, graceMs)
    await new Promise<void>(resolve => {
      this.#idle = resolve
    })
    clearTimeout(timer)
  }

  #state(): AuditState {
    const { maxWaiting, judge } = this.#options
    if (this.#closed) return 'closed'
    if (!this.#budget.affords()) return 'budget-spent'
    if (judge !== null && !judge.available()) return 'judge-down'
    const full = this.#queue.length + this.#running.size + this.#held >= maxWaiting
    return full || this.#onDesk >= maxWaiting ? 'queue-full' : 'open'
  }

  #take(task: AuditTask, reservedUsd: number): void {
    const { judge, deadlineMs, now } = this.#options
    if (this.#closed) this.#miss(task, reservedUsd, 'stopped')
    else if (task.transcript === '') this.#miss(task, reservedUsd, 'too-large')
    else if (judge === null) this.#sendToHuman(task, { judged: null, reservedUsd })
    else {
      this.#queue.push({ task, reservedUsd, untilMs: now() + deadlineMs })
      this.#next()
    }
  }

  #next(): void {
    const { judge, concurrency } = this.#options
    while (judge !== null && this.#running.size < concurrency) {
      const waiting = this.#queue.shift()
      if (waiting === undefined) break
      this.#run(judge, waiting)
    }
    if (this.#running.size === 0) this.#idle?.()
  }

  #run(judge: Judge, { task, reservedUsd, untilMs }: Waiting): void {
    const cancellation = createCancellation()
    let late = false
    const expire = (): void => {
      late = true
      cancellation.cancel()
    }
    const cancel = (): void => cancellation.cancel()
    const timer = setTimeout(expire, Math.max(0, untilMs - this.#options.now()))
    this.#running.add(cancel)
    const failed: Verdict = { kind: 'failed', code: 'internal', costUsd: null }
    const asked = judge.judge(task, cancellation).catch((error: unknown) => {
      this.#options.onError(error)
      return failed
    })
    asked
      .then(verdict => this.#judged(task, reservedUsd, late ? 'deadline' : verdict))
      .finally(() => {
        clearTimeout(timer)
        this.#running.delete(cancel)
        this.#next()
      })
  }

  #judged(task: AuditTask, reservedUsd: number, verdict: Verdict | 'deadline'): void {
    const { humanShare } = this.#options
    if (verdict === 'deadline') this.#miss(task, reservedUsd, 'deadline')
    else if (verdict.kind === 'failed')
      this.#miss(task, reservedUsd, this.#closed ? 'stopped' : 'judge-failed')
    else if (verdict.kind === 'no-verdict')
      this.#miss(task, reservedUsd, 'no-verdict', this.#pay(reservedUsd, verdict.costUsd))
    else if (createRandom(`audit-human/${task.decisionId}`).next() < humanShare)
      this.#sendToHuman(task, { judged: verdict.value, reservedUsd, costUsd: verdict.costUsd })
    else {
      const costUsd = this.#pay(reservedUsd, verdict.costUsd)
      this.#labelled++
      this.#options.offer(auditEvent(task, verdict.value, this.#options.now()))
      this.#settled('labelled', costUsd)
    }
  }

  #sendToHuman(
    task: AuditTask,
    given: { readonly judged: number | null; readonly reservedUsd: number; readonly costUsd?: number | null },
  ): void {
    const { desk, flush, now, keepMs, judge, humanShare, onError } = this.#options
    const costUsd = this.#pay(given.reservedUsd, given.costUsd ?? null)
    this.#onDesk++
    const atMs = now()
    // The decision first: a verdict on one that a kill has lost would teach nothing.
    flush()
      .then(() =>
        desk.hold({
          decision: task.decisionId,
          className: task.className,
          model: task.model,
          atMs,
          expiresMs: atMs + keepMs,
          probability: task.probability,
          judged: given.judged,
          humanShare: judge === null ? 1 : humanShare,
          transcript: task.transcript,
        }),
      )
      .then(
        () => {
          this.#sentToHumans++
          this.#settled('sent-to-human', costUsd)
        },
        (error: unknown) => {
          this.leftDesk()
          onError(error)
          this.#log(task, 'store-failed', costUsd)
        },
      )
  }

  #miss(task: AuditTask, reservedUsd: number, reason: MissedReason, paidUsd?: number): void {
    if (paidUsd === undefined) this.#budget.release(reservedUsd)
    this.#log(task, reason, paidUsd ?? 0)
  }

  #log(task: AuditTask, reason: MissedReason, costUsd: number): void {
    const { offer, now } = this.#options
    this.#missed[reason] = (this.#missed[reason] ?? 0) + 1
    offer(missedEvent(task, now()))
    this.#settled(reason, costUsd)
  }

  #pay(reservedUsd: number, costUsd: number | null): number {
    const { desk, className, now, onError } = this.#options
    const usd = this.#budget.settle(reservedUsd, costUsd)
    if (usd > 0) desk.spend(className, dayOf(now()), usd).catch(onError)
    return usd
  }

  #settled(result: SettledAudit['result'], costUsd: number): void {
    this.#options.onSettled({ className: this.#options.className, result, costUsd })
  }
}
