/** A source of pseudo-random numbers. Deterministic: equal seeds give equal sequences on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number
  /** Standard normal. */
  normal(): number
  /** Uniform integer in [0, bound). */
  integer(bound: number): number
}

/** 32-bit FNV-1a with a final avalanche (Murmur3 finaliser), of a string's UTF-16 units. */
export function hashString(text: string, seed = 0x811c9dc5): number {
  let hash = seed >>> 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/**
 * Generator seeded from text or a number: Doty-Humphrey's sfc32 (128 bits of state, passes PractRand),
 * chosen because it is fast in 32-bit arithmetic and needs no big integers.
 *
 * @example
 * const random = createRandom('decision-1')
 * random.next() // the same on every run
 */
export function createRandom(seed: string | number): Random {
  const text = String(seed)
  let a = hashString(text)
  let b = hashString(text, a ^ 0x9e3779b9)
  let c = hashString(text, b ^ 0x7f4a7c15)
  let counter = 1
  const nextUint32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) nextUint32()
  const next = (): number => nextUint32() / 4294967296
  return {
    next,
    normal() {
      // Box-Muller without caching the second value: one call consumes a fixed number of draws.
      const radius = Math.sqrt(-2 * Math.log(1 - next()))
      return radius * Math.cos(2 * Math.PI * next())
    },
    integer: bound => Math.floor(next() * bound),
  }
}
