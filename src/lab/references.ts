import { bestFixed, cheapestFeasibleFixed, columnMeans } from '../routing/evaluate/cheapest-feasible.ts'
import { clairvoyantCost } from '../routing/evaluate/clairvoyant.ts'
import { mixtureCostAt, staticMixture } from '../routing/evaluate/static-mixture.ts'
import type { World } from './world.ts'

/** One model used for everything. */
export interface FixedReference {
  readonly model: string
  readonly satisfaction: number
  readonly costUsd: number
}

/** A mean cost per request; `null` stands where the floor cannot be met. */
export interface CostReference {
  readonly costUsd: number
}

/** What could have been paid on the same rows, with hindsight. */
export interface References {
  readonly bestFixed: FixedReference
  readonly cheapestFeasibleFixed: FixedReference | null
  readonly staticMixture: CostReference | null
  readonly staticMixtureAtAchieved: CostReference | null
  readonly clairvoyant: CostReference | null
}

/** References of one part of the stream in which the world stood still. */
export interface PhaseReferences extends References {
  /** First position. */
  readonly from: number
  /** Position after the last. */
  readonly to: number
}

/** A part of a stream, what was asked in it and what the policy achieved. */
export interface ReferencePhase {
  readonly from: number
  readonly to: number
  /** Mean floor of its requests. */
  readonly floor: number
  /** Mean satisfaction that the policy achieved in it. */
  readonly achieved: number
}

/** Solves the references of one phase over the models that could be called throughout it. */
export function phaseReferences(world: World, phase: ReferencePhase): PhaseReferences {
  const available = world.availableAt(phase.from)
  const rows = phase.to - phase.from
  const satisfaction = new Float64Array(rows * available.length)
  const costUsd = new Float64Array(rows * available.length)
  for (let row = 0; row < rows; row++) {
    available.forEach((model, m) => {
      satisfaction[row * available.length + m] = world.satisfaction(phase.from + row, model)
      costUsd[row * available.length + m] = world.costUsd(phase.from + row, model)
    })
  }
  const means = columnMeans(satisfaction, available.length)
  const costs = columnMeans(costUsd, available.length)
  const named = (choice: { index: number; satisfaction: number; costUsd: number }): FixedReference => ({
    model: nameOf(world, available[choice.index]),
    satisfaction: choice.satisfaction,
    costUsd: choice.costUsd,
  })
  const feasible = cheapestFeasibleFixed(means, costs, phase.floor)
  return {
    from: phase.from,
    to: phase.to,
    bestFixed: named(bestFixed(means, costs)),
    cheapestFeasibleFixed: feasible === null ? null : named(feasible),
    staticMixture: costOf(staticMixture(means, costs, phase.floor)),
    staticMixtureAtAchieved: { costUsd: mixtureCostAt(means, costs, phase.achieved) },
    clairvoyant: costOf(clairvoyantCost(satisfaction, costUsd, rows, available.length, phase.floor)),
  }
}

/**
 * References of a whole stream: those of its single phase or, under drift, the mean over its phases weighted by their
 * requests, each phase with the best that held in it (`model` then lists them in order). `null` where a phase has none.
 */
export function streamReferences(phases: readonly PhaseReferences[]): References {
  const [only] = phases
  if (only === undefined) throw new RangeError('references need at least one phase')
  if (phases.length === 1) {
    const { from: _from, to: _to, ...references } = only
    return references
  }
  const costOver = (pick: (phase: PhaseReferences) => CostReference | null): CostReference | null => {
    const costUsd = weightedMean(phases, phase => pick(phase)?.costUsd ?? Number.NaN)
    return Number.isNaN(costUsd) ? null : { costUsd }
  }
  const best = fixedOver(phases, phase => phase.bestFixed)
  if (best === null) throw new RangeError('every phase has a best fixed model')
  return {
    bestFixed: best,
    cheapestFeasibleFixed: fixedOver(phases, phase => phase.cheapestFeasibleFixed),
    staticMixture: costOver(phase => phase.staticMixture),
    staticMixtureAtAchieved: costOver(phase => phase.staticMixtureAtAchieved),
    clairvoyant: costOver(phase => phase.clairvoyant),
  }
}

function fixedOver(
  phases: readonly PhaseReferences[],
  pick: (phase: PhaseReferences) => FixedReference | null,
): FixedReference | null {
  const models = phases.flatMap(phase => pick(phase)?.model ?? [])
  if (models.length < phases.length) return null
  const [first] = models
  if (first === undefined) return null
  const changed = models.some(model => model !== first)
  return {
    model: changed ? models.join(' then ') : first,
    satisfaction: weightedMean(phases, phase => pick(phase)?.satisfaction ?? Number.NaN),
    costUsd: weightedMean(phases, phase => pick(phase)?.costUsd ?? Number.NaN),
  }
}

function weightedMean(phases: readonly PhaseReferences[], value: (phase: PhaseReferences) => number): number {
  const total = phases.reduce((sum, phase) => sum + phase.to - phase.from, 0)
  return phases.reduce((sum, phase) => sum + value(phase) * (phase.to - phase.from), 0) / total
}

function costOf(solution: { readonly costUsd: number } | null): CostReference | null {
  return solution === null ? null : { costUsd: solution.costUsd }
}

function nameOf(world: World, model: number | undefined): string {
  const name = world.models[model ?? -1]
  if (name === undefined) throw new RangeError(`no model at position ${model}`)
  return name
}
