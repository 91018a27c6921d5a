import type { ModelId, ModelSpec } from '../routing/model.ts'
import type { TrainingRows } from '../routing/policy.ts'
import type { PreparedTrace } from './prepare-trace.ts'
import { SpecificationError } from './specification-error.ts'

/** Fully labelled rows for offline training, over `models` in their order; their mean costs are the models' typical costs. */
export function trainingRows(
  prepared: PreparedTrace,
  rows: readonly number[],
  models: readonly ModelId[],
): TrainingRows {
  const columns = models.map(model => columnOf(prepared, model))
  const satisfaction = new Float64Array(rows.length * models.length)
  const costUsd = new Float64Array(rows.length * models.length)
  const totalsUsd = new Float64Array(models.length)
  rows.forEach((row, i) => {
    const { scores, costsUsd } = rowOf(prepared, row)
    columns.forEach((column, m) => {
      satisfaction[i * models.length + m] = scores[column] ?? 0
      costUsd[i * models.length + m] = costsUsd[column] ?? 0
      totalsUsd[m] = (totalsUsd[m] ?? 0) + (costsUsd[column] ?? 0)
    })
  })
  return {
    models: models.map((id, m) =>
      modelSpec(id, rows.length === 0 ? null : (totalsUsd[m] ?? 0) / rows.length),
    ),
    features: rows.map(row => prepared.features[row] ?? outside(row)),
    promptTokens: rows.map(row => prepared.promptTokens[row] ?? 0),
    satisfaction,
    costUsd,
  }
}

/** What routing knows of a traced model: no price list, and its mean cost only from rows that were trained on. */
export function modelSpec(id: ModelId, typicalCostUsd: number | null): ModelSpec {
  return { id, priceUsdPerMillion: null, typicalCostUsd }
}

function columnOf(prepared: PreparedTrace, model: ModelId): number {
  const column = prepared.trace.models.indexOf(model)
  if (column >= 0) return column
  throw new SpecificationError(`trace '${prepared.trace.name}' has no model '${model}' to train on`)
}

function rowOf(prepared: PreparedTrace, row: number) {
  return prepared.trace.rows[row] ?? outside(row)
}

function outside(row: number): never {
  throw new RangeError(`row ${row} lies outside the trace`)
}
