import { expect, test } from 'vitest'
import { resemblance, sketchWords } from './word-sketch.ts'

const alike = (a: string, b: string, seed = 7): number =>
  resemblance(sketchWords(a, seed), sketchWords(b, seed))

test('resemblance is the share of the words that both have', () => {
  expect(alike('why is the sky blue', 'Why is the SKY blue?!')).toBe(1)
  // why, is, the, sky, blue of can, you, explain, why, the, sky, is, blue.
  expect(alike('why is the sky blue', 'can you explain why the sky is blue')).toBe(5 / 8)
  expect(alike('why is the sky blue', 'write a poem about autumn')).toBe(0)
  expect(alike('wie heißt der Fluß', 'der Fluß heißt wie')).toBe(1)
})

test('texts of two words are not compared: "yes, please" is no rephrasing', () => {
  expect(alike('yes please', 'yes please')).toBe(0)
})

test('long texts are compared by a sample of their words', () => {
  const words = Array.from({ length: 600 }, (_, i) => `word${i}`)
  const half = [...words.slice(0, 300), ...Array.from({ length: 300 }, (_, i) => `other${i}`)]
  expect(sketchWords(words.join(' '), 7)).toHaveLength(64)
  // 300 of 900; four standard errors of 64 words are .24.
  expect(Math.abs(alike(words.join(' '), half.join(' ')) - 1 / 3)).toBeLessThan(0.24)
})

test('sketches of different seeds have nothing in common', () => {
  const text = 'why is the sky blue'
  expect(resemblance(sketchWords(text, 1), sketchWords(text, 2))).toBe(0)
})
