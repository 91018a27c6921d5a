import { costUsd, type Usage } from '../inference/usage.ts'
import type { TokenPrices } from '../routing/model.ts'
import type { CircuitBreaker } from '../upstream/circuit-breaker.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Judge } from './judge.ts'
import { type JudgingOptions, judgingRequest } from './judging-request.ts'
import { readVerdict } from './read-verdict.ts'

/** A model that judges, behind the wrappers that any upstream has. */
export interface ModelJudgeOptions extends JudgingOptions {
  readonly upstream: Upstream
  /** The breaker around the upstream. */
  readonly breaker: Pick<CircuitBreaker, 'allows'>
  readonly prices: TokenPrices | null
  /** Wall clock in milliseconds. */
  readonly now: () => number
}

/** A judge that asks a model with a rubric; its calls are metered like any other. */
export function createModelJudge(options: ModelJudgeOptions): Judge {
  const { upstream, breaker, prices, now } = options
  const costOf = (usage: Usage | null): number | null => (usage === null ? null : costUsd(usage, prices))
  return {
    available: () => breaker.allows(now()),
    async judge({ transcript }, cancellation) {
      const result = await upstream.call(judgingRequest(transcript, options), { cancellation, attempts: [] })
      if (!result.ok) return { kind: 'failed', code: result.failure.code, costUsd: null }
      const { answer } = result
      if (answer.kind !== 'whole') return { kind: 'no-verdict', costUsd: null }
      const value = readVerdict(contentOf(answer.body))
      const cost = costOf(answer.usage)
      return value === null ? { kind: 'no-verdict', costUsd: cost } : { kind: 'label', value, costUsd: cost }
    },
  }
}

/** The text of the first choice; empty where there is none. */
function contentOf(body: Uint8Array): string {
  const document = JSON.parse(Buffer.from(body).toString('utf8')) as {
    readonly choices?: readonly { readonly message?: { readonly content?: unknown } }[]
  }
  const content = document.choices?.[0]?.message?.content
  return typeof content === 'string' ? content : ''
}
