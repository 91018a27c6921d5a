import { Pool } from 'undici'
import { type ModelId, modelId } from '../routing/model.ts'

/** What a client learns from one answer of a gateway. */
export interface GatewayAnswer {
  readonly decisionId: string
  readonly model: ModelId
  /** Text of the answer. */
  readonly text: string
  /** What the gateway says that it added; `null` when it does not say. */
  readonly overheadMs: number | null
}

/** A gateway answered with an error, or not at all. */
export class GatewayRefusal extends Error {
  /** 0 when there was no response. */
  readonly status: number

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'GatewayRefusal'
    this.status = status
  }
}

/** A chat client with connections of its own, as an application would hold one. */
export interface GatewayClient {
  /** Asks one question; throws `GatewayRefusal`. */
  chat(question: {
    readonly model: string
    readonly prompt: string
    readonly stream: boolean
  }): Promise<GatewayAnswer>
  /** Posts one statement and waits until the gateway has made it durable; throws `GatewayRefusal`. */
  tell(statement: { readonly decisionId: string; readonly value: number }): Promise<void>
  /** Breaks off what is under way and closes every connection. */
  close(): Promise<void>
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

function textOfStream(body: string): string {
  const events = body.split('\n\n').filter(event => event.startsWith('data: '))
  if (events.at(-1) !== 'data: [DONE]') throw new GatewayRefusal(200, 'the stream ended before its end mark')
  return events
    .slice(0, -1)
    .map(event => JSON.parse(event.slice('data: '.length)).choices?.[0]?.delta?.content ?? '')
    .join('')
}

function answerOf({ headers, body }: Reply, stream: boolean): GatewayAnswer {
  const header = (name: string): string | undefined => {
    const value = headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  const decisionId = header('x-plimsoll-decision-id')
  const model = header('x-plimsoll-model')
  if (decisionId === undefined || model === undefined) {
    throw new GatewayRefusal(200, 'the response names no decision and no model; is this a Plimsoll gateway?')
  }
  const overhead = header('x-plimsoll-overhead-ms')
  return {
    decisionId,
    model: modelId(model),
    text: stream ? textOfStream(body) : (JSON.parse(body).choices?.[0]?.message?.content ?? ''),
    overheadMs: overhead === undefined ? null : Number(overhead),
  }
}

/** Connects to a gateway with at most `connections` sockets, kept alive. */
export function createGatewayClient(gatewayUrl: string, connections: number): GatewayClient {
  const pool = new Pool(new URL(gatewayUrl).origin, { connections, pipelining: 1 })
  const post = async (path: string, document: unknown): Promise<Reply> => {
    try {
      const response = await pool.request({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(document),
      })
      return { status: response.statusCode, headers: response.headers, body: await response.body.text() }
    } catch (error) {
      throw new GatewayRefusal(
        0,
        `POST ${path} failed: ${error instanceof Error ? error.message : error}`,
        error,
      )
    }
  }
  return {
    async chat({ model, prompt, stream }) {
      const messages = [{ role: 'user', content: prompt }]
      const reply = await post('/v1/chat/completions', { model, messages, ...(stream ? { stream } : {}) })
      if (reply.status !== 200)
        throw new GatewayRefusal(reply.status, `the gateway answered ${reply.status}: ${reply.body}`)
      return answerOf(reply, stream)
    },
    async tell({ decisionId, value }) {
      const reply = await post('/v1/feedback', { decision_id: decisionId, value, source: 'user' })
      if (reply.status !== 202) {
        throw new GatewayRefusal(reply.status, `feedback was answered ${reply.status}: ${reply.body}`)
      }
    },
    close: () => pool.destroy(),
  }
}
