const YES = new Set(['yes', 'true', 'satisfied'])
const NO = new Set(['no', 'false', 'unsatisfied', 'not satisfied'])
const FENCE = /^```(?:json)?\s*\n([\s\S]*?)\n?\s*```$/
const NUMBER = /^(?:0|1|0?\.\d+|[01]\.\d+)$/

/**
 * Reads what a judge wrote: a JSON object with `score` in [0, 1] or `satisfied`, alone or in a code fence; else a plain yes,
 * no or score. Anything else is no verdict (`null`): a label is never guessed from prose, nor a scale from a number.
 */
export function readVerdict(text: string): number | null {
  const trimmed = text.trim()
  const inner = FENCE.exec(trimmed)?.[1]?.trim() ?? trimmed
  return inner.startsWith('{') ? fromJson(inner) : fromWord(inner)
}

function fromJson(text: string): number | null {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof document !== 'object' || document === null) return null
  const { score, satisfied } = document as { readonly score?: unknown; readonly satisfied?: unknown }
  if (score !== undefined && satisfied !== undefined) return null
  if (typeof satisfied === 'boolean') return Number(satisfied)
  return typeof score === 'number' && score >= 0 && score <= 1 ? score : null
}

function fromWord(text: string): number | null {
  const word = text.toLowerCase().replace(/[.!]$/, '')
  if (YES.has(word)) return 1
  if (NO.has(word)) return 0
  if (!NUMBER.test(word)) return null
  const score = Number(word)
  return score <= 1 ? score : null
}
