import type { ModelSpec } from '../model.ts'

/** Length of an answer, in tokens, before any was seen. */
export const USUAL_COMPLETION_TOKENS = 300

const SMALLEST_RELATIVE = 0.1

/** The price list of a model as one number, for telling by which factor it has changed; `null` without a list. */
export function priceIndex(spec: ModelSpec): number | null {
  const prices = spec.priceUsdPerMillion
  if (prices === null) return null
  return prices.input + (USUAL_COMPLETION_TOKENS / 1000) * prices.output
}

/** USD from a predicted relative cost. */
export function expectedCost(relative: number, scale: number): number {
  return Math.max(relative, SMALLEST_RELATIVE) * scale
}
