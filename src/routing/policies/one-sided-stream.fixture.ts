import { COSTS_USD, meanOf, models, runWorld, worldTraining } from './known-world.fixture.ts'
import { createPolicy } from './registry.ts'

/** Who serves a stream whose users only complain. */
export interface OneSidedStream {
  /** Share of unsatisfied users who complain, by model. */
  readonly rates: readonly number[]
  readonly auditBudget: number
  /** Trained on 300 fully labelled rows. */
  readonly warm: boolean
  readonly trustedRate?: number
}

/** What it came to. */
export interface OneSidedFigures {
  readonly satisfaction: number
  readonly costUsd: number
  readonly dearestUsd: number
  /** Share of the requests by model, cheapest first. */
  readonly share: readonly number[]
}

/** Serves 3,000 requests of the known world at a floor of .8 with the dearest model as the proven one; means of all but the first 500. */
export function runOneSidedStream(name: string, stream: OneSidedStream): OneSidedFigures {
  const { rates, auditBudget, warm, trustedRate } = stream
  const policy = createPolicy(name, {
    parameters: trustedRate === undefined ? {} : { trustedRate },
    training: warm ? worldTraining('one-sided', 300) : null,
    snapshot: null,
    auditBudget,
  })
  const proven = models.at(-1)
  const served = runWorld(policy, {
    seed: 'one-sided',
    requests: 3000,
    feedback: 'one-sided',
    complaintRates: rates,
    audits: true,
    ...(proven === undefined ? {} : { proven }),
  }).slice(500)
  return {
    satisfaction: meanOf(served, one => one.satisfied),
    costUsd: meanOf(served, one => one.costUsd),
    dearestUsd: Math.max(...COSTS_USD),
    share: models.map((_, m) => meanOf(served, one => (one.model === m ? 1 : 0))),
  }
}
