import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { modelId } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import { parseChatRequest } from './chat-wire.ts'
import type { World } from './world.ts'

/** How often a judge is wrong, each a probability in [0, 1]. */
export interface JudgeErrors {
  /** An unsatisfying answer is called satisfying. */
  readonly falsePositive: number
  /** A satisfying answer is called unsatisfying. */
  readonly falseNegative: number
}

/** How a simulated judge is started. */
export interface SimulatedJudgeOptions {
  readonly world: World
  /** By default it is never wrong. */
  readonly errors?: JudgeErrors
  /** Seeds its errors: each decision is judged the same whenever it is asked about. */
  readonly seed?: string | number
}

/** A judge as the callback of the gateway's `http` audits, on a free loopback port. */
export interface SimulatedJudge {
  readonly url: string
  /** Answers that it has labelled. */
  readonly labelled: number
  /** The truth of every answer that it was asked about, by decision. */
  readonly truth: ReadonlyMap<string, number>
  close(): Promise<void>
}

interface Question {
  readonly decision_id: string
  readonly model: string
  readonly request: unknown
}

/** Starts a judge that knows the world: what the user of an answer thinks of it, but for its errors. */
export async function startSimulatedJudge(options: SimulatedJudgeOptions): Promise<SimulatedJudge> {
  const truth = new Map<string, number>()
  const server = createServer((message, response) => {
    answer(options, truth, message, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new Error('the server has no port after listening')
  return {
    url: `http://127.0.0.1:${address.port}/judge`,
    get labelled() {
      return truth.size
    },
    truth,
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(
  { world, errors, seed = 0 }: SimulatedJudgeOptions,
  truth: Map<string, number>,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const question = JSON.parse(await text(message)) as Question
  const request = parseChatRequest(JSON.stringify(question.request))
  const row = typeof request === 'string' ? null : world.rowOf(request.prompt)
  const label = row === null ? null : world.answer(row, modelId(question.model)).satisfaction
  if (label !== null) truth.set(question.decision_id, label)
  const verdict =
    label === null ? {} : { value: judged(label, errors, `judge:${seed}:${question.decision_id}`) }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(verdict))
}

/** A wrong verdict turns the label round. */
function judged(label: number, errors: JudgeErrors | undefined, seed: string): number {
  if (errors === undefined) return label
  const rate = label > 0 ? errors.falseNegative : errors.falsePositive
  return createRandom(seed).next() < rate ? 1 - label : label
}
