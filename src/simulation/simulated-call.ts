import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ChatReply,
  renderCompletion,
  renderProviderError,
  renderStream,
  type SimulatedChatRequest,
} from './chat-wire.ts'
import type { Fault } from './fault-profile.ts'

/** One call on its way to an answer. */
export interface SimulatedCall {
  readonly request: SimulatedChatRequest
  readonly reply: ChatReply
  readonly fault: Fault | null
  readonly latencyMs: number
  readonly response: ServerResponse
  /** Aborted when the client goes or the provider closes. */
  readonly signal: AbortSignal
}

/** Writes a JSON body in one piece. */
export function writeJson(response: ServerResponse, status: number, body: string, retryAfter?: number): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  })
  response.end(body)
}

/** The parts of the body, spoilt where the fault says so. */
function bodyParts({ request, reply, fault }: SimulatedCall): readonly string[] {
  const parts = request.stream ? renderStream(reply, request.streamUsage) : halves(renderCompletion(reply))
  if (fault?.kind !== 'malformed-part') return parts
  return parts.map((part, index) => (index === fault.index ? 'data: {"choices": [{]\n\n' : part))
}

function halves(text: string): readonly string[] {
  const middle = Math.ceil(text.length / 2)
  return [text.slice(0, middle), text.slice(middle)]
}

/** Writes the body part by part; false when the fault cut it. */
async function writeBody(call: SimulatedCall): Promise<boolean> {
  const { request, reply, fault, response, signal } = call
  if (!request.stream && fault === null) {
    writeJson(response, 200, renderCompletion(reply))
    return true
  }
  response.writeHead(200, { 'content-type': request.stream ? 'text/event-stream' : 'application/json' })
  for (const [index, part] of bodyParts(call).entries()) {
    if (fault?.kind === 'cut' && index === fault.afterParts) {
      // Without this pause the parts before the cut would be lost together with the socket.
      await sleep(5, undefined, { signal })
      response.destroy()
      return false
    }
    if (fault?.kind === 'slow-drip') await sleep(fault.gapMs, undefined, { signal })
    response.write(part)
  }
  response.end()
  return true
}

/** Answers a call as its fault says; true when the client got a whole answer. Rejects when the signal aborts. */
export async function answerCall(call: SimulatedCall): Promise<boolean> {
  const { fault, response, signal } = call
  if (fault?.kind === 'hang') {
    await new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
  }
  if (call.latencyMs > 0) await sleep(call.latencyMs, undefined, { signal })
  if (fault?.kind === 'rate-limit') {
    const body = renderProviderError('Too many requests.', 'rate_limit_error', 'rate_limit_exceeded')
    writeJson(response, 429, body, fault.retryAfterSeconds)
    return false
  }
  if (fault?.kind === 'server-error') {
    writeJson(response, fault.status, renderProviderError('The model is overloaded.', 'server_error', null))
    return false
  }
  if (fault?.kind === 'cut' && fault.afterParts === 0) {
    response.destroy()
    return false
  }
  return await writeBody(call)
}
