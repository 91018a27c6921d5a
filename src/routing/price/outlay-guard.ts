/** What the guard knows of one model. */
export interface OutlayRecord {
  /** Expected cost of a call, USD. */
  readonly costUsd: number
  readonly calls: number
  readonly labels: number
  readonly labelSum: number
}

/** How far a class has come. */
export interface OutlayProgress {
  readonly decisions: number
  /** In requests; positive: behind its floor. */
  readonly debt: number
}

const MUCH_DEARER = 4
const FREE_CALLS = 10
const WORTHWHILE = 0.05

/**
 * Marks the models that may not be called for now: one that costs more than four times another tried model may be called
 * at most 10 + max(0, debt) + decisions / 100 times, until its mean label minus the best mean of those cheaper models,
 * less half a standard error, is at least .05 plus a quarter of one. A ruinously dear model is thus learned in small doses.
 */
export function blockedByOutlay(
  models: readonly OutlayRecord[],
  progress: OutlayProgress,
): readonly boolean[] {
  const allowance = FREE_CALLS + Math.max(0, progress.debt) + progress.decisions / 100
  return models.map(model => {
    if (model.calls < allowance) return false
    const cheaper = models.filter(other => other.labels > 0 && other.costUsd * MUCH_DEARER < model.costUsd)
    return cheaper.length > 0 && !worthItsPrice(model, cheaper)
  })
}

function worthItsPrice(model: OutlayRecord, cheaper: readonly OutlayRecord[]): boolean {
  if (model.labels === 0) return false
  const mean = model.labelSum / model.labels
  const error = Math.sqrt(Math.max(mean * (1 - mean), 0.05) / model.labels)
  const rival = Math.max(...cheaper.map(other => other.labelSum / other.labels))
  return mean - (rival - error / 2) >= WORTHWHILE + error / 4
}
