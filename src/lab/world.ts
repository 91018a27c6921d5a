import type { ModelId } from '../routing/model.ts'
import { hashString } from '../routing/numeric/random.ts'
import type { Change, Drift } from './drift.ts'
import { SpecificationError } from './specification-error.ts'
import type { Trace } from './trace.ts'

/** What the models would do at each position of one stream: the trace's rows in the run's order, under its drifts. */
export interface World {
  readonly models: readonly ModelId[]
  readonly length: number
  /** Row of the trace at a position. */
  rowAt(position: number): number
  /** Score in [0, 1] that a model earns at a position. */
  satisfaction(position: number, model: number): number
  costUsd(position: number, model: number): number
  /** Indices of the models that can be called at a position, ascending. */
  availableAt(position: number): readonly number[]
  /** Positions at which the world changes, ascending, unique. */
  readonly changes: readonly number[]
  /** To be called before each position in turn with the number of requests that each model has answered so far. */
  enter(position: number, answered: ArrayLike<number>): void
}

/** What a world is made of. */
export interface WorldSetup {
  readonly trace: Trace
  /** Rows of the trace in stream order. */
  readonly order: readonly number[]
  readonly drifts: readonly Drift[]
  readonly seed: number
}

interface PlacedChange {
  readonly position: number
  readonly change: Change
  /** `null` until the run has shown which model it is. */
  readonly model: number | null
}

/** Share of the requests so far from which a model counts as used. */
const usedShare = 0.05

/** Lays the drifts over the rows of a stream. Throws `SpecificationError` when no model would be left. */
export function createWorld(setup: WorldSetup): World {
  const { trace, order, seed } = setup
  const meanCosts = trace.models.map((_, model) => meanCostUsd(trace, order, model))
  const placed: PlacedChange[] = setup.drifts.map(drift =>
    place(drift, trace.models, meanCosts, order.length),
  )
  const changes = [...new Set(placed.map(change => change.position))].sort((a, b) => a - b)
  const everyModel = trace.models.map((_, model) => model)
  const inForce = (position: number, model: number): readonly Change[] =>
    placed.filter(p => p.model === model && p.position <= position).map(p => p.change)
  const isAvailable = (position: number, model: number): boolean =>
    isThere(
      placed.filter(p => p.model === model),
      position,
    )
  const rowOf = (position: number) => {
    const row = trace.rows[order[position] ?? -1]
    if (row === undefined)
      throw new RangeError(`position ${position} lies outside a stream of ${order.length} rows`)
    return row
  }
  return {
    models: trace.models,
    length: order.length,
    changes,
    rowAt: position => order[position] ?? -1,
    satisfaction: (position, model) => {
      const score = rowOf(position).scores[model] ?? 0
      const kept = qualityFactor(placed.length === 0 ? [] : inForce(position, model))
      return kept < 1 && unitHash(seed, order[position] ?? 0, model) < 1 - kept ? 0 : score
    },
    costUsd: (position, model) => {
      const cost = rowOf(position).costsUsd[model] ?? 0
      return placed.length === 0 ? cost : cost * costFactor(inForce(position, model))
    },
    availableAt: position => {
      if (placed.length === 0) return everyModel
      const available = everyModel.filter(model => isAvailable(position, model))
      if (available.length > 0) return available
      throw new SpecificationError(`drift: no model is left at request ${position} of ${order.length}`)
    },
    enter: (position, answered) => {
      placed.forEach((change, i) => {
        if (change.model !== null || change.position > position) return
        // What has gone before cannot change again.
        const there = everyModel.filter(model => isAvailable(position, model))
        placed[i] = { ...change, model: cheapestUsed(there, answered, meanCosts) }
      })
    },
  }
}

function place(
  drift: Drift,
  models: readonly ModelId[],
  meanCosts: readonly number[],
  length: number,
): PlacedChange {
  const position = Math.min(Math.max(1, Math.round(drift.at * length)), length)
  const { target, change } = drift
  switch (target.kind) {
    case 'model':
      return { position, change, model: models.indexOf(target.model) }
    case 'dearest':
      return { position, change, model: meanCosts.indexOf(Math.max(...meanCosts)) }
    case 'cheapest-used':
      return { position, change, model: null }
  }
}

/** Whether a model with these changes can be called: its last coming or going decides, before its first one the opposite. */
function isThere(changes: readonly PlacedChange[], position: number): boolean {
  const moves = changes
    .filter(({ change }) => change.kind === 'gone' || change.kind === 'new')
    .sort((a, b) => a.position - b.position)
  const last = moves.findLast(move => move.position <= position)
  return last === undefined ? moves[0]?.change.kind !== 'new' : last.change.kind === 'new'
}

/** The cheapest of the models that are used, else of those that are there. */
function cheapestUsed(
  there: readonly number[],
  answered: ArrayLike<number>,
  meanCosts: readonly number[],
): number {
  const total = Array.from(answered).reduce((sum, count) => sum + count, 0)
  const used = there.filter(
    model => (answered[model] ?? 0) > 0 && (answered[model] ?? 0) >= usedShare * total,
  )
  const candidates = used.length === 0 ? there : used
  return candidates.reduce(
    (best, model) => ((meanCosts[model] ?? 0) < (meanCosts[best] ?? 0) ? model : best),
    candidates[0] ?? 0,
  )
}

function meanCostUsd(trace: Trace, order: readonly number[], model: number): number {
  return (
    order.reduce((sum, row) => sum + (trace.rows[row]?.costsUsd[model] ?? 0), 0) / Math.max(1, order.length)
  )
}

function qualityFactor(changes: readonly Change[]): number {
  return changes.reduce(
    (product, change) => (change.kind === 'quality' ? product * change.factor : product),
    1,
  )
}

function costFactor(changes: readonly Change[]): number {
  return changes.reduce((product, change) => (change.kind === 'cost' ? product * change.factor : product), 1)
}

/** Uniform in [0, 1), fixed by seed, row and model: what a drift spoils does not depend on who was asked before. */
function unitHash(seed: number, row: number, model: number): number {
  return hashString(`${seed}/${row}/${model}`) / 4294967296
}
