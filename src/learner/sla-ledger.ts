import { auditMetrics, isDrawnForAudit } from '../routing/audit-plan.ts'
import {
  type ClassCertificate,
  type ClassCertificateOptions,
  type ClassCertificateState,
  type ClassReading,
  createClassCertificate,
} from '../routing/certify/class-certificate.ts'
import type { Cursor, DecisionRecord } from '../routing/decision.ts'
import { estimateOf } from '../routing/decision.ts'
import type { FeedbackSource, LearningEvent } from '../routing/learning-event.ts'
import { usersSayBoth } from '../routing/policies/usable-label.ts'
import type { PolicySnapshot } from '../routing/policy.ts'
import type { SlaClass } from '../routing/sla.ts'
import type { CommittedEvent } from '../store/store.ts'
import {
  createOpenDecisions,
  type OpenDecision,
  type OpenDecisions,
  type OpenDecisionsState,
} from './open-decisions.ts'

/** The name under which the ledger keeps its snapshot; no policy may have it. */
export const slaLedgerName = 'sla-ledger'

/** Labels of the short mean. */
const recentLabels = 200

const schema = 2
/** Time that a drawn audit has where the class states none. */
const AUDIT_DEADLINE_MS = 86_400_000

/** What the log says of one SLA class. */
export interface SlaReport {
  readonly className: string
  readonly requests: number
  /** Of all calls in USD, shadow calls included. */
  readonly costUsd: number
  readonly shadowCostUsd: number
  /** Answered calls whose cost is unknown. */
  readonly unpricedCalls: number
  readonly failedCalls: number
  /** Share of the served answers per model; they sum to one, or nothing was served. */
  readonly share: Readonly<Record<string, number>>
  /** Labels of served answers, one per decision: from users where they praise as well as complain, from audits elsewhere. */
  readonly labels: number
  /** Mean of the labels as they came; `null` before the first. No promise rests on it: see `certificate`. */
  readonly satisfaction: number | null
  /** Mean of the last 200 labels as they came. */
  readonly recentSatisfaction: number | null
  /** Labels of decisions that the certificate had passed already: they came after the feedback window or the audit's deadline. */
  readonly lateLabels: number
  readonly silences: number
  readonly audits: number
  readonly feedback: Readonly<Record<FeedbackSource, number>>
  /** Decisions that the certificate has passed: labelled, not drawn for an audit, or their time is over. */
  readonly resolved: number
  /** Folded in decision order, of the present window where the class has one; `null` before the first label. */
  readonly certificate: ClassReading | null
  /** Of the window before; `null` in the first and where the class has none. */
  readonly previousWindow: ClassReading | null
  readonly asOf: Cursor
  readonly asOfMs: number
}

/** Counters and certificate of every class: a fold over the log like a policy. */
export interface SlaLedger {
  learn(committed: CommittedEvent): void
  /** `null` before the first decision of the class. */
  report(className: string): SlaReport | null
  /** Of all classes, by name. */
  reports(): readonly SlaReport[]
  /** Equal logs give equal bytes. */
  snapshot(): PolicySnapshot
}

interface Account {
  sla: SlaClass
  requests: number
  costUsd: number
  shadowCostUsd: number
  unpricedCalls: number
  failedCalls: number
  readonly served: Record<string, number>
  labels: number
  labelSum: number
  recent: number[]
  lateLabels: number
  silences: number
  audits: number
  readonly feedback: Record<FeedbackSource, number>
  asOf: Cursor
  asOfMs: number
}

interface ClassLedger {
  readonly account: Account
  open: OpenDecisions
  certificate: ClassCertificate
}

interface ClassLedgerState {
  readonly account: Account
  readonly open: OpenDecisionsState
  readonly certificate: ClassCertificateState
}

