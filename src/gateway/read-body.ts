import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../inference/errors.ts'

const EMPTY = Buffer.alloc(0)

/** Reads a body up to a limit. Throws `request_too_large`, and `client_closed_request` when the client leaves. */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > limitBytes) return reject(tooLarge(limitBytes))
    let first: Buffer = EMPTY
    let rest: Buffer[] | null = null
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limitBytes) {
        request.pause()
        reject(tooLarge(limitBytes))
      } else if (size === chunk.length) first = chunk
      else if (rest === null) rest = [first, chunk]
      else rest.push(chunk)
    })
    request.on('end', () => resolve(rest === null ? first : Buffer.concat(rest, size)))
    request.on('error', () =>
      reject(new GatewayError('client_closed_request', 'the connection ended before the body was complete')),
    )
  })
}

function tooLarge(limitBytes: number): GatewayError {
  return new GatewayError('request_too_large', `the body is longer than the limit of ${limitBytes} bytes`)
}
