declare const modelIdBrand: unique symbol

/** The name of a model as clients see it, `provider/model`; unique within a configuration. */
export type ModelId = string & { readonly [modelIdBrand]: true }

/** Marks a string as a model's id. The caller vouches that it names a configured model. */
export function modelId(name: string): ModelId {
  return name as ModelId
}

/** What a provider charges, in USD per million tokens. `cachedInput` is the price of an input token read from its cache. */
export interface TokenPrices {
  readonly input: number
  readonly output: number
  readonly cachedInput?: number
}

/**
 * What routing knows of a model before it is called.
 * An unknown price is `null`, a state of its own and never zero: cost is then learned from calls alone.
 */
export interface ModelSpec {
  readonly id: ModelId
  /** The provider's price list; `null` where the operator stated none. */
  readonly priceUsdPerMillion: TokenPrices | null
  /** Mean cost of one request in USD where it is known from elsewhere (a trace's training rows); `null` otherwise. */
  readonly typicalCostUsd: number | null
}