/** Starts from nothing or from a snapshot; throws a RangeError for a snapshot of another schema. */
export function createSlaLedger(snapshot: PolicySnapshot | null): SlaLedger {
  const classes = new Map(
    readSnapshot(snapshot).map(({ account, open, certificate }) => [
      account.sla.name,
      {
        account,
        open: createOpenDecisions(open),
        certificate: createClassCertificate(optionsOf(account.sla), certificate),
      },
    ]),
  )
  const report = (className: string): SlaReport | null => {
    const ledger = classes.get(className)
    return ledger === undefined ? null : describe(ledger)
  }
  return {
    learn(committed) {
      const { sla } = committed.event.record.context
      const ledger: ClassLedger = classes.get(sla.name) ?? openClass(sla)
      classes.set(sla.name, ledger)
      enter(committed, ledger)
    },
    report,
    reports: () => [...classes.keys()].sort().flatMap(name => report(name) ?? []),
    snapshot() {
      const states = [...classes.keys()].sort().flatMap(name => {
        const ledger = classes.get(name)
        return ledger === undefined ? [] : [stateOf(ledger)]
      })
      return { policy: slaLedgerName, schema, bytes: new TextEncoder().encode(JSON.stringify(states)) }
    },
  }
}

function enter({ cursor, event }: CommittedEvent, ledger: ClassLedger): void {
  const { account } = ledger
  account.asOf = cursor
  account.asOfMs = Math.max(account.asOfMs, event.atMs)
  switch (event.kind) {
    case 'decision':
      enterDecision(event.record, ledger)
      return
    case 'outcome':
      enterOutcome(event, account)
      return
    case 'feedback':
      account.feedback[event.source]++
      if (event.metric === 'satisfaction') enterFeedback(event, ledger)
      else if (event.metric === auditMetrics.missed && !usersSayBoth(account.sla.feedback)) {
        // No label will come: nothing after this decision need wait for its deadline.
        ledger.open.resolve(event.record.id, null)
        passResolved(ledger)
      }
      return
    case 'audit':
      account.audits++
      if (!usersSayBoth(account.sla.feedback)) enterAudit(event, ledger)
      return
    case 'silence':
      account.silences++
      if (!usersSayBoth(account.sla.feedback)) return
      ledger.open.resolve(event.record.id, null)
      passResolved(ledger)
      return
    default:
      event satisfies never
  }
}

function enterDecision(record: DecisionRecord, ledger: ClassLedger): void {
  const { sla } = record.context
  takeOn(sla, ledger)
  ledger.account.requests++
  const open = openDecision(record)
  ledger.open.add(open)
  if (open.audit?.drawn === false) ledger.open.resolve(open.id, null)
  passResolved(ledger)
}

/** What the operator has changed of the class. A class that gets its labels from elsewhere now is certified anew. */
function takeOn(sla: SlaClass, ledger: ClassLedger): void {
  const { account } = ledger
  const before = account.sla
  account.sla = sla
  if (usersSayBoth(before.feedback) !== usersSayBoth(sla.feedback)) {
    ledger.open = createOpenDecisions(null)
    ledger.certificate = createClassCertificate(optionsOf(sla))
  } else if (before.delta !== sla.delta || before.windowMs !== sla.windowMs) {
    ledger.certificate = createClassCertificate(optionsOf(sla), ledger.certificate.state())
  }
}

/** Where users do not label, the coin of the audit is drawn again from the decision's id. */
function openDecision(record: DecisionRecord): OpenDecision {
  const { id, context } = record
  const { sla, floor, atMs } = context
  const prediction = estimateOf(record, record.decision.chosen)?.satisfaction ?? null
  const { probability = 0, humanShare = 1 } = record.audit ?? {}
  const drawn = probability > 0 && isDrawnForAudit(id, probability)
  const audit = usersSayBoth(sla.feedback) ? null : { probability, humanShare, drawn }
  return { id, atMs, floor, prediction, audit }
}

type Outcome = Extract<LearningEvent, { readonly kind: 'outcome' }>

function enterOutcome({ model, outcome }: Outcome, account: Account): void {
  account.costUsd += outcome.costUsd ?? 0
  if (outcome.shadow) account.shadowCostUsd += outcome.costUsd ?? 0
  if (outcome.error !== null) account.failedCalls++
  else if (outcome.costUsd === null) account.unpricedCalls++
  if (outcome.error === null && !outcome.shadow) account.served[model] = (account.served[model] ?? 0) + 1
}

type Feedback = Extract<LearningEvent, { readonly kind: 'feedback' }>

function enterFeedback(event: Feedback, ledger: ClassLedger): void {
  const { account, open } = ledger
  if (!isOfServedAnswer(event) || !usersSayBoth(account.sla.feedback)) return
  switch (open.resolve(event.record.id, event.value)) {
    case 'labelled':
      countLabel(account, event.value)
      passResolved(ledger)
      return
    case 'passed':
      account.lateLabels++
      return
    case 'again':
      return
  }
}

