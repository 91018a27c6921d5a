import { readFile } from 'node:fs/promises'
import { objectCell, shown } from './cells.ts'
import { CellFault, DatasetError, datasetError } from './dataset-error.ts'

/** Prices of one model, USD per million tokens. */
export interface TokenPrices {
  readonly inputUsd: number
  readonly outputUsd: number
}

/** Prices by model name. */
export type PriceList = ReadonlyMap<string, TokenPrices>

/**
 * Reads a price list as RouterArena publishes it:
 * `{ "MODEL": { "input_token_price_per_million": USD, "output_token_price_per_million": USD }, … }`. Throws `DatasetError`.
 */
export async function readPriceList(path: string): Promise<PriceList> {
  try {
    const entries = Object.entries(objectCell(JSON.parse(await readFile(path, 'utf8')), 'the price list'))
    return new Map(entries.map(([model, value]) => [model, pricesOf(model, value)]))
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new DatasetError(path, null, `does not parse as JSON: ${error.message}`)
    throw datasetError(path, null, error)
  }
}

/** Prices of a model: of the first list that names it exactly, else of the first that names it but for `/` and `_`. */
export function findPrices(lists: readonly PriceList[], model: string): TokenPrices | null {
  for (const list of lists) {
    const prices = list.get(model)
    if (prices !== undefined) return prices
  }
  for (const list of lists) {
    for (const [name, prices] of list) if (plainName(name) === plainName(model)) return prices
  }
  return null
}

/** What tokens cost, in USD. */
export function tokenCostUsd(prices: TokenPrices, promptTokens: number, completionTokens: number): number {
  return (promptTokens * prices.inputUsd + completionTokens * prices.outputUsd) / 1e6
}

/** The prices of every model. Throws `CellFault` naming the models that no list has. */
export function pricesForAll(lists: readonly PriceList[], models: readonly string[]): readonly TokenPrices[] {
  const missing = models.filter(model => findPrices(lists, model) === null)
  if (missing.length > 0) {
    throw new CellFault(`no price is known for ${missing.join(', ')}; give a price list with --prices FILE`)
  }
  return models.flatMap(model => findPrices(lists, model) ?? [])
}

function plainName(name: string): string {
  return name.replace(/[/_]/g, '/').toLowerCase()
}

function pricesOf(model: string, value: unknown): TokenPrices {
  const prices = objectCell(value, `the entry of '${model}'`)
  const price = (field: string): number => {
    const usd = prices[field]
    if (typeof usd === 'number' && usd >= 0 && Number.isFinite(usd)) return usd
    throw new CellFault(`'${field}' of '${model}' must be a number, 0 or more, given ${shown(usd)}`)
  }
  return {
    inputUsd: price('input_token_price_per_million'),
    outputUsd: price('output_token_price_per_million'),
  }
}
