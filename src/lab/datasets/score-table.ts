/** What one model made of one prompt; `NaN` where the source does not say. */
export interface ModelResult {
  readonly score: number
  readonly costUsd: number
  readonly promptTokens: number
  readonly completionTokens: number
}

/** Numbers of one prompt by model, in the order of the table's models. */
export interface JoinedResults {
  readonly scores: Float64Array
  readonly costsUsd: Float64Array
  /** Mean of the models' own counts, rounded; `null` without any. */
  readonly promptTokens: number | null
  readonly completionTokens: Float64Array
}

/**
 * Joins results that are published model by model into rows by prompt. It keeps four numbers per prompt and model and no
 * text, so that 400,000 results fit in a few tens of megabytes.
 */
export interface ScoreTable {
  /** A result given twice counts as given last. */
  add(model: string, key: string, result: ModelResult): void
  /** Prompts seen. */
  size(): number
  /** `NaN` for the models that gave nothing. */
  take(key: string, models: readonly string[]): JoinedResults
}

const width = 4

export function createScoreTable(): ScoreTable {
  const rows = new Map<string, number>()
  const columns = new Map<string, Float64Array>()
  const at = (key: string): number => {
    const known = rows.get(key)
    if (known !== undefined) return known
    rows.set(key, rows.size)
    return rows.size - 1
  }
  return {
    add(model, key, { score, costUsd, promptTokens, completionTokens }) {
      const start = at(key) * width
      const column = grown(columns.get(model), start + width)
      columns.set(model, column)
      column.set([score, costUsd, promptTokens, completionTokens], start)
    },
    size: () => rows.size,
    take(key, models) {
      const start = (rows.get(key) ?? -1) * width
      const pick = (offset: number): Float64Array =>
        Float64Array.from(models, model => columns.get(model)?.[start + offset] ?? Number.NaN)
      const known = pick(2).filter(tokens => !Number.isNaN(tokens))
      const total = known.reduce((sum, tokens) => sum + tokens, 0)
      return {
        scores: pick(0),
        costsUsd: pick(1),
        promptTokens: known.length === 0 ? null : Math.round(total / known.length),
        completionTokens: pick(3),
      }
    },
  }
}

function grown(column: Float64Array | undefined, length: number): Float64Array {
  if (column !== undefined && column.length >= length) return column
  const larger = new Float64Array(Math.max(1024, length * 2)).fill(Number.NaN)
  if (column !== undefined) larger.set(column)
  return larger
}
