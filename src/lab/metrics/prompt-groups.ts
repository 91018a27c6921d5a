import type { Random } from '../../routing/numeric/random.ts'

/** Which prompt each row asks: rows of the same number ask the same. */
export interface PromptGroups {
  /** [rows], in [0, prompts). */
  readonly promptOf: Int32Array
  readonly prompts: number
}

/** Two sides of a split, as positions of rows in ascending order. */
export interface RowSplit {
  readonly training: Int32Array
  readonly test: Int32Array
}

/** White space and the punctuation of sentences; operators stay, because `3 + 4` and `3 - 4` are two questions. */
const separators = /[\s.,;:!?"'`´“”‘’…。，、；：！？]+/gu

/**
 * The text by which prompts are compared: Unicode compatibility form, lower case, every run of white space and sentence
 * punctuation as one space, none at the ends.
 */
export function normalisedPrompt(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase().replace(separators, ' ').trim()
  // A prompt of punctuation alone is still itself.
  return plain === '' ? text.trim() : plain
}

/** Numbers the prompts of the rows by normalised text, in order of first appearance. */
export function groupPrompts(texts: Iterable<string>): PromptGroups {
  const numbers = new Map<string, number>()
  const promptOf = Int32Array.from(texts, text => {
    const key = normalisedPrompt(text)
    const number = numbers.get(key) ?? numbers.size
    numbers.set(key, number)
    return number
  })
  return { promptOf, prompts: numbers.size }
}

/**
 * Splits rows at random so that all rows of a prompt lie on one side: prompts are drawn until the training side holds
 * `trainingShare` of the rows, to the nearest prompt. Consumes one number of `random` per prompt.
 */
export function splitByPrompt(groups: PromptGroups, trainingShare: number, random: Random): RowSplit {
  const sizes = new Int32Array(groups.prompts)
  for (const prompt of groups.promptOf) sizes[prompt] = (sizes[prompt] ?? 0) + 1
  const order = shuffled(groups.prompts, random)
  const wanted = trainingShare * groups.promptOf.length
  const trains = new Uint8Array(groups.prompts)
  let taken = 0
  for (const prompt of order) {
    const size = sizes[prompt] ?? 0
    if (taken + size / 2 > wanted) break
    trains[prompt] = 1
    taken += size
  }
  const side = (training: number): Int32Array =>
    Int32Array.from(groups.promptOf.keys()).filter(row => trains[groups.promptOf[row] ?? 0] === training)
  return { training: side(1), test: side(0) }
}

/** Positions of the training rows whose prompt is not among the test prompts. */
export function rowsWithoutPrompts(training: Iterable<string>, test: Iterable<string>): Int32Array {
  const tested = new Set(Array.from(test, normalisedPrompt))
  return Int32Array.from(
    Array.from(training, (text, row) => (tested.has(normalisedPrompt(text)) ? -1 : row)),
  ).filter(row => row >= 0)
}

function shuffled(count: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const swapped = order[i] ?? 0
    order[i] = order[j] ?? 0
    order[j] = swapped
  }
  return order
}
