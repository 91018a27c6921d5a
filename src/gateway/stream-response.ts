import type { ServerResponse } from 'node:http'
import type { StreamPart, StreamSink } from '../inference/answer.ts'
import { renderPart, type StreamRendering } from '../protocol/openai-chat/render-stream.ts'

/** A sink that ends at a client. */
export interface StreamResponse extends StreamSink {
  /** Writes what has been gathered. */
  flush(): void
}

/**
 * Writes the parts of a stream to a response. Parts that arrive in one read of the upstream's socket leave in one
 * write; a client that reads slowly stops the upstream until it has caught up.
 */
export function createStreamResponse(
  response: ServerResponse,
  resume: () => void,
  rendering: StreamRendering,
): StreamResponse {
  let gathered: Uint8Array[] = []
  let full = false
  const flush = (): void => {
    const [only] = gathered
    if (only === undefined || response.destroyed) return
    const bytes = gathered.length === 1 ? only : Buffer.concat(gathered)
    gathered = []
    if (!response.write(bytes)) {
      full = true
      response.once('drain', () => {
        full = false
        resume()
      })
    }
  }
  return {
    flush,
    write(part: StreamPart) {
      const bytes = renderPart(part, rendering)
      if (bytes === null) return !full
      if (gathered.length === 0) queueMicrotask(flush)
      gathered.push(bytes)
      return !full
    },
  }
}
