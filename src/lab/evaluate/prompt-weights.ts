import type { Random } from '../../routing/numeric/random.ts'
import type { PromptGroups } from '../metrics/prompt-groups.ts'

/**
 * One bootstrap resample as how often each row counts: prompts are drawn with replacement, as many as there are, each with
 * all its rows.
 */
export function resampledWeights({ promptOf, prompts }: PromptGroups, random: Random): Float64Array {
  const drawn = new Int32Array(prompts)
  for (let k = 0; k < prompts; k++) {
    const prompt = random.integer(prompts)
    drawn[prompt] = (drawn[prompt] ?? 0) + 1
  }
  return Float64Array.from(promptOf, prompt => drawn[prompt] ?? 0)
}

/** The prompts of some rows, by position among them, numbered anew in order of appearance. */
export function promptsOfRows({ promptOf }: PromptGroups, rows: Int32Array): PromptGroups {
  const numbers = new Map<number, number>()
  const renumbered = rows.map(row => {
    const prompt = promptOf[row] ?? 0
    const number = numbers.get(prompt) ?? numbers.size
    numbers.set(prompt, number)
    return number
  })
  return { promptOf: renumbered, prompts: numbers.size }
}
