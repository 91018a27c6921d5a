import {
  type ClassCertificate,
  type ClassReading,
  createClassCertificate,
} from '../routing/certify/class-certificate.ts'
import { type DecisionRecord, estimateOf } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { usersSayBoth } from '../routing/policies/usable-label.ts'
import type { Audit, AuditSpec } from './audits.ts'
import { type ChannelSpec, feedbackKind } from './feedback-channel.ts'

/** One decision with all that was said of it. */
export interface JudgedDecision {
  readonly record: DecisionRecord
  readonly said: readonly LearningEvent[]
  readonly audit: Audit
}

/** Feeds a certificate with what a run's channel and audits said of the served answers, in decision order. */
export interface CertificateFeed {
  add(judged: JudgedDecision): void
  reading(): ClassReading
}

/** Where a certificate's labels come from. */
export interface CertificateSources {
  readonly channel: ChannelSpec
  readonly audits: AuditSpec
  /** Probability of a wrong certificate, in (0, 1). */
  readonly delta: number
}

/**
 * Creates the certificate of a run: that of a class, as a gateway keeps it. Where users say both good and bad, their labels of the
 * served answers count; where they only complain or say nothing, audits do. How thin audits can be is fixed in advance: the
 * budget. Without audits nothing counts, and nothing is claimed.
 */
export function createCertificateFeed({ channel, audits, delta }: CertificateSources): CertificateFeed {
  if (usersSayBoth(feedbackKind(channel))) return userLabels(createClassCertificate({ delta }))
  if (!(audits.budget > 0)) return { add: () => {}, reading: createClassCertificate({ delta }).reading }
  const humanShare = audits.humanShare > 0 ? audits.humanShare : 1
  const design = { leastProbability: audits.budget, humanShare }
  return auditLabels(createClassCertificate({ delta, audits: design }), humanShare)
}

function userLabels(certificate: ClassCertificate): CertificateFeed {
  return {
    add({ record, said }) {
      const satisfaction = labelOfServed(record, said)
      if (satisfaction !== null) certificate.add(decisionOf(record), { kind: 'label', satisfaction })
    },
    reading: certificate.reading,
  }
}

function auditLabels(certificate: ClassCertificate, humanShare: number): CertificateFeed {
  return {
    add({ record, audit: { probability, value } }) {
      const draw = { probability, drawn: value !== null, value }
      certificate.add(decisionOf(record), { kind: 'audit', draw, humanShare })
    },
    reading: certificate.reading,
  }
}

function decisionOf(record: DecisionRecord) {
  const { atMs, floor } = record.context
  return { atMs, floor, prediction: estimateOf(record, record.decision.chosen)?.satisfaction ?? null }
}

/** What users said of the answer that was served; `null` for silence. */
function labelOfServed(record: DecisionRecord, said: readonly LearningEvent[]): number | null {
  for (const event of said) {
    if (event.kind === 'feedback' && event.model === record.decision.chosen) return event.value
  }
  return null
}
