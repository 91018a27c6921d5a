import { createServer } from 'node:net'

// An OpenAI-compatible provider that answers at once with one fixed completion, on node:net so that it is never the bottleneck.
// Run as a child process; it tells its port over the channel.

const body = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1,
  model: 'instant',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'word '.repeat(120) }, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 212, completion_tokens: 96, total_tokens: 308 },
})
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
)

const server = createServer({ noDelay: true }, socket => {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (data: Buffer) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data])
    for (;;) {
      const head = rest.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = /content-length: (\d+)/i.exec(rest.toString('latin1', 0, head))?.[1] ?? '0'
      const end = head + 4 + Number(length)
      if (rest.length < end) return
      rest = rest.subarray(end)
      socket.write(answer)
    }
  })
})

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
process.on('disconnect', () => process.exit(0))