/** The label of a model that answered beside the served one says nothing of what the user got. */
function isOfServedAnswer({ model, record }: Feedback): boolean {
  const { decision, context } = record
  if (model === decision.chosen) return true
  // A fallback may have answered instead of the chosen model, except where every model's label is told.
  return context.sla.feedback !== 'full' && !decision.shadows.includes(model)
}

function countLabel(account: Account, value: number): void {
  account.labels++
  account.labelSum += value
  account.recent.push(value)
  if (account.recent.length > recentLabels) account.recent.shift()
}

type AuditEvent = Extract<LearningEvent, { readonly kind: 'audit' }>

/** Audits of another coin than the decision's own (on a complaint, say) are counted and not certified with: the own one is enough. */
function enterAudit({ record, value }: AuditEvent, ledger: ClassLedger): void {
  const { account, open } = ledger
  countLabel(account, value)
  if (open.resolve(record.id, value) !== 'passed') passResolved(ledger)
  else if (record.audit !== undefined && isDrawnForAudit(record.id, record.audit.probability))
    account.lateLabels++
}

/**
 * Moves the watermark: the certificate takes decisions in their order, since the time of a label may depend on satisfaction. Every
 * drawn audit below it has its label, or its deadline is over: then it counts as missing.
 */
function passResolved({ account, open, certificate }: ClassLedger): void {
  const { sla, asOfMs } = account
  const deadlineMs = sla.auditDeadlineMs ?? AUDIT_DEADLINE_MS
  const expiredBeforeMs = usersSayBoth(sla.feedback) ? Number.NEGATIVE_INFINITY : asOfMs - deadlineMs
  for (const { audit, label, ...decision } of open.takeResolved(expiredBeforeMs)) {
    if (audit !== null) {
      const { probability, drawn, humanShare } = audit
      certificate.add(decision, { kind: 'audit', draw: { probability, drawn, value: label }, humanShare })
    } else if (label !== null) certificate.add(decision, { kind: 'label', satisfaction: label })
  }
}

function optionsOf({ delta, windowMs }: SlaClass): ClassCertificateOptions {
  return { delta, ...(windowMs === undefined ? {} : { windowMs }) }
}

function openClass(sla: SlaClass): ClassLedger {
  const account: Account = {
    sla,
    requests: 0,
    costUsd: 0,
    shadowCostUsd: 0,
    unpricedCalls: 0,
    failedCalls: 0,
    served: {},
    labels: 0,
    labelSum: 0,
    recent: [],
    lateLabels: 0,
    silences: 0,
    audits: 0,
    feedback: { user: 0, judge: 0, test: 0, system: 0 },
    asOf: 0,
    asOfMs: 0,
  }
  return { account, open: createOpenDecisions(null), certificate: createClassCertificate(optionsOf(sla)) }
}

function describe({ account, open, certificate }: ClassLedger): SlaReport {
  const { sla, served, labelSum, recent, ...counts } = account
  const answers = Object.values(served).reduce((sum, count) => sum + count, 0)
  const reading = certificate.reading()
  return {
    ...counts,
    className: sla.name,
    feedback: { ...account.feedback },
    share: Object.fromEntries(
      Object.keys(served)
        .sort()
        .map(model => [model, (served[model] ?? 0) / answers]),
    ),
    satisfaction: account.labels === 0 ? null : labelSum / account.labels,
    recentSatisfaction:
      recent.length === 0 ? null : recent.reduce((sum, value) => sum + value, 0) / recent.length,
    resolved: open.passed,
    certificate: reading.labels === 0 ? null : reading,
    previousWindow: certificate.previous(),
  }
}

function stateOf({ account, open, certificate }: ClassLedger): ClassLedgerState {
  return { account, open: open.state(), certificate: certificate.state() }
}

function readSnapshot(snapshot: PolicySnapshot | null): readonly ClassLedgerState[] {
  if (snapshot === null) return []
  if (snapshot.policy !== slaLedgerName || snapshot.schema !== schema) {
    throw new RangeError(
      `the snapshot was written by ${snapshot.policy} in schema ${snapshot.schema}; the ledger reads its own in schema ${schema}`,
    )
  }
  return JSON.parse(new TextDecoder().decode(snapshot.bytes)) as readonly ClassLedgerState[]
}
