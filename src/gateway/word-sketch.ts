import { extendHash, finishHash, startHash } from '../routing/features/token-hash.ts'

/** Words kept of a text. */
const SKETCH_WORDS = 64
/** A text is read so far: what is asked stands in its beginning or is long anyway. */
const READ_CHARACTERS = 4000
/** Texts with fewer different words ("yes, go on") resemble each other by chance. */
const LEAST_WORDS = 3

/**
 * The different words of a text as seeded hashes, ascending, the smallest 64 of them: enough to tell how much two texts have in
 * common, and not what they say.
 */
export function sketchWords(text: string, seed: number): Uint32Array {
  const words = new Set<number>()
  for (const word of text
    .slice(0, READ_CHARACTERS)
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? []) {
    let hash = startHash(seed)
    for (let i = 0; i < word.length; i++) hash = extendHash(hash, word.charCodeAt(i))
    words.add(finishHash(hash ^ seed))
  }
  return Uint32Array.from(words).sort().slice(0, SKETCH_WORDS)
}

/**
 * Share of the words of two texts that both have (Jaccard), in [0, 1], from the smallest hashes of their union (Broder 1997);
 * 0 for texts too short to be compared.
 */
export function resemblance(a: Uint32Array, b: Uint32Array): number {
  if (a.length < LEAST_WORDS || b.length < LEAST_WORDS) return 0
  let [i, j, union, both] = [0, 0, 0, 0]
  while (union < SKETCH_WORDS && (i < a.length || j < b.length)) {
    const left = a[i] ?? Number.POSITIVE_INFINITY
    const right = b[j] ?? Number.POSITIVE_INFINITY
    if (left === right) both++
    if (left <= right) i++
    if (right <= left) j++
    union++
  }
  return both / union
}
