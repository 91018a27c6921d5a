import { Pool } from 'undici'
import { type ModelId, modelId } from '../routing/model.ts'

/** What a client learns from one answer of a gateway. */
export interface GatewayAnswer {
  readonly decisionId: string
  readonly model: ModelId
  /** Text of the answer. */
  readonly text: string
  /** The decision was made to learn. */
  readonly explored: boolean
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

/** What somebody says of an answer. */
export interface Statement {
  readonly decisionId: string
  /** In [0, 1]. */
  readonly value: number
  /** A shadow model whose answer a judge has graded; absent: the user speaks of the answer they got. */
  readonly shadow?: ModelId
}

/** A chat client with connections of its own, as an application would hold one. */
export interface GatewayClient {
  /** Asks one question; throws `GatewayRefusal`. */
  chat(question: {
    readonly model: string
    readonly prompt: string
    readonly stream: boolean
  }): Promise<GatewayAnswer>
  /** The models that were called beside the one that answered; throws `GatewayRefusal`. */
  shadowsOf(decisionId: string): Promise<readonly ModelId[]>
  /** Posts one statement and waits until the gateway has made it durable; throws `GatewayRefusal`. */
  tell(statement: Statement): Promise<void>
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
    explored: header('x-plimsoll-reason') === 'explore',
    overheadMs: overhead === undefined ? null : Number(overhead),
  }
}

function shadowsIn(body: string): readonly ModelId[] {
  const { shadows } = JSON.parse(body)
  return Array.isArray(shadows) ? shadows.map(name => modelId(String(name))) : []
}

/** Connects to a gateway with at most `connections` sockets, kept alive. */
export function createGatewayClient(gatewayUrl: string, connections: number): GatewayClient {
  const pool = new Pool(new URL(gatewayUrl).origin, { connections, pipelining: 1 })
  const send = async (method: 'GET' | 'POST', path: string, document?: unknown): Promise<Reply> => {
    try {
      const body = document === undefined ? null : JSON.stringify(document)
      const headers = { 'content-type': 'application/json' }
      const response = await pool.request({ method, path, headers, body })
      return { status: response.statusCode, headers: response.headers, body: await response.body.text() }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new GatewayRefusal(0, `${method} ${path} failed: ${reason}`, error)
    }
  }
  const expect = async (status: number, reply: Promise<Reply>): Promise<Reply> => {
    const got = await reply
    if (got.status === status) return got
    throw new GatewayRefusal(got.status, `the gateway answered ${got.status}: ${got.body}`)
  }
  return {
    async chat({ model, prompt, stream }) {
      const messages = [{ role: 'user', content: prompt }]
      const question = { model, messages, ...(stream ? { stream } : {}) }
      return answerOf(await expect(200, send('POST', '/v1/chat/completions', question)), stream)
    },
    async shadowsOf(decisionId) {
      const path = `/v1/router/decisions/${encodeURIComponent(decisionId)}`
      return shadowsIn((await expect(200, send('GET', path))).body)
    },
    async tell({ decisionId, value, shadow }) {
      const about = shadow === undefined ? { source: 'user' } : { source: 'judge', model: shadow }
      await expect(202, send('POST', '/v1/feedback', { decision_id: decisionId, value, ...about }))
    },
    close: () => pool.destroy(),
  }
}
