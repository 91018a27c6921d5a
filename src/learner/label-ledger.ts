import { auditMetrics, isDrawnForAudit } from '../routing/audit-plan.ts'
import type { DecisionRecord } from '../routing/decision.ts'
import {
  noObservations,
  type WeightedRate,
  type WeightedSums,
  weightedRate,
  withObservation,
  without,
} from '../routing/labels/weighted-rate.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { usersSayBoth } from '../routing/policies/usable-label.ts'
import type { PolicySnapshot } from '../routing/policy.ts'
import type { CommittedEvent } from '../store/store.ts'
import {
  createLabelledAnswers,
  type LabelledAnswer,
  type LabelledAnswers,
  type LabelledAnswersState,
} from './labelled-answers.ts'

/** The name under which this ledger keeps its snapshot; no policy may have it. */
export const labelLedgerName = 'label-ledger'

/** What users tell without saying it, by the metric under which it is logged; each a hypothesis until audits prove it. */
export const signalMetrics = ['regenerated', 'rephrased', 'abandoned', 'edit-distance'] as const

/** A value from here on counts as the signal, as a complaint's opposite, or as a judge's yes. */
const HALF = 0.5
/** Of the normal distribution: intervals of 99% at one look. Two that lie apart differ by 3.6 standard errors or more. */
const QUANTILE = 2.576
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const COMPLAINT = 'complaint'
const schema = 1

/** How often a judge is wrong, measured where a human judged as well. */
export interface JudgeError {
  /** Answers that a human and the judge have both judged. */
  readonly humanLabels: number
  /** Of the answers that do not satisfy the human, the share that the judge calls satisfying. */
  readonly falsePositive: WeightedRate | null
  /** Of the answers that satisfy the human, the share that the judge calls unsatisfying. */
  readonly falseNegative: WeightedRate | null
}

/** What a signal has been worth so far. */
export interface SignalReport {
  readonly metric: string
  /** Times that it was seen, audited or not. */
  readonly seen: number
  /** Share of unsatisfied users where it was seen, and where it was not: from labelled answers, weighted by 1/q. */
  readonly unsatisfiedWith: WeightedRate | null
  readonly unsatisfiedWithout: WeightedRate | null
  /** `proven` once the two intervals lie apart. */
  readonly state: 'unproven' | 'proven'
}

/** How often users of one model complain. */
export interface ComplaintReport {
  readonly model: string
  /** Of unsatisfied users, the share that complains; `null` before the first audited failure. */
  readonly whenUnsatisfied: WeightedRate | null
  /** Of satisfied users: complaints that are false. */
  readonly whenSatisfied: WeightedRate | null
}

/** Where the labels of a class come from, and what they and everything that stands in for them are worth. */
export interface LabelReport {
  readonly className: string
  /** Decisions that could be audited, whether or not they were drawn. */
  readonly coins: number
  /** Mean probability of their audits; `null` without any. */
  readonly meanProbability: number | null
  readonly drawn: number
  /** Drawn, and without a label for good. */
  readonly missed: number
  /** Labelled audits per day since the first coin; `null` in the first hour. */
  readonly auditsPerDay: number | null
  readonly judge: JudgeError
  readonly signals: readonly SignalReport[]
  readonly complaints: readonly ComplaintReport[]
}

/** Reliability of judges, signals and complaints by class: a fold over the log like a policy. */
export interface LabelLedger {
  learn(committed: CommittedEvent): void
  /** `null` before the first decision of the class. */
  report(className: string): LabelReport | null
  /** Equal logs give equal bytes. */
  snapshot(): PolicySnapshot
}

interface Account {
  coins: number
  probability: number
  drawn: number
  missed: number
  audited: number
  firstMs: number | null
  lastMs: number
  /** Unsatisfaction of all labelled answers, and of those with each signal. */
  all: WeightedSums
  readonly signals: Record<string, WeightedSums>
  readonly seen: Record<string, number>
  /** By model: complaints among failures and among successes. */
  readonly failures: Record<string, WeightedSums>
  readonly successes: Record<string, WeightedSums>
  falsePositive: WeightedSums
  falseNegative: WeightedSums
}

interface ClassLedger {
  readonly account: Account
  readonly answers: LabelledAnswers
}

interface ClassState {
  readonly className: string
  readonly account: Account
  readonly answers: LabelledAnswersState
}

