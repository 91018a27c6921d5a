import { type BreachAlarm, type BreachAlarmState, createBreachAlarm } from './breach-alarm.ts'
import {
  type Certificate,
  type CertificateReading,
  type CertificateStateRecord,
  createCertificate,
} from './certificate.ts'
import { type ChangeAlarm, type ChangeAlarmState, createChangeAlarm } from './change-alarm.ts'
import { splitDelta } from './split-delta.ts'
import {
  type AuditDesign,
  type AuditDraw,
  auditValueRange,
  standIn,
  standInRange,
  usablePrediction,
} from './stand-in.ts'

/** What is known of the satisfaction of one served answer, once it is settled. */
export type Evidence =
  /** Its user said it, in [0, 1]. */
  | { readonly kind: 'label'; readonly satisfaction: number }
  /** Only audits label. */
  | { readonly kind: 'audit'; readonly draw: AuditDraw; readonly humanShare: number }

/** One decision on its way into a certificate. */
export interface CertifiedDecision {
  readonly atMs: number
  /** Floor of the request, in (0, 1). */
  readonly floor: number
  /** Predicted satisfaction, made before anything was known of the answer; `null`: the mean of what was folded stands in. */
  readonly prediction: number | null
}

/** How the certificate of a class is set up. */
export interface ClassCertificateOptions {
  /** Probability of a wrong verdict of each kind (compliant, breached, alarm) in the class's whole life, in (0, 1). */
  readonly delta: number
  /** Constraints of the class that are certified beside each other; each gets an equal part of delta. */
  readonly constraints?: number
  /** The promise starts anew after this time, counted from the first decision; absent: it never does. */
  readonly windowMs?: number
  /** How thin audits can be; absent: as the first decision that can be audited (in each window) is. */
  readonly audits?: AuditDesign
}

/** When the breach alarm was raised. */
export interface RaisedAlarm {
  /** Decisions folded by then, in the window. */
  readonly atDecision: number
  /** Time of the decision that raised it. */
  readonly atMs: number
}

/** The window that a reading is about. */
export interface CertificateWindow {
  /** From 1. */
  readonly number: number
  readonly fromMs: number
  readonly toMs: number
}

/** The verdict on a class, with its alarm and its window. */
export interface ClassReading extends CertificateReading {
  /** `null` while the belief that every conditional mean keeps its floor is tenable. An alarm is no breach. */
  readonly alarm: RaisedAlarm | null
  /**
   * When satisfaction was last found to have fallen below the floors, however good it was before; falsely once in 10,000 decisions
   * on average, at most. `null` while it was not.
   */
  readonly fall: RaisedAlarm | null
  /** `null` where the class states no window. */
  readonly window: CertificateWindow | null
}

/** Serialisable form. */
export interface ClassCertificateState {
  readonly part: PartState | null
  /** Reading of the window before the present one. */
  readonly previous: ClassReading | null
  readonly startMs: number | null
}

interface PartState {
  readonly window: number
  readonly audits: AuditDesign | null
  readonly folded: number
  readonly low: CertificateStateRecord
  readonly high: CertificateStateRecord
  readonly alarm: BreachAlarmState
  readonly raised: RaisedAlarm | null
  readonly change: ChangeAlarmState
  readonly fall: RaisedAlarm | null
}

/** Certificate and breach alarm of one SLA class. */
export interface ClassCertificate {
  /** Folds decisions in their own order, each once it is settled. */
  add(decision: CertifiedDecision, evidence: Evidence): void
  /** Of the present window. */
  reading(): ClassReading
  /** State and alarm of `reading` alone, at a fraction of its price. */
  verdict(): Pick<ClassReading, 'state' | 'alarm'>
  /** Of the window before; `null` in the first and where no window is stated. */
  previous(): ClassReading | null
  state(): ClassCertificateState
}

/** A hair below the least probability is the least probability: granted ones are differences of sums. */
const HAIR = 1e-5
/** Decisions between two false findings of a fall, on average and at least. */
const FALLS_APART = 10_000
/** Worst and best case of missing labels that still have one estimate between them. */
const WIDEST_GAP = 0.05

/**
 * Creates the certificate of a class. A user's label counts as it is; an audited decision as its stand-in f + (A/q)(V - f). A drawn
 * label that did not come in time counts as unsatisfied in the lower bound and as satisfied in the upper one, and so does a
 * decision that could be audited with less than the least probability only. Where only audits label, folding begins with the
 * first decision that can be audited.
 */
export function createClassCertificate(
  options: ClassCertificateOptions,
  from: ClassCertificateState | null = null,
): ClassCertificate {
  let startMs = from?.startMs ?? null
  let previous = from?.previous ?? null
  let part = from?.part == null ? null : openPart(options, from.part)
  const windowOf = (atMs: number): number => {
    startMs ??= atMs
    const { windowMs } = options
    return windowMs === undefined ? 1 : Math.max(1, Math.floor((atMs - startMs) / windowMs) + 1)
  }
  const turn = (window: number, audits: AuditDesign | null): Part => {
    if (part !== null && (options.windowMs === undefined || window <= part.window)) return part
    if (part !== null) previous = read(part, options, startMs)
    part = openPart(options, { window, audits })
    return part
  }
  return {
    add(decision, evidence) {
      if (evidence.kind === 'label') {
        fold(turn(windowOf(decision.atMs), null), decision, evidence)
        return
      }
      const { probability: leastProbability } = evidence.draw
      if (part === null && !(leastProbability > 0)) return
      // Only a window that begins here takes it on.
      const own = leastProbability > 0 ? { leastProbability, humanShare: evidence.humanShare } : null
      const design = options.audits ?? own ?? part?.audits ?? null
      fold(turn(windowOf(decision.atMs), design), decision, evidence)
    },
    reading: () => read(part ?? openPart(options, { window: 1, audits: null }), options, startMs),
    verdict: () => (part === null ? { state: 'undecided', alarm: null } : verdictOf(part)),
    previous: () => previous,
    state: () => ({ part: part === null ? null : stateOf(part), previous, startMs }),
  }
}

