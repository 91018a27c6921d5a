import { GatewayError } from '../inference/errors.ts'
import { type Exchange, sendJson } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import type { Serving } from './serving.ts'

/** A name that clients may send as `model`, in OpenAI's form with what the model can do. */
interface ListedModel {
  readonly id: string
  readonly object: 'model'
  readonly created: number
  readonly owned_by: string
  readonly context_window: number | null
  readonly capabilities: readonly string[]
}

/** `GET /v1/models`: every class as `auto/<class>`, every alias, every model. */
export function handleModels(gateway: Gateway, exchange: Exchange): void {
  sendJson(exchange.response, 200, { object: 'list', data: listModels(gateway.serving()) })
}

/** `GET /v1/models/{id}`. Throws `model_not_found`. */
export function handleModel(gateway: Gateway, exchange: Exchange, id: string): void {
  const found = listModels(gateway.serving()).find(model => model.id === id)
  if (found === undefined)
    throw new GatewayError('model_not_found', `there is no model "${id}"; GET /v1/models lists them`)
  sendJson(exchange.response, 200, found)
}

function listModels(serving: Serving): readonly ListedModel[] {
  const { config } = serving
  const aliases = [...config.aliases].map(([alias, name]) => listClass(serving, alias, name))
  return [
    listClass(serving, 'auto', config.defaultClass),
    ...config.classes.map(entry => listClass(serving, `auto/${entry.sla.name}`, entry.sla.name)),
    ...aliases,
    ...config.models.map(
      (model): ListedModel => ({
        id: model.spec.id,
        object: 'model',
        created: 0,
        owned_by: model.provider,
        context_window: model.contextWindow,
        capabilities: [...model.capabilities],
      }),
    ),
  ]
}

/** A class can do what any of its models can. */
function listClass(serving: Serving, id: string, className: string): ListedModel {
  const allowed = serving.classes.get(className)?.models
  const members = serving.config.models.filter(model => allowed?.has(model.spec.id))
  const windows = members.map(model => model.contextWindow)
  return {
    id,
    object: 'model',
    created: 0,
    owned_by: 'plimsoll',
    context_window: windows.includes(null) ? null : Math.max(...windows.map(window => window ?? 0)),
    capabilities: [...new Set(members.flatMap(model => [...model.capabilities]))],
  }
}