/** Starts from nothing or from a snapshot; throws a RangeError for a snapshot of another schema. */
export function createLabelLedger(snapshot: PolicySnapshot | null): LabelLedger {
  const classes = new Map<string, ClassLedger>()
  for (const { className, account, answers } of readSnapshot(snapshot))
    classes.set(className, { account, answers: createLabelledAnswers(answers) })
  return {
    learn({ event }) {
      const { name } = event.record.context.sla
      const ledger = classes.get(name) ?? { account: emptyAccount(), answers: createLabelledAnswers(null) }
      classes.set(name, ledger)
      enter(event, ledger)
    },
    report(className) {
      const ledger = classes.get(className)
      return ledger === undefined ? null : describe(className, ledger.account)
    },
    snapshot() {
      const states = [...classes.keys()].sort().flatMap(className => {
        const ledger = classes.get(className)
        if (ledger === undefined) return []
        return [{ className, account: sorted(ledger.account), answers: ledger.answers.state() }]
      })
      return { policy: labelLedgerName, schema, bytes: new TextEncoder().encode(JSON.stringify(states)) }
    },
  }
}

function enter(event: LearningEvent, ledger: ClassLedger): void {
  const { account, answers } = ledger
  switch (event.kind) {
    case 'decision':
      enterDecision(event.record, ledger)
      return
    case 'outcome':
      enterOutcome(event, ledger)
      return
    case 'feedback':
      enterFeedback(event, ledger)
      return
    case 'audit': {
      account.audited++
      const answer = answers.find(event.record.id)
      if (answer === undefined) return
      label(account, answer, event.value, 1 / event.probability)
      measureJudge(account, answer)
      return
    }
    case 'silence':
      return
    default:
      event satisfies never
  }
}

function enterDecision({ id, audit, context, decision }: DecisionRecord, ledger: ClassLedger): void {
  const { account, answers } = ledger
  const drawn = audit !== undefined && isDrawnForAudit(id, audit.probability)
  if (audit !== undefined) {
    account.coins++
    account.probability += audit.probability
    account.firstMs ??= context.atMs
    account.lastMs = Math.max(account.lastMs, context.atMs)
  }
  if (drawn) account.drawn++
  if (drawn || usersSayBoth(context.sla.feedback)) answers.add({ id, model: decision.chosen })
}

function enterOutcome(
  { record, model, outcome }: Extract<LearningEvent, { readonly kind: 'outcome' }>,
  { answers }: ClassLedger,
): void {
  if (outcome.shadow) return
  const answer = answers.find(record.id)
  // A fallback may have answered: what is said is about the model that did.
  if (answer !== undefined && answer.label === null) answer.model = model
}

function enterFeedback(
  { record, model, metric, value, source }: Extract<LearningEvent, { readonly kind: 'feedback' }>,
  { account, answers }: ClassLedger,
): void {
  const answer = answers.find(record.id)
  const about = answer?.model === model ? answer : undefined
  if (metric === auditMetrics.missed) {
    account.missed++
  } else if (metric === auditMetrics.judge) {
    if (answer !== undefined) answer.judge = value
  } else if (metric === auditMetrics.human) {
    if (answer !== undefined) answer.human = value
  } else if (metric === 'satisfaction') {
    if (about === undefined) return
    if (usersSayBoth(record.context.sla.feedback)) label(account, about, value, 1)
    else if (source === 'user' && value < HALF) signal(account, about, COMPLAINT)
  } else if ((signalMetrics as readonly string[]).includes(metric) && value >= HALF) {
    account.seen[metric] = (account.seen[metric] ?? 0) + 1
    if (about !== undefined) signal(account, about, metric)
  }
}

/** The first label counts. @param weight 1/q */
function label(account: Account, answer: LabelledAnswer, value: number, weight: number): void {
  if (answer.label !== null) return
  answer.label = value
  answer.weight = weight
  account.all = withObservation(account.all, { weight, value: 1 - value })
  for (const metric of answer.signals) addSignal(account, answer, metric)
  const complained = Number(answer.signals.includes(COMPLAINT))
  const { model } = answer
  account.failures[model] = withComplaint(account.failures[model], weight * (1 - value), complained)
  account.successes[model] = withComplaint(account.successes[model], weight * value, complained)
}

