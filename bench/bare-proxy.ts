import { createServer } from 'node:http'
import { Pool } from 'undici'

// The least that a proxy on Node's own HTTP server and undici does: reads the body, parses it and passes it on. No routing,
// keys, log or metrics: what the gateway needs beyond this is its own. Run as a child process; argument: the provider's origin.

const pool = new Pool(process.argv[2] ?? '', { headersTimeout: 0, bodyTimeout: 0 })
const headers = ['content-type', 'application/json']

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    JSON.parse(body.toString('utf8'))
    const answer: Buffer[] = []
    pool.dispatch(
      { path: request.url ?? '/', method: 'POST', headers, body },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData: (_, chunk) => void answer.push(chunk),
        onResponseEnd() {
          const bytes = Buffer.concat(answer)
          response.writeHead(200, [
            'content-type',
            'application/json',
            'content-length',
            String(bytes.length),
          ])
          response.end(bytes)
        },
        onResponseError: () => void response.destroy(),
      },
    )
  })
})

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit(0))
