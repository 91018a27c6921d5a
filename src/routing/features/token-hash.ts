const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** Start of a 32-bit FNV-1a hash; `seed` keeps families of tokens apart. */
export function startHash(seed = 0): number {
  return (FNV_OFFSET ^ Math.imul(seed, 0x9e3779b1)) | 0
}

/** One step of FNV-1a: takes in a UTF-16 unit or another hash. */
export function extendHash(hash: number, value: number): number {
  return Math.imul(hash ^ value, FNV_PRIME)
}

/** Murmur3's finaliser: spreads every input bit over the low bits, which choose the bucket. */
export function finishHash(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Hash of a lower-case word, equal to what the scanner computes unit by unit. */
export function hashWord(word: string): number {
  let hash = startHash()
  for (let i = 0; i < word.length; i++) hash = extendHash(hash, word.charCodeAt(i))
  return finishHash(hash)
}
