import type { PriceList } from './price-list.ts'

/** One prompt of a published data set with what every model made of it; arrays are in the order of `DatasetSource.models`. */
export interface SourceRow {
  readonly file: string
  /** For example `line 3`. */
  readonly place: string
  readonly id: string
  readonly prompt: string
  readonly task: string | null
  readonly split: string | null
  /** Expected in [0, 1], checked by whoever writes; `NaN` where the source has none. */
  readonly scores: Float64Array
  /** USD; `NaN` where the source has none. */
  readonly costsUsd: Float64Array
  readonly promptTokens: number | null
  /** `NaN` where the source has none. */
  readonly completionTokens: Float64Array | null
  readonly answers: readonly string[] | null
}

/** An opened data set. */
export interface DatasetSource {
  readonly models: readonly string[]
  /** Bytes that opening it and one pass over `rows` tell `onRead` of, for progress. */
  readonly totalBytes: number
  /** What a reader of the trace should know, one sentence each: for example what the costs rest on. */
  readonly notes: readonly string[]
  /** Streams the rows. Throws `DatasetError`. */
  rows(): AsyncIterable<SourceRow>
}

/** How to open a data set. */
export interface SourceOptions {
  /** Prices given by the user; they go before those of the source. */
  readonly prices: PriceList | null
  /** Whether rows carry the models' answers. */
  readonly answers: boolean
  /** A file that is not part of the source although it may lie in its folder: the one being written. */
  readonly exclude: string
  /** Told the bytes read since it was last told. */
  readonly onRead: (bytes: number) => void
}

/** Reads one published data set. */
export interface DatasetReader {
  /** One sentence: what `input` may be. */
  readonly accepts: string
  /** Whether the published form gives the answers beside the scores, row by row. */
  readonly carriesAnswers: boolean
  /** Opens a file or folder. Throws `DatasetError`. */
  open(input: string, options: SourceOptions): Promise<DatasetSource>
}
