import type { PriceList } from './price-list.ts'

function priceList(
  table: Readonly<Record<string, readonly [inputUsd: number, outputUsd: number]>>,
): PriceList {
  return new Map(
    Object.entries(table).map(([model, [inputUsd, outputUsd]]) => [model, { inputUsd, outputUsd }] as const),
  )
}

/** Prices that the authors of SPROUT evaluate with (CARROT, arXiv 2502.03261); o3-mini at its list price of 2025. */
export const sproutPrices: PriceList = priceList({
  'aws-claude-3-5-sonnet-v1': [3, 15],
  'aws-titan-text-premier-v1': [0.8, 3.2],
  'openai-gpt-4o': [2.5, 10],
  'openai-gpt-4o-mini': [0.15, 0.6],
  'openai-o3-mini': [1.1, 4.4],
  'wxai-granite-3-2b-instruct-8k-max-tokens': [0.1, 0.1],
  'wxai-granite-3-8b-instruct-8k-max-tokens': [0.2, 0.2],
  'wxai-llama-3-1-70b-instruct': [0.9, 0.9],
  'wxai-llama-3-1-8b-instruct': [0.2, 0.2],
  'wxai-llama-3-2-1b-instruct': [0.06, 0.06],
  'wxai-llama-3-2-3b-instruct': [0.06, 0.06],
  'wxai-llama-3-3-70b-instruct': [0.9, 0.9],
  'wxai-llama-3-405b-instruct': [3.5, 3.5],
  'wxai-mixtral-8x7b-instruct-v01': [0.6, 0.6],
})

/** List prices of RouteLLM's two models. */
export const routellmPrices: PriceList = priceList({
  'gpt-4-1106-preview': [10, 30],
  'mixtral-8x7b-instruct-v0.1': [0.6, 0.6],
  'mistralai/Mixtral-8x7B-Instruct-v0.1': [0.6, 0.6],
})
