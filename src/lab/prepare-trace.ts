import type { Features, Featurizer } from '../routing/features/features.ts'
import { estimateTokens } from '../routing/features/prompt-text.ts'
import type { Trace } from './trace.ts'

/** A trace with what routers see of each prompt, computed once for every run over it. */
export interface PreparedTrace {
  readonly trace: Trace
  /** What made the features: the featurizer, with the semantic encoder where there was one (`featuresName`). */
  readonly encoder: string
  readonly features: readonly Features[]
  /** Estimated from the prompt's text; the counts that a trace may hold stay hidden. */
  readonly promptTokens: readonly number[]
}

/** Featurizes every prompt of a trace; `ngrams`: with n-grams, for policies that read them. */
export function prepareTrace(trace: Trace, featurizer: Featurizer, ngrams = false): PreparedTrace {
  const featurize = ngrams ? featurizer.featurizeWithNgrams : featurizer.featurize
  return {
    trace,
    encoder: featurizer.name,
    features: trace.rows.map(row => featurize(row.prompt)),
    promptTokens: trace.rows.map(row => estimateTokens(row.prompt)),
  }
}
