import { bestFixed, columnMeans } from '../../routing/evaluate/cheapest-feasible.ts'

/** What every model makes of every row: satisfaction in [0, 1] and cost in USD, both row-major [rows x models]. */
export interface OutcomeMatrix {
  readonly rows: number
  readonly models: number
  readonly satisfaction: Float64Array
  readonly costUsd: Float64Array
}

/** A mean satisfaction and a mean cost per request: a point in the plane in which routers are compared. */
export interface RouterPoint {
  readonly satisfaction: number
  readonly costUsd: number
}

/** Means per model. */
export interface ModelMeans {
  readonly satisfaction: Float64Array
  readonly costUsd: Float64Array
}

/** Checks the shapes. Throws `RangeError`. */
export function outcomeMatrix(
  satisfaction: Float64Array,
  costUsd: Float64Array,
  models: number,
): OutcomeMatrix {
  const rows = satisfaction.length / models
  if (!Number.isInteger(rows) || rows < 1 || costUsd.length !== satisfaction.length) {
    throw new RangeError(
      `${satisfaction.length} satisfactions and ${costUsd.length} costs do not fill at least one row of ${models} models`,
    )
  }
  return { rows, models, satisfaction, costUsd }
}

/** The given rows of a matrix, in the given order; a row may come several times. */
export function selectRows(matrix: OutcomeMatrix, rows: ArrayLike<number>): OutcomeMatrix {
  const { models } = matrix
  const pick = (values: Float64Array): Float64Array => {
    const picked = new Float64Array(rows.length * models)
    for (let i = 0; i < rows.length; i++) {
      const start = (rows[i] ?? 0) * models
      picked.set(values.subarray(start, start + models), i * models)
    }
    return picked
  }
  return { rows: rows.length, models, satisfaction: pick(matrix.satisfaction), costUsd: pick(matrix.costUsd) }
}

/** Means per model over all rows. */
export function modelMeans(matrix: OutcomeMatrix): ModelMeans {
  return {
    satisfaction: columnMeans(matrix.satisfaction, matrix.models),
    costUsd: columnMeans(matrix.costUsd, matrix.models),
  }
}

/** Satisfaction of each row under a policy's choices, one position of a model per row. */
export function chosenSatisfaction(matrix: OutcomeMatrix, choices: Int32Array): Float64Array {
  return chosenValues(matrix, choices, matrix.satisfaction)
}

/** Cost in USD of each row under a policy's choices. */
export function chosenCostUsd(matrix: OutcomeMatrix, choices: Int32Array): Float64Array {
  return chosenValues(matrix, choices, matrix.costUsd)
}

/** Where a policy's choices lie in the plane. */
export function achievedBy(matrix: OutcomeMatrix, choices: Int32Array): RouterPoint {
  return {
    satisfaction: mean(chosenSatisfaction(matrix, choices)),
    costUsd: mean(chosenCostUsd(matrix, choices)),
  }
}

/** Where the uniformly random router lies, in expectation. */
export function randomRouter(matrix: OutcomeMatrix): RouterPoint {
  return { satisfaction: mean(matrix.satisfaction), costUsd: mean(matrix.costUsd) }
}

/** Where the model of the highest mean satisfaction lies, the cheaper one among equals. */
export function bestSingle(matrix: OutcomeMatrix): RouterPoint {
  const means = modelMeans(matrix)
  const { satisfaction, costUsd } = bestFixed(means.satisfaction, means.costUsd)
  return { satisfaction, costUsd }
}

/**
 * Choices of the oracle: per row the cheapest model of the highest satisfaction in it. With labels of 0 and 1 that is the
 * cheapest model that answers well or, where none does, the cheapest.
 */
export function oracleChoices(matrix: OutcomeMatrix): Int32Array {
  const { models, satisfaction, costUsd } = matrix
  return Int32Array.from({ length: matrix.rows }, (_, row) => {
    let best = row * models
    for (let i = best + 1; i < (row + 1) * models; i++) {
      const gain = (satisfaction[i] ?? 0) - (satisfaction[best] ?? 0)
      if (gain > 0 || (gain === 0 && (costUsd[i] ?? 0) < (costUsd[best] ?? 0))) best = i
    }
    return best - row * models
  })
}

/** Arithmetic mean; `NaN` of nothing. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0
  return sum / values.length
}

function chosenValues(matrix: OutcomeMatrix, choices: Int32Array, values: Float64Array): Float64Array {
  if (choices.length !== matrix.rows) {
    throw new RangeError(`${choices.length} choices for ${matrix.rows} rows; expected one per row`)
  }
  return Float64Array.from(choices, (choice, row) => {
    if (!(choice >= 0 && choice < matrix.models)) {
      throw new RangeError(`row ${row} chooses model ${choice}; expected 0 to ${matrix.models - 1}`)
    }
    return values[row * matrix.models + choice] ?? 0
  })
}
