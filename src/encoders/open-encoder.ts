import { askDimensions, createEmbeddingsEndpoint } from './embeddings-endpoint.ts'
import type { Encoder } from './encoder.ts'
import { openOnnxEncoder, type Pooling } from './onnx.ts'

/** Which encoder to use. */
export type EncoderSpec =
  | {
      readonly kind: 'embeddings'
      readonly baseUrl: string
      readonly model: string
      readonly apiKey: string | null
      /** `null`: the endpoint is asked. */
      readonly dimensions: number | null
    }
  | { readonly kind: 'onnx'; readonly folder: string; readonly pooling: Pooling }

/** Makes an encoder ready for use. Rejects with an `EncoderError` where it cannot be. */
export async function openEncoder(spec: EncoderSpec, signal: AbortSignal): Promise<Encoder> {
  switch (spec.kind) {
    case 'embeddings': {
      const dimensions = spec.dimensions ?? (await askDimensions(spec, signal))
      return createEmbeddingsEndpoint({ ...spec, dimensions })
    }
    case 'onnx':
      return openOnnxEncoder(spec)
  }
}
