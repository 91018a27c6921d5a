import { createRandom } from '../routing/numeric/random.ts'

/** The numbers 0 to length - 1 in the order of a seed (Fisher-Yates). Equal seeds give equal orders. */
export function shuffledOrder(length: number, seed: number): readonly number[] {
  const random = createRandom(`order/${seed}`)
  const order = Array.from({ length }, (_, i) => i)
  for (let i = length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const moved = order[i] ?? i
    order[i] = order[j] ?? j
    order[j] = moved
  }
  return order
}
