import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the gateway sent. */
export interface ReceivedCall {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

/** How one call is answered. */
export type Script = (call: ReceivedCall, response: ServerResponse, request: IncomingMessage) => void

/** A provider on a real socket that answers as its script says. */
export interface ScriptedUpstream {
  readonly baseUrl: string
  readonly calls: readonly ReceivedCall[]
  /** Scripts of the next calls, in order; the last one given stays. */
  script(...scripts: readonly Script[]): void
  close(): Promise<void>
}

export async function startScriptedUpstream(...first: readonly Script[]): Promise<ScriptedUpstream> {
  const calls: ReceivedCall[] = []
  let scripts = [...first]
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const call = { path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) }
      calls.push(call)
      const script = scripts.length > 1 ? scripts.shift() : scripts[0]
      ;(script ?? answer('fine'))(call, response, request)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    calls,
    script(...next) {
      scripts = [...next]
    },
    close() {
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}

/** Usage of 100 prompt and 50 completion tokens. */
export const usage = { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 }

/** A complete answer. */
export function completion(content: string, extra: Readonly<Record<string, unknown>> = {}) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'upstream-model',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage,
    ...extra,
  }
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Script {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

export function answer(content: string, extra: Readonly<Record<string, unknown>> = {}): Script {
  return json(200, completion(content, extra))
}

export function refuse(status: number, headers: Readonly<Record<string, string>> = {}): Script {
  return json(
    status,
    { error: { message: `scripted ${status}`, type: 'x', param: null, code: null } },
    headers,
  )
}

/** Never answers. */
export const hang: Script = () => undefined

/** One chunk of a stream as an event. */
export function chunk(
  delta: Readonly<Record<string, unknown>>,
  finish: string | null = null,
  extra = {},
): string {
  return event({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'upstream-model',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...extra,
  })
}

export function event(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

export const usageEvent = event({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'upstream-model',
  choices: [],
  usage,
})

export const done = 'data: [DONE]\n\n'

/** The events of a usual streamed answer, usage as asked for. */
export function usualStream(words: readonly string[]): readonly string[] {
  return [
    chunk({ role: 'assistant', content: '' }),
    ...words.map(word => chunk({ content: word })),
    chunk({}, 'stop'),
    usageEvent,
    done,
  ]
}

/** Writes pieces as a stream, each in its own turn, and ends it; `cut` breaks the connection instead. */
export function stream(pieces: readonly (string | Buffer)[], end: 'end' | 'cut' | 'hold' = 'end'): Script {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let i = 0
    const next = (): void => {
      if (response.destroyed) return
      const piece = pieces[i++]
      if (piece !== undefined) {
        response.write(piece)
        setImmediate(next)
      } else if (end === 'end') response.end()
      else if (end === 'cut') setTimeout(() => response.destroy(), 5)
    }
    next()
  }
}
