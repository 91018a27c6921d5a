import type { SlaReport } from '../learner/sla-ledger.ts'
import type { CertificateWindow, RaisedAlarm } from '../routing/certify/class-certificate.ts'
import { bringsLabels, usersSayBoth } from '../routing/policies/usable-label.ts'
import type { ClassReport } from '../routing/policy.ts'
import { unknowableRemark } from '../routing/price/promise-remarks.ts'
import { auditsView } from './audit-view.ts'
import type { ClassConfig } from './config.ts'
import type { Gateway } from './gateway.ts'

/** Everything known of one class: what was promised, what was counted and what its policy believes. */
export interface ClassKnowledge {
  readonly report: ClassReport | null
  readonly ledger: SlaReport | null
  readonly floor: number
}

/** Gathers what ledger and policy know of a class. */
export function classKnowledge(gateway: Gateway, config: ClassConfig): ClassKnowledge {
  const { name } = config.sla
  return {
    report: gateway.learner.policy(config.policyInstance).report(name),
    ledger: gateway.learner.slaReport(name),
    floor: gateway.floors.current(config.sla).floor,
  }
}

/** How a promise stands: what the certificate says, unless the policy found that it cannot be kept. */
export function constraintState(known: ClassKnowledge) {
  const state = known.ledger?.certificate?.state ?? 'undecided'
  return known.report?.infeasible != null && state !== 'compliant' ? 'infeasible' : state
}

/** Where users do not label, only stand-ins have a mean that means something: labels drawn with unlike probabilities do not. */
export function satisfactionEstimate({ sla }: ClassConfig, ledger: SlaReport | null): number | null {
  const mean = ledger?.satisfaction ?? null
  return usersSayBoth(sla.feedback) ? mean : (ledger?.certificate?.estimate ?? mean)
}

function whenOf(raised: RaisedAlarm | null | undefined) {
  return raised == null ? null : { atDecision: raised.atDecision, at: new Date(raised.atMs).toISOString() }
}

/** The window that state and bounds are about, and how the one before it ended. */
function windowOf({ number, fromMs, toMs }: CertificateWindow, ledger: SlaReport | null) {
  const previous = ledger?.previousWindow ?? null
  return {
    number,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    previous:
      previous === null
        ? null
        : {
            state: previous.state,
            estimate: previous.estimate,
            lower: previous.lower,
            upper: previous.upper,
          },
  }
}

/** The state of a class as `GET /v1/sla/{class}` shows it. */
export function slaView(gateway: Gateway, config: ClassConfig) {
  const known = classKnowledge(gateway, config)
  const { ledger, report, floor } = known
  const certificate = ledger?.certificate ?? null
  const reachable = report?.infeasible?.reachable ?? report?.reachable ?? null
  const constraint = {
    name: 'satisfaction',
    target: floor,
    estimate: satisfactionEstimate(config, ledger),
    lower: certificate?.lower ?? 0,
    upper: certificate?.upper ?? 1,
    // A window has its share of the class's delta.
    delta: certificate?.delta ?? config.sla.delta,
    labels: ledger?.labels ?? 0,
    // The bounds rest on these: labels in decision order, up to the first decision that is still open.
    certifiedLabels: certificate?.labels ?? 0,
    state: constraintState(known),
    priceUsd: report?.priceUsd ?? null,
    debt: report?.debt ?? 0,
    ...(reachable === null ? {} : { reachable }),
    ...(certificate?.labelsNeeded == null ? {} : { labelsNeeded: certificate.labelsNeeded }),
    // An alarm is no breach: some stretch was below the floor, whatever the mean is.
    alarm: whenOf(certificate?.alarm),
    fall: whenOf(certificate?.fall),
    ...(certificate?.window == null ? {} : { window: windowOf(certificate.window, ledger) }),
  }
  const audits = auditsView(gateway, config, known)
  return {
    class: config.sla.name,
    policy: config.policy,
    floor,
    promise: promiseView(config, known),
    constraints: [constraint],
    requests: ledger?.requests ?? 0,
    costUsd: ledger?.costUsd ?? 0,
    share: ledger?.share ?? {},
    ...(audits === null ? {} : { audits }),
    asOf: new Date(ledger?.asOfMs ?? gateway.now()).toISOString(),
  }
}

/** What the promise means, and what keeping it as it is meant takes at present, where the policy knows. */
function promiseView({ sla, auditBudget }: ClassConfig, { report, floor }: ClassKnowledge) {
  const blind = !bringsLabels(sla.feedback, auditBudget)
  const remark = blind ? unknowableRemark({ ...sla, floor }) : null
  return { remark, ...report?.promise, kind: sla.promise }
}

/** The state of a class as the admin API shows it: the public view and what only operators need. */
export function classView(gateway: Gateway, config: ClassConfig) {
  const { report, ledger } = classKnowledge(gateway, config)
  return {
    ...slaView(gateway, config),
    configuredFloor: config.sla.floor,
    floors: config.sla.floors ?? null,
    feedback: config.sla.feedback,
    shadowCostUsd: ledger?.shadowCostUsd ?? 0,
    unpricedCalls: ledger?.unpricedCalls ?? 0,
    labels: ledger?.labels ?? 0,
    lateLabels: ledger?.lateLabels ?? 0,
    silences: ledger?.silences ?? 0,
    resolved: ledger?.resolved ?? 0,
    satisfaction: ledger?.satisfaction ?? null,
    recentSatisfaction: ledger?.recentSatisfaction ?? null,
    labelSources: gateway.learner.labelReport(config.sla.name),
    infeasible: report?.infeasible ?? null,
    alarms: report?.alarms ?? [],
  }
}
