import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CancellationSource, createCancellation } from '../inference/cancellation.ts'
import type { GatewayError } from '../inference/errors.ts'
import { renderError, renderErrorEvent } from '../protocol/openai-chat/render-error.ts'
import type { KeyConfig } from './config.ts'
import type { RequestNames } from './request-ids.ts'

/** One HTTP request with the response to it. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly names: RequestNames
  /** Of the monotonic clock. */
  readonly startedMs: number
  readonly caller: KeyConfig | null
}

/** Fires when the client leaves before the response is complete. */
export function cancelWhenClosed(response: ServerResponse): CancellationSource {
  const cancellation = createCancellation()
  response.on('close', () => {
    if (!response.writableFinished) cancellation.cancel()
  })
  // It may have closed while the prompt was being embedded; then no event follows.
  if (response.destroyed) cancellation.cancel()
  return cancellation
}

/** Sends a JSON body. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length })
  response.end(text)
}

/** Sends an error; one after the first byte of a stream becomes its last event. */
export function sendError(response: ServerResponse, error: GatewayError): void {
  if (response.destroyed) return
  if (response.headersSent) {
    response.end(renderErrorEvent(error))
    return
  }
  const text = Buffer.from(renderError(error))
  const { retryAfterMs } = error.details
  if (retryAfterMs !== undefined) response.setHeader('retry-after', String(Math.ceil(retryAfterMs / 1000)))
  // What is left of a body that was refused must not be read as the next request.
  if (error.code === 'request_too_large') response.setHeader('connection', 'close')
  response.writeHead(error.status, { 'content-type': 'application/json', 'content-length': text.length })
  response.end(text)
}
