import type { DecisionRecord } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import type { Audit } from './audits.ts'
import type { ReplaySetup } from './replay.ts'

/** What may be claimed of the mean satisfaction of the decisions whose labels are in. */
export interface CertificateReading {
  readonly state: 'compliant' | 'breached' | 'undecided'
  readonly lower: number
  readonly upper: number
  readonly delta: number
  /** Labels that it rests on. */
  readonly labels: number
}

/** One decision with all that was said of it. */
export interface JudgedDecision {
  readonly record: DecisionRecord
  readonly said: readonly LearningEvent[]
  readonly audit: Audit
}

/** Feeds a certificate with the labels that a run's channel and audits gave, in decision order. */
export interface CertificateFeed {
  add(judged: JudgedDecision): void
  reading(): CertificateReading
}

export function createCertificateFeed(setup: ReplaySetup): CertificateFeed {
  return {
    add: () => {},
    reading: () => ({ state: 'undecided', lower: 0, upper: 1, delta: setup.sla.delta, labels: 0 }),
  }
}
