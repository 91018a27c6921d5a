import type { Features, Featurizer } from '../routing/features/features.ts'
import { modelId } from '../routing/model.ts'
import { type PreparedTrace, prepareTrace } from './prepare-trace.ts'
import type { Trace, TraceRow } from './trace.ts'

/** Scores and costs of one row; everything else of it is made up. */
export interface TinyRow {
  readonly scores: readonly number[]
  readonly costsUsd: readonly number[]
  readonly prompt?: string
  readonly hidden?: Partial<TraceRow>
}

/** A trace of a few rows over models named `m0`, `m1`, … */
export function tinyTrace(rows: readonly TinyRow[]): Trace {
  const models = (rows[0]?.scores ?? []).map((_, m) => modelId(`m${m}`))
  return {
    name: 'tiny',
    models,
    rows: rows.map((row, i) => ({
      id: `row-${i}`,
      prompt: row.prompt ?? `prompt ${i}`,
      scores: Float64Array.from(row.scores),
      costsUsd: Float64Array.from(row.costsUsd),
      task: null,
      split: null,
      promptTokens: null,
      completionTokens: null,
      latencyMs: null,
      answers: null,
      ...row.hidden,
    })),
  }
}

/** The same trace as the lab takes it, with features that only count characters. */
export function tinyPrepared(rows: readonly TinyRow[]): PreparedTrace {
  return prepareTrace(tinyTrace(rows), countingFeaturizer, true)
}

const countCharacters = (text: string): Features => ({
  encoder: 'character-count@1',
  buckets: Uint16Array.of(),
  counts: Uint16Array.of(),
  statistics: Float32Array.of(text.length),
})

const countingFeaturizer: Featurizer = {
  name: 'character-count@1',
  bucketCount: 1,
  statisticCount: 1,
  featurize: countCharacters,
  featurizeWithNgrams: text => ({
    ...countCharacters(text),
    ngrams: {
      counter: 'word-character-ngrams@1',
      buckets: Uint16Array.of(text.length),
      counts: Uint16Array.of(1),
    },
  }),
}