/** One window, or the whole life of a class without any. */
interface Part {
  readonly window: number
  readonly audits: AuditDesign | null
  folded: number
  readonly low: Certificate
  readonly high: Certificate
  readonly alarm: BreachAlarm
  raised: RaisedAlarm | null
  readonly change: ChangeAlarm
  fall: RaisedAlarm | null
}

function openPart(
  { delta: whole, constraints = 1, windowMs }: ClassCertificateOptions,
  from: Pick<PartState, 'window' | 'audits'> & Partial<PartState>,
): Part {
  const { window, audits } = from
  const delta = splitDelta(whole, { constraints, window: windowMs === undefined ? null : window })
  const range = audits === null ? null : standInRange(audits)
  const scales = range === null ? {} : { scales: { lower: range.lowerScale, upper: range.upperScale } }
  const certificate = { delta, ...scales }
  const largestValue = (range?.largestValue ?? 1) * (1 + (audits === null ? 0 : HAIR))
  return {
    window,
    audits,
    folded: from.folded ?? 0,
    low: createCertificate(certificate, from.low),
    high: createCertificate(certificate, from.high),
    alarm: createBreachAlarm({ delta, largestValue }, from.alarm),
    raised: from.raised ?? null,
    change: createChangeAlarm({ valuesBetweenFalseAlarms: FALLS_APART, largestValue }, from.change),
    fall: from.fall ?? null,
  }
}

function fold(part: Part, decision: CertifiedDecision, evidence: Evidence): void {
  const { floor, atMs } = decision
  const [low, high] = valuesOf(part, decision, evidence)
  part.low.add({ ...low, floor })
  part.high.add({ ...high, floor })
  part.alarm.add(high.satisfaction, floor)
  const fallen = part.change.add(high.satisfaction, floor)
  part.folded += 1
  if (fallen) part.fall = { atDecision: part.folded, atMs }
  if (part.alarm.raisedAt !== null) part.raised ??= { atDecision: part.folded, atMs }
}

interface Value {
  readonly satisfaction: number
  readonly prediction?: number
  readonly labelled: boolean
}

/** What a decision counts as below and above. */
function valuesOf(
  part: Part,
  { prediction }: CertifiedDecision,
  evidence: Evidence,
): readonly [low: Value, high: Value] {
  const { audits } = part
  if (evidence.kind === 'label') {
    const value = {
      satisfaction: evidence.satisfaction,
      ...(prediction === null ? {} : { prediction: Math.min(1, Math.max(0, prediction)) }),
      labelled: true,
    }
    return [value, value]
  }
  const { draw } = evidence
  if (audits === null || draw.probability < audits.leastProbability * (1 - HAIR)) {
    return [
      { satisfaction: 0, prediction: 0, labelled: false },
      { satisfaction: 1, prediction: 1, labelled: false },
    ]
  }
  const f = usablePrediction(prediction ?? part.low.reading().estimate ?? 1)
  const { least, largest } = auditValueRange(audits)
  const value = draw.value === null ? null : Math.min(largest, Math.max(least, draw.value))
  const labelled = draw.drawn && value !== null
  return [
    { satisfaction: standIn(f, { ...draw, value }, least), prediction: f, labelled },
    { satisfaction: standIn(f, { ...draw, value }, largest), prediction: f, labelled },
  ]
}

function read(part: Part, { windowMs }: ClassCertificateOptions, startMs: number | null): ClassReading {
  const lower = part.low.reading()
  const upper = part.high.reading()
  const { state } = verdictOf(part)
  const fromMs = (startMs ?? 0) + (part.window - 1) * (windowMs ?? 0)
  return {
    ...lower,
    state,
    estimate: between(lower.estimate, upper.estimate),
    upper: upper.upper,
    labelsNeeded: state === 'undecided' ? needed(part, lower, upper) : 0,
    alarm: part.raised,
    fall: part.fall,
    window: windowMs === undefined ? null : { number: part.window, fromMs, toMs: fromMs + windowMs },
  }
}

function verdictOf({ low, high, raised }: Part): Pick<ClassReading, 'state' | 'alarm'> {
  const compliant = low.verdict() === 'compliant'
  const state = high.verdict() === 'breached' ? 'breached' : compliant ? 'compliant' : 'undecided'
  return { state, alarm: raised }
}

/** No telling where the worst case lies below the floor and the best one above it. */
function needed({ low, high }: Part, lower: CertificateReading, upper: CertificateReading): number | null {
  if (low.state().margins.sum >= 0) return lower.labelsNeeded
  return high.state().margins.sum < 0 ? upper.labelsNeeded : null
}

/** The middle between worst and best case of labels that should be there and are not, in [0, 1]; `null` where they are far apart. */
function between(low: number | null, high: number | null): number | null {
  if (low === null || high === null || high - low > WIDEST_GAP) return null
  return Math.min(1, Math.max(0, (low + high) / 2))
}

function stateOf({ low, high, alarm, change, ...part }: Part): PartState {
  const folded = { low: low.state(), high: high.state(), alarm: alarm.state(), change: change.state() }
  return { ...part, ...folded }
}
