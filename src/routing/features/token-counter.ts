/** Buckets of word tokens: [0, WORD_BUCKETS). */
export const WORD_BUCKETS = 8192
/** All buckets; template tokens take [WORD_BUCKETS, TOKEN_BUCKETS). */
export const TOKEN_BUCKETS = 16_384

/** Counts hashed tokens; draining lists them in ascending order without a sort. */
export class TokenCounter {
  readonly #counts: Uint16Array
  readonly #occupied: Uint32Array
  #distinct = 0

  /** @param buckets their number, a multiple of 32 */
  constructor(buckets = TOKEN_BUCKETS) {
    this.#counts = new Uint16Array(buckets)
    this.#occupied = new Uint32Array(buckets / 32)
  }

  /** Number of different buckets counted since the last drain. */
  get distinct(): number {
    return this.#distinct
  }

  addWord(hash: number): void {
    this.add(hash & (WORD_BUCKETS - 1))
  }

  /** Template tokens are binary: a repeated one counts once. */
  addTemplate(hash: number): void {
    const bucket = WORD_BUCKETS + (hash & (WORD_BUCKETS - 1))
    if (this.#counts[bucket] === 0) this.add(bucket)
  }

  add(bucket: number): void {
    const count = this.#counts[bucket] ?? 0
    if (count === 0) {
      const word = bucket >>> 5
      this.#occupied[word] = (this.#occupied[word] ?? 0) | (1 << (bucket & 31))
      this.#distinct++
    }
    if (count < 65_535) this.#counts[bucket] = count + 1
  }

  /** Returns what was counted, buckets ascending, and starts again from nothing. */
  drain(): { readonly buckets: Uint16Array; readonly counts: Uint16Array } {
    const buckets = new Uint16Array(this.#distinct)
    const counts = new Uint16Array(this.#distinct)
    let filled = 0
    for (let word = 0; word < this.#occupied.length; word++) {
      let bits = this.#occupied[word] ?? 0
      if (bits === 0) continue
      this.#occupied[word] = 0
      while (bits !== 0) {
        const bucket = (word << 5) | (31 - Math.clz32(bits & -bits))
        bits &= bits - 1
        buckets[filled] = bucket
        counts[filled] = this.#counts[bucket] ?? 0
        this.#counts[bucket] = 0
        filled++
      }
    }
    this.#distinct = 0
    return { buckets, counts }
  }
}
