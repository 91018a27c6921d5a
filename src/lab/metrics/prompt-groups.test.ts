import { describe, expect, it } from 'vitest'
import { createRandom } from '../../routing/numeric/random.ts'
import { groupPrompts, normalisedPrompt, rowsWithoutPrompts, splitByPrompt } from './prompt-groups.ts'

describe('normalisedPrompt', () => {
  it('ignores case, spacing, punctuation and compatibility forms', () => {
    expect(normalisedPrompt('  What is\n\t1 + 1?')).toBe('what is 1 + 1')
    expect(normalisedPrompt('WHAT, “is” 1 + 1...')).toBe('what is 1 + 1')
    expect(normalisedPrompt('ﬁne Café')).toBe('fine café')
    expect(normalisedPrompt('什么？')).toBe('什么')
    expect(normalisedPrompt(' ?! ')).toBe('?!')
  })

  it('keeps different questions apart', () => {
    expect(normalisedPrompt('1, 2')).not.toBe(normalisedPrompt('12'))
    expect(normalisedPrompt('3 + 4?')).not.toBe(normalisedPrompt('3 - 4?'))
    expect(normalisedPrompt('if (a > b)')).not.toBe(normalisedPrompt('if (a < b)'))
  })
})

describe('groupPrompts', () => {
  it('numbers prompts by first appearance', () => {
    expect(groupPrompts(['a?', 'b', 'A', ' b! '])).toEqual({
      promptOf: Int32Array.of(0, 1, 0, 1),
      prompts: 2,
    })
  })
})

describe('splitByPrompt', () => {
  it('never puts a prompt on both sides and keeps the share', () => {
    const random = createRandom('split')
    for (let trial = 0; trial < 50; trial++) {
      const groups = groupPrompts(Array.from({ length: 300 }, () => `q${random.integer(200)}`))
      const { training, test } = splitByPrompt(groups, 0.7, random)
      const prompts = (rows: Int32Array): Set<number> =>
        new Set(Array.from(rows, row => groups.promptOf[row] ?? -1))
      expect(prompts(training).isDisjointFrom?.(prompts(test)) ?? true).toBe(true)
      expect([...training, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i))
      expect(Math.abs(training.length - 210)).toBeLessThanOrEqual(3)
    }
  })

  it('is drawn anew by another seed and the same by the same', () => {
    const groups = groupPrompts(Array.from({ length: 50 }, (_, i) => `q${i}`))
    const split = (seed: number) => splitByPrompt(groups, 0.5, createRandom(seed)).training
    expect(split(1)).toEqual(split(1))
    expect(split(1)).not.toEqual(split(2))
  })
})

describe('rowsWithoutPrompts', () => {
  it('drops training rows that the test asks as well', () => {
    expect(rowsWithoutPrompts(['a', 'B?', 'c', 'b'], ['b!', 'd'])).toEqual(Int32Array.of(0, 2))
  })
})
