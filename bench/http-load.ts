import { connect, type Socket } from 'node:net'

/** One keep-alive connection that sends the same request again and again. */
export interface LoadConnection {
  /** Sends one request; resolves with its duration in microseconds. Rejects at any status but 200. */
  ask(): Promise<number>
  close(): void
}

/** A chat request of about `bytes` bytes for `POST /v1/chat/completions`. */
export function chatBytes(url: URL, bytes: number): Buffer {
  const text = 'Explain why the quick brown fox, aged 7, jumps over the lazy dog; then write code. '
  const body = JSON.stringify({
    model: 'auto',
    temperature: 0.7,
    max_tokens: 256,
    messages: [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes - 170) },
    ],
  })
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    `host: ${url.host}`,
    'content-type: application/json',
    'authorization: Bearer sk-bench',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Opens a connection. The client is hand-written: what is measured is the gateway, not a client library. */
export function openConnection(url: URL, request: Buffer): Promise<LoadConnection> {
  const socket: Socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
  let received: Buffer = Buffer.alloc(0)
  let startedMs = 0
  let settle: { resolve(us: number): void; reject(error: Error): void } | null = null
  socket.on('data', (data: Buffer) => {
    received = received.length === 0 ? data : Buffer.concat([received, data])
    const head = received.indexOf('\r\n\r\n')
    if (head < 0) return
    const headers = received.toString('latin1', 0, head).toLowerCase()
    const length = Number(/content-length: (\d+)/.exec(headers)?.[1] ?? 0)
    if (received.length < head + 4 + length) return
    received = Buffer.alloc(0)
    const done = settle
    settle = null
    if (headers.startsWith('http/1.1 200')) done?.resolve((performance.now() - startedMs) * 1000)
    else done?.reject(new Error(`the answer was ${headers.slice(0, 30)}`))
  })
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.on('error', error => settle?.reject(error))
      resolve({
        ask: () =>
          new Promise((resolveAsk, rejectAsk) => {
            settle = { resolve: resolveAsk, reject: rejectAsk }
            startedMs = performance.now()
            socket.write(request)
          }),
        close: () => socket.destroy(),
      })
    })
  })
}

/** Requests per second over so many connections for so long. */
export async function throughput(
  url: URL,
  request: Buffer,
  connections: number,
  ms: number,
): Promise<number> {
  const open = await Promise.all(Array.from({ length: connections }, () => openConnection(url, request)))
  const untilMs = performance.now() + ms
  let answers = 0
  await Promise.all(
    open.map(async connection => {
      while (performance.now() < untilMs) {
        await connection.ask()
        answers++
      }
      connection.close()
    }),
  )
  return (answers / ms) * 1000
}
