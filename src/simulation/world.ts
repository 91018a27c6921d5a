import type { ModelId, TokenPrices } from '../routing/model.ts'

/** How long a simulated model thinks: log-normal, with a cut at ten medians. */
export interface LatencyDistribution {
  readonly medianMs: number
  /** Standard deviation of the logarithm; 0 is a constant. */
  readonly spread: number
}

/** A model of a world, as an operator would configure it. */
export interface WorldModel {
  /** What clients see, `provider/model`. */
  readonly id: ModelId
  /** What reports call it: its id, or its name in a recording. */
  readonly name: string
  /** The provider's price list; `null` where the world does not know it. */
  readonly priceUsdPerMillion: TokenPrices | null
  readonly latency: LatencyDistribution
}

/** What one model makes of one prompt. Always the same for the same pair, so that retries and shadows agree. */
export interface WorldAnswer {
  /** In [0, 1]; 1 is satisfied. */
  readonly satisfaction: number
  readonly costUsd: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly text: string
}

/**
 * Prompts whose answers are known for every model: what simulated providers serve from and what simulated
 * clients judge by. A row is the position of a prompt in `prompts`; no two rows hold the same text.
 */
export interface World {
  readonly name: string
  readonly models: readonly WorldModel[]
  readonly prompts: readonly string[]
  /** The row of a prompt's text; `null` for a text that is not of this world. */
  rowOf(prompt: string): number | null
  /** Throws `RangeError` for a row or a model that is not of this world. */
  answer(row: number, model: ModelId): WorldAnswer
}

/** Finds rows by text; throws `RangeError` when two rows hold the same text. */
export function indexPrompts(prompts: readonly string[]): ReadonlyMap<string, number> {
  const rows = new Map(prompts.map((prompt, row) => [prompt, row]))
  if (rows.size !== prompts.length) {
    throw new RangeError(`${prompts.length - rows.size} prompts of the world repeat another; leave them out`)
  }
  return rows
}