/** A signal may come before its answer's label or after it. */
function signal(account: Account, answer: LabelledAnswer, metric: string): void {
  if (answer.signals.includes(metric)) return
  answer.signals.push(metric)
  const { label: value, model, weight } = answer
  if (value === null) return
  addSignal(account, answer, metric)
  if (metric !== COMPLAINT) return
  // The same answer counts as one that was complained of instead of one that was not.
  account.failures[model] = turned(account.failures[model], weight * (1 - value))
  account.successes[model] = turned(account.successes[model], weight * value)
}

function addSignal(account: Account, { label: value, weight }: LabelledAnswer, metric: string): void {
  if (value === null || metric === COMPLAINT) return
  const sums = account.signals[metric] ?? noObservations
  account.signals[metric] = withObservation(sums, { weight, value: 1 - value })
}

function withComplaint(sums: WeightedSums | undefined, weight: number, complained: number): WeightedSums {
  return weight === 0
    ? (sums ?? noObservations)
    : withObservation(sums ?? noObservations, { weight, value: complained })
}

function turned(sums: WeightedSums | undefined, weight: number): WeightedSums {
  const silent = withComplaint(undefined, weight, 0)
  return withComplaint(without(sums ?? noObservations, silent), weight, 1)
}

function measureJudge(account: Account, { judge, human, weight }: LabelledAnswer): void {
  if (judge === null || human === null) return
  const saysYes = judge >= HALF
  if (human < HALF)
    account.falsePositive = withObservation(account.falsePositive, { weight, value: Number(saysYes) })
  else account.falseNegative = withObservation(account.falseNegative, { weight, value: Number(!saysYes) })
}

function describe(className: string, account: Account): LabelReport {
  const models = Object.keys(account.failures).sort()
  const { falsePositive, falseNegative, coins, drawn, missed } = account
  return {
    className,
    coins,
    meanProbability: coins === 0 ? null : account.probability / coins,
    drawn,
    missed,
    auditsPerDay: auditsPerDay(account),
    judge: {
      humanLabels: falsePositive.count + falseNegative.count,
      falsePositive: weightedRate(falsePositive, QUANTILE),
      falseNegative: weightedRate(falseNegative, QUANTILE),
    },
    signals: signalMetrics.map(metric => describeSignal(account, metric)),
    complaints: models.map(model => ({
      model,
      whenUnsatisfied: weightedRate(account.failures[model] ?? noObservations, QUANTILE),
      whenSatisfied: weightedRate(account.successes[model] ?? noObservations, QUANTILE),
    })),
  }
}

function auditsPerDay({ audited, firstMs, lastMs }: Account): number | null {
  const passedMs = firstMs === null ? 0 : lastMs - firstMs
  return passedMs < HOUR_MS ? null : (audited * DAY_MS) / passedMs
}

function describeSignal(account: Account, metric: string): SignalReport {
  const sums = account.signals[metric] ?? noObservations
  const unsatisfiedWith = weightedRate(sums, QUANTILE)
  const unsatisfiedWithout = weightedRate(without(account.all, sums), QUANTILE)
  const apart =
    unsatisfiedWith !== null &&
    unsatisfiedWithout !== null &&
    (unsatisfiedWith.lower > unsatisfiedWithout.upper || unsatisfiedWith.upper < unsatisfiedWithout.lower)
  const state = apart ? 'proven' : 'unproven'
  return { metric, seen: account.seen[metric] ?? 0, unsatisfiedWith, unsatisfiedWithout, state }
}

function emptyAccount(): Account {
  return {
    coins: 0,
    probability: 0,
    drawn: 0,
    missed: 0,
    audited: 0,
    firstMs: null,
    lastMs: 0,
    all: noObservations,
    signals: {},
    seen: {},
    failures: {},
    successes: {},
    falsePositive: noObservations,
    falseNegative: noObservations,
  }
}

/** Names in one order, so that equal logs give equal bytes whichever came first after a restart. */
function sorted(account: Account): Account {
  const inOrder = <T>(record: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
  return {
    ...account,
    signals: inOrder(account.signals),
    seen: inOrder(account.seen),
    failures: inOrder(account.failures),
    successes: inOrder(account.successes),
  }
}

function readSnapshot(snapshot: PolicySnapshot | null): readonly ClassState[] {
  if (snapshot === null) return []
  if (snapshot.policy !== labelLedgerName || snapshot.schema !== schema) {
    throw new RangeError(
      `the snapshot was written by ${snapshot.policy} in schema ${snapshot.schema}; the ledger of labels reads its own in schema ${schema}`,
    )
  }
  return JSON.parse(new TextDecoder().decode(snapshot.bytes)) as readonly ClassState[]
}
