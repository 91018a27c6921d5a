import { bestFixed } from '../../routing/evaluate/cheapest-feasible.ts'
import { floorGrid } from '../metrics/floor-figures.ts'
import type { ModelMeans } from '../metrics/outcome-matrix.ts'
import { SpecificationError, specifiedNumber } from '../specification-error.ts'

/** Which floors are asked for. */
export type FloorSpec =
  /** Eleven equal steps from the training satisfaction of the cheapest model to that of the best single one. */
  { readonly kind: 'auto' } | { readonly kind: 'list'; readonly floors: readonly number[] }

/** The floors of one split. */
export interface Floors {
  readonly floors: readonly number[]
  /** Summaries begin with this floor: the first automatic one asks for no more than the cheapest model gives. */
  readonly summarisedFrom: number
}

const mostFloors = 1000

/** Reads `auto` or `a:b:step`. Throws `SpecificationError`. */
export function parseFloorSpec(text: string): FloorSpec {
  if (text === 'auto') return { kind: 'auto' }
  const parts = text.split(':')
  const of = `floors '${text}'`
  if (parts.length !== 3)
    throw new SpecificationError(`${of}: expected auto or FROM:TO:STEP, as in 0.6:0.9:0.05`)
  const [from = 0, to = 0, step = 0] = parts.map(part => specifiedNumber(part, of, 0, 1))
  if (!(from > 0 && to < 1 && from <= to && step > 0)) {
    throw new SpecificationError(`${of}: expected 0 < FROM <= TO < 1 and a STEP above 0`)
  }
  // Decimal steps are not exact in binary: the last one must not be lost to rounding.
  const steps = Math.floor((to - from) / step + 1e-9)
  if (steps >= mostFloors)
    throw new SpecificationError(`${of}: ${steps + 1} floors; expected at most ${mostFloors}`)
  return { kind: 'list', floors: Array.from({ length: steps + 1 }, (_, i) => rounded(from + i * step)) }
}

/** The floors to ask for, given the models' means over the training rows. */
export function floorsOf(spec: FloorSpec, training: ModelMeans): Floors {
  switch (spec.kind) {
    case 'list':
      return { floors: spec.floors, summarisedFrom: 0 }
    case 'auto': {
      const cheapest = training.costUsd.indexOf(Math.min(...training.costUsd))
      const best = bestFixed(training.satisfaction, training.costUsd)
      const lowest = training.satisfaction[cheapest] ?? 0
      // The cheapest model is the best: there is one floor, and nothing to leave out.
      if (best.satisfaction <= lowest) return { floors: [lowest], summarisedFrom: 0 }
      return { floors: floorGrid(lowest, best.satisfaction), summarisedFrom: 1 }
    }
  }
}

function rounded(floor: number): number {
  return Number(floor.toFixed(12))
}
