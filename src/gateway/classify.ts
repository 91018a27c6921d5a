import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../inference/errors.ts'
import type { SlaClass } from '../routing/sla.ts'
import type { ClassFloors } from './class-floors.ts'
import type { ClassConfig, KeyConfig } from './config.ts'
import type { Serving, ServingModel } from './serving.ts'

/** What a request asks for: a class with a floor, or one model by name. */
export type Route =
  | {
      readonly kind: 'class'
      readonly config: ClassConfig
      readonly sla: SlaClass
      readonly floor: number
      /** The request brought its own floor. */
      readonly ownFloor: boolean
    }
  | { readonly kind: 'pinned'; readonly model: ServingModel }

/** Everything that says which class and floor a request may have. */
export interface ClassifyInput {
  readonly model: string
  readonly headers: IncomingHttpHeaders
  readonly caller: KeyConfig | null
  readonly serving: Serving
  readonly floors: ClassFloors
}

/**
 * Finds the class and floor: the key's default, then the header, then the `model` field has the last word.
 * Throws `model_not_found`, `class_not_found`, `invalid_request`, `forbidden_class` and `forbidden_floor`.
 */
export function classify(input: ClassifyInput): Route {
  const { model, headers, caller, serving } = input
  const at = model.lastIndexOf('@')
  const name = at > 0 && isRouted(model.slice(0, at), serving) ? model.slice(0, at) : model
  const floorText = name === model ? undefined : model.slice(at + 1)
  if (!isRouted(name, serving)) return pinned(name, caller, serving)
  const header = headerOf(headers, 'x-plimsoll-sla')
  const fallback = header ?? caller?.defaultClass ?? firstAllowed(caller, serving)
  const className =
    serving.config.aliases.get(name) ?? (name === 'auto' ? fallback : name.slice('auto/'.length))
  const config = serving.classes.get(className)
  if (config === undefined) {
    const known = [...serving.classes.keys()]
    const fault = `there is no class "${className}"`
    const asModels = known.map(each => `auto/${each}`).join(', ')
    throw name === 'auto'
      ? new GatewayError('class_not_found', `${fault}; the classes are ${known.join(', ')}`, {
          param: 'x-plimsoll-sla',
        })
      : new GatewayError('model_not_found', `${fault}; ask for auto, ${asModels}`, { param: 'model' })
  }
  checkClass(className, caller)
  const sla = input.floors.current(config.sla)
  const stated = floorText ?? headerOf(headers, 'x-plimsoll-floor')
  if (stated === undefined) return { kind: 'class', config, sla, floor: sla.floor, ownFloor: false }
  const floor = parseFloor(stated, floorText === undefined ? 'x-plimsoll-floor' : 'model')
  checkFloor(floor, sla, caller)
  return { kind: 'class', config, sla, floor, ownFloor: true }
}

/** Throws `forbidden_class` when a key may not use a class. */
export function checkClass(className: string, caller: KeyConfig | null): void {
  if (caller?.classes?.has(className) === false) {
    const allowed = [...caller.classes].join(', ')
    throw new GatewayError(
      'forbidden_class',
      `this key may not use class "${className}"; it may use ${allowed}`,
    )
  }
}

function isRouted(name: string, serving: Serving): boolean {
  return name === 'auto' || name.startsWith('auto/') || serving.config.aliases.has(name)
}

function pinned(name: string, caller: KeyConfig | null, serving: Serving): Route {
  const model = serving.byId.get(name)
  if (model === undefined) {
    const known = [...serving.byId.keys()].slice(0, 20).join(', ')
    throw new GatewayError(
      'model_not_found',
      `there is no model "${name}"; ask for auto, auto/<class> or one of ${known}`,
      {
        param: 'model',
      },
    )
  }
  if (caller?.pinned === false)
    throw new GatewayError('forbidden_class', 'this key may not name a model; ask for auto or auto/<class>', {
      param: 'model',
    })
  return { kind: 'pinned', model }
}

function firstAllowed(caller: KeyConfig | null, serving: Serving): string {
  const { defaultClass } = serving.config
  if (caller?.classes == null || caller.classes.has(defaultClass)) return defaultClass
  return caller.classes.values().next().value ?? defaultClass
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function parseFloor(text: string, param: string): number {
  const floor = /^\s*\d*\.?\d+\s*$/.test(text) ? Number(text) : Number.NaN
  if (floor > 0 && floor < 1) return floor
  const shown = text.slice(0, 20)
  throw new GatewayError(
    'invalid_request',
    `a floor must lie between 0 and 1, for example 0.92, but "${shown}" was given`,
    {
      param,
    },
  )
}

function checkFloor(floor: number, sla: SlaClass, caller: KeyConfig | null): void {
  const ranges = [
    ['class', sla.floors],
    ['key', caller?.floors],
  ] as const
  for (const [owner, range] of ranges)
    if (range != null && (floor < range.min || floor > range.max))
      throw new GatewayError(
        'forbidden_floor',
        `the floor ${floor} is outside what the ${owner} allows, ${range.min} to ${range.max}`,
      )
}
