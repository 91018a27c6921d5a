import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How the endpoint behaves until it is told otherwise. */
export type EndpointMood =
  | 'fine'
  /** Takes the request and never answers. */
  | 'hanging'
  /** Closes the connection without an answer. */
  | 'dropping'
  | 'failing'
  | 'unauthorised'
  | 'malformed'
  | 'without-vectors'
  | 'one-dimension-more'
  | 'one-vector-less'
  | 'same-index'
  | 'no-numbers'
  /** Vectors in the opposite order, each under its own index, as the format allows. */
  | 'reversed'

/** What one call asked for. */
export interface EndpointCall {
  readonly path: string
  readonly authorization: string | undefined
  readonly model: string
  readonly input: readonly string[]
}

/** An embeddings endpoint on a real socket. */
export interface ScriptedEndpoint {
  readonly baseUrl: string
  readonly calls: readonly EndpointCall[]
  mood: EndpointMood
  close(): Promise<void>
}

/** Three numbers from the characters of a text: equal texts, equal vectors. */
export function letterVector(text: string): readonly number[] {
  const vector = [0.25, 0.25, 0.25]
  for (const [i, letter] of [...text].entries()) {
    vector[i % 3] = (vector[i % 3] ?? 0) + ((letter.codePointAt(0) ?? 0) % 17) / 16
  }
  return vector
}

/** Starts an endpoint whose vectors are `vectorOf` of the texts. */
export async function startScriptedEndpoint(
  vectorOf: (text: string) => readonly number[] = letterVector,
): Promise<ScriptedEndpoint> {
  const calls: EndpointCall[] = []
  const endpoint = { mood: 'fine' as EndpointMood }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { model, input } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      calls.push({ path: request.url ?? '', authorization: request.headers.authorization, model, input })
      const { mood } = endpoint
      if (mood === 'hanging') return
      if (mood === 'dropping') {
        request.socket.destroy()
        return
      }
      response.writeHead(statusOf(mood), { 'content-type': 'application/json' })
      response.end(bodyOf(mood, input.map(vectorOf)))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(endpoint, {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    calls,
    close(): Promise<void> {
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  })
}

function statusOf(mood: EndpointMood): number {
  return mood === 'failing' ? 500 : mood === 'unauthorised' ? 401 : 200
}

function bodyOf(mood: EndpointMood, vectors: readonly (readonly number[])[]): string {
  const data: { index: unknown; embedding: unknown }[] = vectors.map((vector, index) => ({
    index: mood === 'same-index' ? 0 : index,
    embedding:
      mood === 'one-dimension-more' ? [...vector, 1] : mood === 'no-numbers' ? vector.map(String) : vector,
  }))
  if (mood === 'reversed') data.reverse()
  if (mood === 'one-vector-less') data.pop()
  const body = JSON.stringify(mood === 'without-vectors' ? { object: 'list' } : { object: 'list', data })
  return mood === 'malformed' ? body.slice(0, -2) : body
}
