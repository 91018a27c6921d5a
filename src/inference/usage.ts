import type { TokenPrices } from '../routing/model.ts'

/** Tokens that one call consumed. `null` means that the provider did not say, which is not zero. */
export interface Usage {
  /** All input tokens, cache reads included. */
  readonly promptTokens: number
  /** All output tokens, reasoning included. */
  readonly completionTokens: number
  /** Input tokens read from the provider's cache: part of `promptTokens`. */
  readonly cachedTokens: number | null
  /** What the provider itself says that the call cost; believed over the price list. */
  readonly reportedCostUsd: number | null
  /** True when the provider sent no usage and the counts are estimated from lengths. */
  readonly estimated: boolean
}

/** Cost of a call in USD: the provider's own figure, else the price list; `null` while the price is unknown. */
export function costUsd(usage: Usage, prices: TokenPrices | null): number | null {
  if (usage.reportedCostUsd !== null) return usage.reportedCostUsd
  if (prices === null) return null
  const cached = Math.min(usage.cachedTokens ?? 0, usage.promptTokens)
  const input = (usage.promptTokens - cached) * prices.input + cached * (prices.cachedInput ?? prices.input)
  return (input + usage.completionTokens * prices.output) / 1e6
}

/** Usage from lengths, for a provider that sends none. */
export function estimatedUsage(promptTokens: number, completionTokens: number): Usage {
  return { promptTokens, completionTokens, cachedTokens: null, reportedCostUsd: null, estimated: true }
}
