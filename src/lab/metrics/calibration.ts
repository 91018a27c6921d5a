/** How good predicted satisfaction is: means over the models. */
export interface PredictionFigures {
  /** Mean squared error. */
  readonly brier: number
  /** Area under the ROC curve; `null` where no model has both satisfied and unsatisfied rows. */
  readonly auc: number | null
  /** Expected calibration error. */
  readonly ece: number
}

/** Bins of the calibration error and of calibration curves: equal widths over [0, 1]. */
const binCount = 10

/** Figures of predictions in [0, 1] against labels in [0, 1], both row-major [rows x models]. Throws `RangeError`. */
export function predictionFigures(
  predicted: Float64Array,
  labels: Float64Array,
  models: number,
): PredictionFigures {
  if (predicted.length !== labels.length || labels.length % models !== 0 || labels.length === 0) {
    throw new RangeError(`${predicted.length} predictions for ${labels.length} labels of ${models} models`)
  }
  const columns = Array.from({ length: models }, (_, m) => ({
    p: predicted.filter((_, i) => i % models === m),
    s: labels.filter((_, i) => i % models === m),
  }))
  const meanOf = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length
  const areas = columns.map(({ p, s }) => rocArea(p, s)).filter(area => area !== null)
  return {
    brier: meanOf(columns.map(({ p, s }) => brierScore(p, s))),
    auc: areas.length === 0 ? null : meanOf(areas),
    ece: meanOf(columns.map(({ p, s }) => calibrationError(p, s))),
  }
}

/** Brier score of one model: the mean of (prediction - label)^2. */
export function brierScore(predicted: Float64Array, labels: Float64Array): number {
  return predicted.reduce((sum, p, i) => sum + (p - (labels[i] ?? 0)) ** 2, 0) / predicted.length
}

/**
 * Area under the ROC curve of one model: the chance that a satisfied row is predicted higher than an unsatisfied one, ties
 * counting half. A fractional label s counts as s satisfied and 1 - s unsatisfied. `null` without both kinds.
 */
export function rocArea(predicted: Float64Array, labels: Float64Array): number | null {
  const order = Array.from(predicted, (p, i) => ({ p, s: labels[i] ?? 0 })).sort((a, b) => a.p - b.p)
  let satisfied = 0
  let unsatisfied = 0
  let won = 0
  let own = 0
  for (let from = 0; from < order.length; ) {
    let to = from
    let up = 0
    let down = 0
    for (; to < order.length && order[to]?.p === order[from]?.p; to++) {
      const s = order[to]?.s ?? 0
      up += s
      down += 1 - s
      own += s * (1 - s)
    }
    won += up * (unsatisfied + down / 2)
    satisfied += up
    unsatisfied += down
    from = to
  }
  // A row with a fractional label is no rival of itself: its own tie is taken out again.
  const pairs = satisfied * unsatisfied - own
  return pairs > 1e-9 ? (won - own / 2) / pairs : null
}

/** One bin of a calibration curve. */
export interface CalibrationBin {
  readonly rows: number
  readonly predicted: number
  readonly observed: number
}

/** Calibration curve of one model: means of prediction and label in ten bins of equal width; empty ones are left out. */
export function calibrationBins(predicted: Float64Array, labels: Float64Array): readonly CalibrationBin[] {
  const sums = Array.from({ length: binCount }, () => ({ rows: 0, predicted: 0, observed: 0 }))
  for (const [i, p] of predicted.entries()) {
    const bin = sums[Math.min(binCount - 1, Math.floor(p * binCount))]
    if (bin === undefined) throw new RangeError(`prediction ${i} is ${p}; expected a number from 0 to 1`)
    bin.rows += 1
    bin.predicted += p
    bin.observed += labels[i] ?? 0
  }
  return sums
    .filter(bin => bin.rows > 0)
    .map(({ rows, predicted, observed }) => ({
      rows,
      predicted: predicted / rows,
      observed: observed / rows,
    }))
}

/** Expected calibration error of one model: the mean over rows of |mean prediction - mean label| of their bin. */
export function calibrationError(predicted: Float64Array, labels: Float64Array): number {
  return calibrationBins(predicted, labels).reduce(
    (sum, bin) => sum + (bin.rows / predicted.length) * Math.abs(bin.predicted - bin.observed),
    0,
  )
}
