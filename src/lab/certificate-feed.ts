import {
  type CertificateReading,
  type CertifiedLabel,
  createCertificate,
} from '../routing/certify/certificate.ts'
import { type DecisionRecord, estimateOf } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import type { Audit, AuditSpec } from './audits.ts'
import type { ChannelSpec } from './feedback-channel.ts'

/** One decision with all that was said of it. */
export interface JudgedDecision {
  readonly record: DecisionRecord
  readonly said: readonly LearningEvent[]
  readonly audit: Audit
}

/** Feeds a certificate with what a run's channel and audits said of the served answers, in decision order. */
export interface CertificateFeed {
  add(judged: JudgedDecision): void
  reading(): CertificateReading
}

/** Where a certificate's labels come from. */
export interface CertificateSources {
  readonly channel: ChannelSpec
  readonly audits: AuditSpec
  /** Probability of a wrong certificate, in (0, 1). */
  readonly delta: number
}

/**
 * Creates the certificate of a run. Where users say both good and bad, their labels of the served answers count. Where they
 * only complain or say nothing, audits count: a complaint as the label 0, any other decision as its doubly robust stand-in
 * f + (A/q)(S - f), f the policy's own prediction. Without audits nothing counts, and nothing is claimed.
 */
export function createCertificateFeed(sources: CertificateSources): CertificateFeed {
  switch (sources.channel.kind) {
    case 'full':
    case 'chosen':
    case 'sparse':
      return userLabels(sources.delta)
    case 'one-sided':
    case 'none':
      return sources.audits.budget > 0 ? auditLabels(sources) : silent(sources.delta)
  }
}

function userLabels(delta: number): CertificateFeed {
  const certificate = createCertificate({ delta })
  return {
    add({ record, said }) {
      const satisfaction = labelOfServed(record, said)
      if (satisfaction !== null) certificate.add({ satisfaction, floor: record.context.floor })
    },
    reading: () => certificate.reading(),
  }
}

/**
 * The scale of the stand-ins must be fixed in advance: 1/q of the budget, and of the humans' share of it where they correct
 * a judge. A decision that was audited with less than that has no stand-in: the lower bound takes it as unsatisfied,
 * the upper bound as satisfied.
 */
function auditLabels({ audits, delta }: CertificateSources): CertificateFeed {
  const leastAuditProbability = audits.budget * (audits.humanShare > 0 ? audits.humanShare : 1)
  const low = createCertificate({ delta, leastAuditProbability })
  const high = createCertificate({ delta, leastAuditProbability })
  // Granted probabilities are differences of sums: a hair below the budget is the budget.
  const enough = audits.budget * (1 - 1e-6)
  const addBoth = (label: CertifiedLabel): void => {
    low.add(label)
    high.add(label)
  }
  return {
    add({ record, said, audit }) {
      const { floor } = record.context
      if (labelOfServed(record, said) !== null) {
        addBoth({ satisfaction: 0, floor, prediction: 0 })
      } else if (audit.probability >= enough) {
        addBoth(standIn(record, audit))
      } else {
        low.add({ satisfaction: 0, floor, prediction: 0, labelled: false })
        high.add({ satisfaction: 1, floor, prediction: 1, labelled: false })
      }
    },
    reading() {
      const lower = low.reading()
      const upper = high.reading()
      const state =
        upper.state === 'breached' ? 'breached' : lower.state === 'compliant' ? 'compliant' : 'undecided'
      // With worst cases on both sides there is no one estimate, and no telling how many labels a verdict needs.
      const settled = lower.estimate === upper.estimate
      const { estimate, labelsNeeded } = settled ? lower : { estimate: null, labelsNeeded: null }
      return { ...lower, estimate, labelsNeeded, upper: upper.upper, state }
    },
  }
}

function standIn(record: DecisionRecord, { value, probability }: Audit): CertifiedLabel {
  const told = estimateOf(record, record.decision.chosen)?.satisfaction ?? 0.5
  const prediction = Math.min(1, Math.max(0, told))
  const correction = value === null ? 0 : (value - prediction) / probability
  return {
    satisfaction: prediction + correction,
    floor: record.context.floor,
    prediction,
    labelled: value !== null,
  }
}

function silent(delta: number): CertificateFeed {
  const certificate = createCertificate({ delta })
  return { add: () => {}, reading: () => certificate.reading() }
}

/** What users said of the answer that was served; `null` for silence. */
function labelOfServed(record: DecisionRecord, said: readonly LearningEvent[]): number | null {
  for (const event of said) {
    if (event.kind === 'feedback' && event.model === record.decision.chosen) return event.value
  }
  return null
}
