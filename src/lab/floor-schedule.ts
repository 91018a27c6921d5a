import { createRandom } from '../routing/numeric/random.ts'
import { SpecificationError, specifiedNumber } from './specification-error.ts'

/**
 * The floors of one run.
 * - `constant`: one floor
 * - `uniform`: every request brings its own, uniform in [low, high]
 * - `step`: the class's floor is `from` and, from fraction `at` of the stream on, `to`
 * - `drift`: the class's floor moves evenly from `from` to `to`
 * - `cycle`: the class's floor swings `cycles` times from `from` to `to` and back, as a cosine
 */
export type FloorSchedule =
  | { readonly kind: 'constant'; readonly floor: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'step'; readonly from: number; readonly to: number; readonly at: number }
  | { readonly kind: 'drift'; readonly from: number; readonly to: number }
  | { readonly kind: 'cycle'; readonly from: number; readonly to: number; readonly cycles: number }

/** Floor of a request, and of its class at that moment. */
export interface FloorPair {
  readonly classFloor: number
  readonly requestFloor: number
}

/** How floors that change are written. */
const forms = ['uniform:a:b', 'step:a:b@f', 'drift:a:b', 'cycle:a:b:n'] as const

/** Width kept from 0 and 1: a floor lies strictly between them. */
const edge = 1e-6

/**
 * Reads `0.8`, `0.8,0.85` (separate runs), `uniform:a:b`, `step:a:b@f`, `drift:a:b` or `cycle:a:b:n`.
 * Throws `SpecificationError`.
 */
export function parseFloors(text: string): readonly FloorSchedule[] {
  const [kind, ...rest] = text.split(':')
  if (rest.length === 0)
    return text.split(',').map(part => ({ kind: 'constant', floor: floorOf(part, text) }))
  const form = forms.find(candidate => candidate.startsWith(`${kind}:`))
  if (form === undefined) {
    throw new SpecificationError(`floor '${text}': expected a number, a list, or ${forms.join(', ')}`)
  }
  // The separators must stand where the form has them, a colon in place of an @ included.
  if (text.replace(/[^:@]/g, '') !== form.replace(/[^:@]/g, '')) {
    throw new SpecificationError(`floor '${text}': expected the form ${form}`)
  }
  const [a, b, c] = rest.join(':').split(/[:@]/)
  const from = floorOf(a ?? '', text)
  const to = floorOf(b ?? '', text)
  if (kind === 'uniform') return [{ kind, low: Math.min(from, to), high: Math.max(from, to) }]
  if (kind === 'step') return [{ kind, from, to, at: specifiedNumber(c ?? '', `floor '${text}'`, 0, 1) }]
  if (kind === 'cycle')
    return [{ kind, from, to, cycles: specifiedNumber(c ?? '', `floor '${text}'`, edge, Number.MAX_VALUE) }]
  return [{ kind: 'drift', from, to }]
}

function floorOf(text: string, of: string): number {
  const floor = specifiedNumber(text, `floor '${of}'`, 0, 1)
  if (floor >= edge && floor <= 1 - edge) return floor
  throw new SpecificationError(`floor '${of}': a floor lies strictly between 0 and 1, given ${text}`)
}

/** Floors of the request at a position of a stream of the given length. Equal seeds give equal floors. */
export function floorAt(schedule: FloorSchedule, position: number, length: number, seed: number): FloorPair {
  switch (schedule.kind) {
    case 'constant':
      return both(schedule.floor)
    case 'uniform': {
      const { low, high } = schedule
      const requestFloor = low + (high - low) * createRandom(`floor/${seed}/${position}`).next()
      return { classFloor: (low + high) / 2, requestFloor }
    }
    case 'step':
      return both(position < Math.round(schedule.at * length) ? schedule.from : schedule.to)
    case 'drift':
      return both(between(schedule.from, schedule.to, length > 1 ? position / (length - 1) : 0))
    case 'cycle': {
      const turns = (schedule.cycles * position) / length
      return both(between(schedule.from, schedule.to, (1 - Math.cos(2 * Math.PI * turns)) / 2))
    }
  }
}

/** The range of floors that requests may ask for; `null` where every request takes its class's. */
export function requestFloors(
  schedule: FloorSchedule,
): { readonly min: number; readonly max: number } | null {
  return schedule.kind === 'uniform' ? { min: schedule.low, max: schedule.high } : null
}

/** Edges of the bins in which floors are reported: six of equal width, two single floors for a step; empty for one floor. */
export function floorBinEdges(schedule: FloorSchedule): readonly number[] {
  const bins = 6
  switch (schedule.kind) {
    case 'constant':
      return []
    case 'step': {
      const middle = (schedule.from + schedule.to) / 2
      return [Math.min(schedule.from, schedule.to), middle, Math.max(schedule.from, schedule.to)]
    }
    case 'uniform':
      return Array.from({ length: bins + 1 }, (_, i) => between(schedule.low, schedule.high, i / bins))
    case 'drift':
    case 'cycle': {
      const low = Math.min(schedule.from, schedule.to)
      const high = Math.max(schedule.from, schedule.to)
      return Array.from({ length: bins + 1 }, (_, i) => between(low, high, i / bins))
    }
  }
}

function both(floor: number): FloorPair {
  return { classFloor: floor, requestFloor: floor }
}

function between(from: number, to: number, share: number): number {
  return from + (to - from) * share
}
