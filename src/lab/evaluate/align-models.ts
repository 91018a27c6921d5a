import type { ModelId } from '../../routing/model.ts'
import type { Trace } from '../trace.ts'

/** The same trace with its models in another order; `null` where it does not hold exactly these models. */
export function alignModels(trace: Trace, models: readonly ModelId[]): Trace | null {
  const columns = models.map(model => trace.models.indexOf(model))
  if (columns.includes(-1) || columns.length !== trace.models.length) return null
  if (columns.every((column, m) => column === m)) return trace
  const reordered = (values: Float64Array): Float64Array =>
    Float64Array.from(columns, column => values[column] ?? Number.NaN)
  const rows = trace.rows.map(row => ({
    ...row,
    scores: reordered(row.scores),
    costsUsd: reordered(row.costsUsd),
    completionTokens: row.completionTokens === null ? null : reordered(row.completionTokens),
    latencyMs: row.latencyMs === null ? null : reordered(row.latencyMs),
    answers: row.answers === null ? null : columns.map(column => row.answers?.[column] ?? ''),
  }))
  return { ...trace, models, rows }
}
