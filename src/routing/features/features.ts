/** What a semantic encoder made of a prompt. */
export interface Embedding {
  /** Name and version of the encoder; vectors of two encoders are never mixed. */
  readonly encoder: string
  /** 32-bit, so that a stored record is exactly what was decided on; of any scale, finite. */
  readonly values: Float32Array
}

/** Word and character n-grams of a prompt, hashed and counted. */
export interface NgramCounts {
  /** Name and version of what counted them; counts of two counters are never mixed. */
  readonly counter: string
  /** Buckets that occur, ascending, unique. */
  readonly buckets: Uint16Array
  /** How often, >= 1. Same length as `buckets`. */
  readonly counts: Uint16Array
}

/**
 * One prompt as numbers. The shape is fixed by the featurizer that made it, named in `encoder`,
 * and holds no learned state: policies learn their own weights over it.
 */
export interface Features {
  /** Name and version of the featurizer, for example `hashed-ngrams@1`; state learned on one is never applied to another. */
  readonly encoder: string
  /** Buckets of the hashed tokens that occur, ascending, unique. */
  readonly buckets: Uint16Array
  /** How often the token of each bucket occurs, >= 1. Same length as `buckets`. */
  readonly counts: Uint16Array
  /** Prompt statistics in a fixed order, raw (unscaled). 32-bit, so that a stored record is exactly what was decided on. */
  readonly statistics: Float32Array
  /** A semantic embedding, where an encoder made one; absent where none is configured, or where it failed. */
  readonly embedding?: Embedding
  /** Present only for policies that ask for them (`PolicyDefinition.readsNgrams`): counting them costs more than all the rest. */
  readonly ngrams?: NgramCounts
}

/** Turns text into features. Pure: the same text gives the same features in gateway, replicas and lab. */
export interface Featurizer {
  readonly name: string
  /** Number of hash buckets, an upper bound (exclusive) of `Features.buckets`. */
  readonly bucketCount: number
  /** Length of `Features.statistics`. */
  readonly statisticCount: number
  featurize(text: string): Features
  /** The same features with n-grams beside them. */
  featurizeWithNgrams(text: string): Features
}

/** Names a featurizer together with the semantic encoder beside it: what learned state was made from. */
export function featuresName(featurizer: string, embeddingEncoder: string | null): string {
  return embeddingEncoder === null ? featurizer : `${featurizer} with ${embeddingEncoder}`
}
