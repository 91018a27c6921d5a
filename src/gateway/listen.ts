import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const MAX_HEADER_BYTES = 16 * 1024
const KEEP_ALIVE_MS = 65_000
const CONNECTIONS_CHECK_MS = 1_000
const SWEEP_MS = 20

/** Where and how to listen. */
export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly limits: { readonly headersMs: number; readonly requestMs: number }
  /** Answers one request and never rejects. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

/** A port that is listened on. */
export interface Listener {
  readonly url: string
  /** Stops accepting, waits for requests under way, and cuts off what is left after the deadline. */
  close(deadlineMs: number): Promise<void>
}

/** Listens with bounds on header size and on the time that headers and body may take. Rejects when the port is taken. */
export function listen(options: ListenOptions): Promise<Listener> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: options.limits.headersMs,
      requestTimeout: options.limits.requestMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
      noDelay: true,
    },
    (request, response) => void options.handle(request, response),
  )
  server.on('clientError', refuseUnreadable)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.off('error', reject)
      const { port } = server.address() as AddressInfo
      const host = options.host.includes(':') ? `[${options.host}]` : options.host
      resolve({ url: `http://${host}:${port}`, close: deadlineMs => closeServer(server, deadlineMs) })
    })
  })
}

/** Answers bytes that are no HTTP request, or one that came too slowly or with too many headers. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: import('node:stream').Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const status =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['408 Request Timeout', 'request_timeout', 'the request took too long to arrive']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [
            '431 Request Header Fields Too Large',
            'invalid_request',
            `the headers are longer than ${MAX_HEADER_BYTES} bytes`,
          ]
        : ['400 Bad Request', 'invalid_request', 'this is not an HTTP request']
  const [line, code, message] = status
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } })
  socket.end(
    `HTTP/1.1 ${line}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function closeServer(server: Server, deadlineMs: number): Promise<void> {
  return new Promise(resolve => {
    const cutOff = setTimeout(() => server.closeAllConnections(), deadlineMs)
    // A connection that was busy at first is kept alive by its client once it is idle, and would hold the server open.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
    server.close(() => {
      clearTimeout(cutOff)
      clearInterval(sweep)
      resolve()
    })
    server.closeIdleConnections()
  })
}
