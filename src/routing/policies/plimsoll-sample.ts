import type { ModelSpec } from '../model.ts'
import { blockedByOutlay, type OutlayProgress } from '../price/outlay-guard.ts'
import type { WindowEntry } from '../price/planning-window.ts'
import type { PlanSample } from '../price/price-plan.ts'
import type { PlimsollSetup } from './plimsoll-setup.ts'

/** What a plan of one SLA class looks at. */
export interface SampleSource {
  /** Models that are available now. */
  readonly specs: readonly ModelSpec[]
  /** Recent requests. */
  readonly entries: readonly WindowEntry[]
  readonly progress: OutlayProgress & { readonly shift: number }
}

/** Predicts satisfaction and cost of recent requests; requests for which no model is left are passed over. */
export function planSample(setup: PlimsollSetup, { specs, entries, progress }: SampleSource): PlanSample {
  const width = specs.length
  const slots = specs.map(spec => setup.beliefs.roster.slot(spec.id))
  const satisfaction = new Float64Array(entries.length * width)
  const costUsd = new Float64Array(entries.length * width)
  const row = { satisfaction: new Float64Array(width), costUsd: new Float64Array(width) }
  let requests = 0
  for (const { view, models } of entries) {
    setup.beliefs.predict(specs, view, progress.shift, row)
    if (!maskCosts(row.costUsd, slots, models)) continue
    satisfaction.set(row.satisfaction, requests * width)
    costUsd.set(row.costUsd, requests * width)
    requests++
  }
  const sample = { requests, models: width, satisfaction, costUsd }
  if (setup.parameters.outlayGuard > 0) guardOutlay(setup, sample, { specs, progress })
  return sample
}

/** Marks models that a request may not use, or whose cost is unknown; false when none is left. */
function maskCosts(costUsd: Float64Array, slots: readonly number[], eligible: Int32Array): boolean {
  let left = false
  for (let m = 0; m < slots.length; m++) {
    const usable = eligible.includes(slots[m] ?? -1) && !Number.isNaN(costUsd[m])
    if (usable) left = true
    else costUsd[m] = Number.POSITIVE_INFINITY
  }
  return left
}

/** Plans without models that decisions may not use for now, except where nothing else is eligible. */
function guardOutlay(
  setup: PlimsollSetup,
  { requests, models, costUsd }: PlanSample,
  { specs, progress }: Pick<SampleSource, 'specs' | 'progress'>,
): void {
  const records = specs.map((spec, m) => {
    const column = Float64Array.from({ length: requests }, (_, i) => costUsd[i * models + m] ?? 0)
    const known = column.filter(Number.isFinite)
    return setup.beliefs.outlay(spec.id, known.reduce((sum, cost) => sum + cost, 0) / known.length)
  })
  const blocked = blockedByOutlay(records, progress)
  for (let row = 0; row < requests; row++) {
    const cells = costUsd.subarray(row * models, (row + 1) * models)
    if (!cells.some((cost, m) => Number.isFinite(cost) && blocked[m] !== true)) continue
    for (let m = 0; m < models; m++) if (blocked[m] === true) cells[m] = Number.POSITIVE_INFINITY
  }
}
