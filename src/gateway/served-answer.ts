import type { StreamSink } from '../inference/answer.ts'
import { assembleMessage } from '../upstream/openai/served-message.ts'

/** A stream on its way to a client, read along for an audit. */
export interface ReadAlong extends StreamSink {
  /** What the client got, as one message; `cut` where it was longer than what is kept. */
  read(): { readonly message: unknown; readonly cut: boolean }
}

/** Hands everything on and keeps the text that passes, up to a number of characters. What it cannot read it leaves out. */
export function readAlong(to: StreamSink, limitCharacters: number): ReadAlong {
  const message = assembleMessage(limitCharacters)
  let readable = true
  return {
    write(part) {
      const room = to.write(part)
      try {
        if (readable) message.push(part.bytes)
      } catch {
        readable = false
      }
      return room
    },
    read() {
      const { message: text, cut } = message.read()
      return { message: text, cut: cut || !readable }
    },
  }
}

/** A request and what was served for it, as a judge gets it: JSON. */
export function transcriptOf(
  request: Readonly<Record<string, unknown>>,
  served: { readonly message: unknown; readonly complete: boolean },
): string {
  return JSON.stringify({ request, answer: served.message, complete: served.complete })
}
