/** What a model must be able to do for a request; a model without it is never called. */
export type Capability = 'tools' | 'parallel_tools' | 'json_schema' | 'vision' | 'audio' | 'reasoning'

export const CAPABILITIES = [
  'tools',
  'parallel_tools',
  'json_schema',
  'vision',
  'audio',
  'reasoning',
] as const satisfies readonly Capability[]

/** The name of a wire format; an upstream of the same name gets the caller's bytes. */
export type WireProtocol = 'openai'

/** A request as the upstream side sees it: what it needs, and its bytes for a given model. */
export interface InferenceRequest {
  readonly protocol: WireProtocol
  readonly stream: boolean
  readonly requires: readonly Capability[]
  /** The most tokens that the caller lets the model write; `null` when unstated. */
  readonly maxOutputTokens: number | null
  /**
   * The body in the request's own protocol with the model's name spliced in; all else byte for byte as it came.
   * With `measureUsage` a stream is asked to end with its usage.
   */
  body(upstreamModel: string, measureUsage: boolean): Uint8Array
}
