import type { ModelId } from '../routing/model.ts'
import { SpecificationError, specifiedNumber } from './specification-error.ts'

/** What happens to a model. `quality` and `cost` are multiplied by `factor`. */
export type Change =
  | { readonly kind: 'quality'; readonly factor: number }
  | { readonly kind: 'cost'; readonly factor: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'new' }

/** Which model it happens to: a named one, or one found in the run. */
export type DriftTarget =
  | { readonly kind: 'model'; readonly model: ModelId }
  /** The cheapest, by mean cost, of the models that answered at least 5% of the requests before the change. */
  | { readonly kind: 'cheapest-used' }
  /** The dearest by mean cost. */
  | { readonly kind: 'dearest' }

/** One change of the world during a stream. */
export interface Drift {
  readonly target: DriftTarget
  /** Fraction of the stream after which it happens, in (0, 1). */
  readonly at: number
  readonly change: Change
}

const form = 'MODEL@f:quality*k, cost*k, gone or new'

/** Reads `MODEL@f:quality*k`, `cost*k`, `gone` or `new`; MODEL may be `@cheapest-used` or `@dearest`. Throws `SpecificationError`. */
export function parseDrift(text: string, models: readonly ModelId[]): Drift {
  const parts = /^(.+)@([^@:]+):([a-z]+)(?:\*(.+))?$/.exec(text)
  const [, name = '', at = '', kind = '', factor] = parts ?? []
  if (parts === null) throw new SpecificationError(`drift '${text}': expected ${form}`)
  const fraction = specifiedNumber(at, `drift '${text}'`, 0, 1)
  if (fraction === 0 || fraction === 1) {
    throw new SpecificationError(
      `drift '${text}': the fraction of the stream must lie strictly between 0 and 1`,
    )
  }
  const target = targetOf(name, text, models)
  const change = changeOf(kind, factor, text)
  if (change.kind === 'new' && target.kind === 'cheapest-used') {
    throw new SpecificationError(`drift '${text}': a model that is used is not new; name the model`)
  }
  return { target, at: fraction, change }
}

function targetOf(name: string, text: string, models: readonly ModelId[]): DriftTarget {
  if (name === '@cheapest-used') return { kind: 'cheapest-used' }
  if (name === '@dearest') return { kind: 'dearest' }
  const model = models.find(candidate => candidate === name)
  if (model !== undefined) return { kind: 'model', model }
  throw new SpecificationError(
    `drift '${text}': no model '${name}' in the trace; it has ${models.join(', ')}`,
  )
}

function changeOf(kind: string, factor: string | undefined, text: string): Change {
  if (kind === 'gone' || kind === 'new') {
    if (factor === undefined) return { kind }
  } else if (kind === 'quality' || kind === 'cost') {
    if (factor === undefined)
      throw new SpecificationError(`drift '${text}': ${kind} needs a factor: ${kind}*k`)
    return {
      kind,
      factor: specifiedNumber(factor, `drift '${text}'`, 0, kind === 'quality' ? 1 : Number.MAX_VALUE),
    }
  }
  throw new SpecificationError(`drift '${text}': expected ${form}`)
}
