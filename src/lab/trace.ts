import type { ModelId } from '../routing/model.ts'

/** One prompt with what every model made of it. The order of the arrays is the order of `Trace.models`. */
export interface TraceRow {
  readonly id: string
  /** The text that routers see: the prompt, or the messages joined. */
  readonly prompt: string
  /** Score of each model in [0, 1]. */
  readonly scores: Float64Array
  /** Cost of each model's answer in USD. */
  readonly costsUsd: Float64Array
  /** Hidden from policies: for reports only. */
  readonly task: string | null
  readonly split: string | null
  readonly promptTokens: number | null
  readonly completionTokens: Float64Array | null
  readonly latencyMs: Float64Array | null
  readonly answers: readonly string[] | null
}

/** Recorded answers of a zoo of models to a list of prompts. */
export interface Trace {
  readonly name: string
  readonly models: readonly ModelId[]
  readonly rows: readonly TraceRow[]
}
