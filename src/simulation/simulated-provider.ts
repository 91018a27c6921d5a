import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { ModelId } from '../routing/model.ts'
import { createRandom, type Random } from '../routing/numeric/random.ts'
import { parseChatRequest, renderProviderError, type SimulatedChatRequest } from './chat-wire.ts'
import { type Fault, type FaultScript, faultless } from './fault-profile.ts'
import { answerCall, writeJson } from './simulated-call.ts'
import type { LatencyDistribution, World, WorldAnswer } from './world.ts'

/** One call that a provider received, told when it was over. */
export interface ProviderCall {
  /** Row of the world; `null` for a prompt that is not of the world. */
  readonly row: number | null
  readonly streamed: boolean
  readonly fault: Fault['kind'] | null
  /** The whole answer was written; without it the call is not billed. */
  readonly completed: boolean
  /** What the provider charges for the call in USD; 0 when it was not completed. */
  readonly costUsd: number
}

/** How a simulated model is started. */
export interface SimulatedProviderOptions {
  readonly world: World
  /** The model of the world that this provider serves. */
  readonly model: ModelId
  /** The name that requests must give in `model`; by default the model's id. */
  readonly upstreamModel?: string
  /** Time before the answer; by default the world's. */
  readonly latency?: LatencyDistribution
  /** By default it behaves on every call. */
  readonly faults?: FaultScript
  /** Whether `usage.cost` is told, as some providers do; true by default. */
  readonly reportCost?: boolean
  /** Seeds latencies and random faults. */
  readonly seed?: string | number
  /** Told of every call once it is over. */
  onCall?(call: ProviderCall): void
}

/** A simulated model behind a real HTTP server on a free loopback port. */
export interface SimulatedProvider {
  readonly model: ModelId
  /** For example `http://127.0.0.1:40123/v1`. */
  readonly baseUrl: string
  /** Stops the server, breaks its connections and ends its timers; resolves when nothing of it is left. */
  close(): Promise<void>
}

/** A latency is cut at this many medians: the far tail of a log-normal would stall a short run. */
const LONGEST_LATENCY_MEDIANS = 10

function drawLatencyMs({ medianMs, spread }: LatencyDistribution, random: Random): number {
  return Math.min(medianMs * Math.exp(spread * random.normal()), LONGEST_LATENCY_MEDIANS * medianMs)
}

/** What is answered to a prompt that is not of the world: it satisfies nobody and costs nothing. */
function answerStranger(prompt: string): WorldAnswer {
  const promptTokens = Math.ceil(prompt.length / 4)
  return {
    satisfaction: 0,
    costUsd: 0,
    promptTokens,
    completionTokens: 8,
    text: 'I do not know this prompt.',
  }
}

/** Answers chat requests and tells of each when it is over. */
type ChatHandler = (request: SimulatedChatRequest, response: ServerResponse) => Promise<void>

function createChatHandler(options: SimulatedProviderOptions, live: Set<AbortController>): ChatHandler {
  const { world, model, faults = faultless, reportCost = true } = options
  const latency = options.latency ?? world.models.find(spec => spec.id === model)?.latency
  if (latency === undefined) throw new RangeError(`model ${model} is not of the world ${world.name}`)
  const random = createRandom(`provider:${options.seed ?? 0}:${model}`)
  let calls = 0
  return async (request, response) => {
    const number = calls++
    const fault = faults(number, random)
    const row = world.rowOf(request.prompt)
    const answer = row === null ? answerStranger(request.prompt) : world.answer(row, model)
    const gone = new AbortController()
    live.add(gone)
    response.once('close', () => gone.abort())
    const reply = {
      id: `chatcmpl-simulated-${number}`,
      createdSeconds: Math.floor(Date.now() / 1000),
      model: request.model,
      answer,
      costUsd: reportCost && row !== null ? answer.costUsd : null,
      usageShape: fault?.kind === 'wrong-usage' ? fault.shape : null,
    }
    const latencyMs = drawLatencyMs(latency, random)
    const call = { request, reply, fault, latencyMs, response, signal: gone.signal }
    // It rejects only because the client left or the provider closes: the call is over, unbilled.
    const completed = await answerCall(call).catch(() => false)
    live.delete(gone)
    const costUsd = completed ? answer.costUsd : 0
    options.onCall?.({ row, streamed: request.stream, fault: fault?.kind ?? null, completed, costUsd })
  }
}

async function route(
  served: string,
  chat: ChatHandler,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = message.url?.split('?')[0]
  const refuse = (status: number, reason: string, code: string | null): void =>
    writeJson(response, status, renderProviderError(reason, 'invalid_request_error', code))
  if (message.method === 'GET' && path === '/v1/models') {
    const data = [{ id: served, object: 'model', owned_by: 'simulation' }]
    writeJson(response, 200, JSON.stringify({ object: 'list', data }))
    return
  }
  if (message.method !== 'POST' || path !== '/v1/chat/completions') {
    return refuse(404, `There is no ${message.method} ${path} here.`, null)
  }
  const request = parseChatRequest(await text(message))
  if (typeof request === 'string') return refuse(400, `Bad request: ${request}.`, null)
  if (request.model !== served) {
    return refuse(404, `There is no model ${request.model} here, only ${served}.`, 'model_not_found')
  }
  await chat(request, response)
}

/** Listens on a free loopback port and answers with it. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new Error('the server has no port after listening')
  return address.port
}

/** Starts a simulated model that speaks the OpenAI chat wire, plain and streaming. */
export async function startSimulatedProvider(options: SimulatedProviderOptions): Promise<SimulatedProvider> {
  const live = new Set<AbortController>()
  const chat = createChatHandler(options, live)
  const served = options.upstreamModel ?? options.model
  const server = createServer((message, response) => {
    // A client that breaks off while it sends its body leaves nobody to answer to.
    route(served, chat, message, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  const port = await listen(server)
  return {
    model: options.model,
    baseUrl: `http://127.0.0.1:${port}/v1`,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      for (const call of live) call.abort()
      server.closeAllConnections()
      await closed
    },
  }
}
