import { setTimeout as sleep } from 'node:timers/promises'
import type { ModelId } from '../routing/model.ts'
import { createRandom, type Random } from '../routing/numeric/random.ts'
import type { FeedbackModel } from './feedback-model.ts'
import { createGatewayClient, type GatewayClient, GatewayRefusal } from './gateway-client.ts'
import type { World } from './world.ts'

/** One request that was answered, with what the client thinks of it. */
export interface ServedRequest {
  readonly row: number
  readonly model: ModelId
  readonly decisionId: string
  readonly streamed: boolean
  /** The truth by the world, in [0, 1]; what was told of it is for the feedback model to say. */
  readonly satisfaction: number
  /** What the provider of the answer charges by the world. */
  readonly costUsd: number
  readonly latencyMs: number
  /** The decision was made to learn. */
  readonly explored: boolean
  /** What the gateway says that it added; `null` when it does not say. */
  readonly overheadMs: number | null
}

/** A request or a feedback that failed. */
export interface TrafficFailure {
  readonly row: number
  readonly what: 'request' | 'feedback'
  /** HTTP status; 0 when there was no response. */
  readonly status: number
  readonly message: string
}

/** Who asks what, how often, and what they say afterwards. */
export interface TrafficOptions {
  readonly gatewayUrl: string
  readonly world: World
  /** Rows of the world in the order in which they are asked. */
  readonly rows: readonly number[]
  /** What clients ask for: `auto`, `auto/<class>`, `auto@0.9`, ... */
  readonly model: string
  /** Users at once; each asks, reads, tells, and asks again. */
  readonly users: number
  /** Requests begun per second, over all users; `null`: as fast as the users can. */
  readonly perSecond: number | null
  /** Share of requests that stream, in [0, 1]. */
  readonly streamShare: number
  readonly feedback: FeedbackModel
  /** Mean time between reading an answer and telling, exponentially distributed. */
  readonly feedbackDelayMs: number
  readonly seed: string | number
  /** Ends the traffic early: what is under way is broken off and counts for nothing. */
  readonly signal?: AbortSignal
  /** Told when a request begins. */
  onAsk?(row: number): void
  onServed?(served: ServedRequest): void
  onTold?(row: number): void
  onFailure?(failure: TrafficFailure): void
}

interface Visit {
  readonly row: number
  readonly random: Random
}

async function ask(
  options: TrafficOptions,
  client: GatewayClient,
  { row, random }: Visit,
): Promise<ServedRequest> {
  const { world } = options
  const streamed = random.next() < options.streamShare
  const startedMs = performance.now()
  const prompt = world.prompts[row] ?? ''
  const answer = await client.chat({ model: options.model, prompt, stream: streamed })
  const truth = world.answer(row, answer.model)
  if (answer.text !== truth.text) {
    throw new GatewayRefusal(200, `the answer is not what ${answer.model} says to this prompt`)
  }
  return {
    row,
    model: answer.model,
    decisionId: answer.decisionId,
    streamed,
    satisfaction: truth.satisfaction,
    costUsd: truth.costUsd,
    latencyMs: performance.now() - startedMs,
    explored: answer.explored,
    overheadMs: answer.overheadMs,
  }
}

/** Where a policy explores by calling further models, somebody must say what their answers were worth: a judge, here. */
async function gradeShadows(
  world: World,
  client: GatewayClient,
  { decisionId, row }: ServedRequest,
): Promise<void> {
  for (const shadow of await client.shadowsOf(decisionId)) {
    await client.tell({ decisionId, value: world.answer(row, shadow).satisfaction, shadow })
  }
}

/** One request and what the user says of its answer. */
async function visit(options: TrafficOptions, client: GatewayClient, { row, random }: Visit): Promise<void> {
  const { signal } = options
  let what: TrafficFailure['what'] = 'request'
  try {
    options.onAsk?.(row)
    const served = await ask(options, client, { row, random })
    if (signal?.aborted) return
    options.onServed?.(served)
    what = 'feedback'
    const value = options.feedback.react(served.satisfaction, random)
    if (value === null) return
    const thinkMs = -options.feedbackDelayMs * Math.log(1 - random.next())
    if (thinkMs > 0) await sleep(thinkMs, undefined, { signal })
    await client.tell({ decisionId: served.decisionId, value })
    options.onTold?.(row)
    if (served.explored && options.feedback.kind !== 'one-sided')
      await gradeShadows(options.world, client, served)
  } catch (error) {
    if (signal?.aborted) return
    const status = error instanceof GatewayRefusal ? error.status : 0
    options.onFailure?.({
      row,
      what,
      status,
      message: error instanceof Error ? error.message : String(error),
    })
  }
}

/** Waits for the turn of a request in an even stream of them; false when the traffic was ended meanwhile. */
async function awaitTurn(options: TrafficOptions, index: number, startedMs: number): Promise<boolean> {
  if (options.perSecond !== null) {
    const waitMs = startedMs + (1000 * index) / options.perSecond - performance.now()
    if (waitMs > 1) await sleep(waitMs, undefined, { signal: options.signal }).catch(() => {})
  }
  return !options.signal?.aborted
}

/**
 * Sends chat requests to a gateway over real connections and tells it what users say of the answers.
 * Resolves when every row was asked and every statement acknowledged, or soon after the signal fired;
 * no socket and no timer is left then.
 */
export async function runTraffic(options: TrafficOptions): Promise<void> {
  const client = createGatewayClient(options.gatewayUrl, options.users)
  const breakOff = (): void => void client.close()
  options.signal?.addEventListener('abort', breakOff, { once: true })
  const startedMs = performance.now()
  const queue = options.rows.entries()
  const user = async (): Promise<void> => {
    for (const [index, row] of queue) {
      if (!(await awaitTurn(options, index, startedMs))) return
      await visit(options, client, { row, random: createRandom(`user:${options.seed}:${row}`) })
    }
  }
  try {
    await Promise.all(Array.from({ length: options.users }, user))
  } finally {
    options.signal?.removeEventListener('abort', breakOff)
    await client.close()
  }
}
