import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRandom } from '../routing/numeric/random.ts'
import { parseChatRequest, renderCompletion, renderStream } from './chat-wire.ts'
import { type FeedbackModel, parseFeedbackModel, someComplain, someSpeak } from './feedback-model.ts'
import { createSyntheticWorld } from './synthetic-world.ts'
import { runTraffic, type ServedRequest, type TrafficFailure, type TrafficOptions } from './traffic.ts'

const world = createSyntheticWorld({ seed: 5, rows: 400 })
const rows = world.prompts.map((_, row) => row)
const feedbackModel = (name: string): FeedbackModel => parseFeedbackModel(name) ?? someSpeak(1)

/** A gateway as far as clients see it: answers from the world with a model chosen by the row. */
interface FakeGateway {
  readonly server: Server
  readonly url: string
  readonly statements: { decision_id: string; value: number; source: string; model?: string }[]
  readonly asked: { model: string; stream: boolean }[]
  mostAtOnce: number
  refuse: number
  /** Every decision explores with all models. */
  explores: boolean
}

const modelOf = (row: number) => world.models[row % world.models.length] ?? world.models[0]

async function startFakeGateway(): Promise<FakeGateway> {
  let atOnce = 0
  const server = createServer(async (message, response) => {
    const body = await text(message)
    if (message.url === '/v1/feedback') {
      gateway.statements.push(JSON.parse(body))
      response.writeHead(202).end('{}')
      return
    }
    if (message.url?.startsWith('/v1/router/decisions/')) {
      response.end(JSON.stringify({ shadows: world.models.slice(0, 2).map(model => model.id) }))
      return
    }
    gateway.mostAtOnce = Math.max(gateway.mostAtOnce, ++atOnce)
    await new Promise(resolve => setTimeout(resolve, 2))
    atOnce--
    const request = parseChatRequest(body)
    if (typeof request === 'string') throw new Error(request)
    gateway.asked.push(request)
    if (gateway.refuse > 0) {
      gateway.refuse--
      response.writeHead(503).end('{"error":{"message":"away"}}')
      return
    }
    const row = world.rowOf(request.prompt) ?? -1
    const model = modelOf(row)?.id
    if (model === undefined) throw new Error('the world has no models')
    const answer = world.answer(row, model)
    const reply = { id: 'x', createdSeconds: 1, model, answer, costUsd: null, usageShape: null }
    response.writeHead(200, {
      'x-plimsoll-decision-id': `d${row}`,
      'x-plimsoll-model': model,
      'x-plimsoll-overhead-ms': '0.25',
      'x-plimsoll-reason': gateway.explores ? 'explore' : 'exploit',
    })
    response.end(request.stream ? renderStream(reply, false).join('') : renderCompletion(reply))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const url = `http://127.0.0.1:${port}`
  const gateway: FakeGateway = {
    server,
    url,
    statements: [],
    asked: [],
    mostAtOnce: 0,
    refuse: 0,
    explores: false,
  }
  return gateway
}

let gateway: FakeGateway
beforeEach(async () => {
  gateway = await startFakeGateway()
})
afterEach(async () => {
  gateway.server.closeAllConnections()
  await new Promise(resolve => gateway.server.close(resolve))
})

async function run(options: Partial<TrafficOptions> = {}) {
  const served: ServedRequest[] = []
  const failures: TrafficFailure[] = []
  await runTraffic({
    gatewayUrl: gateway.url,
    world,
    rows,
    model: 'auto/demo',
    users: 8,
    perSecond: null,
    streamShare: 0.25,
    feedback: feedbackModel('chosen'),
    feedbackDelayMs: 0,
    seed: 1,
    onServed: request => served.push(request),
    onFailure: failure => failures.push(failure),
    ...options,
  })
  return { served, failures }
}

describe('traffic', () => {
  it('asks every row once, some streaming, and knows the truth of each answer', async () => {
    const { served, failures } = await run()
    expect(failures).toEqual([])
    expect(served.map(request => request.row).toSorted((a, b) => a - b)).toEqual(rows)
    for (const request of served) {
      expect(request.model).toBe(modelOf(request.row)?.id)
      expect(request.satisfaction).toBe(world.answer(request.row, request.model).satisfaction)
      expect(request.costUsd).toBe(world.answer(request.row, request.model).costUsd)
      expect(request.overheadMs).toBe(0.25)
    }
    expect(new Set(gateway.asked.map(request => request.model))).toEqual(new Set(['auto/demo']))
    const streaming = gateway.asked.filter(request => request.stream).length
    expect(streaming).toBe(served.filter(request => request.streamed).length)
    expect(streaming).toBeGreaterThan(60)
    expect(streaming).toBeLessThan(140)
  })

  it('never has more users at once than there are', async () => {
    await run({ users: 3 })
    expect(gateway.mostAtOnce).toBeGreaterThan(1)
    expect(gateway.mostAtOnce).toBeLessThanOrEqual(3)
  })

  it('tells the label of the served answer, for every answer', async () => {
    await run({ feedbackDelayMs: 1 })
    expect(gateway.statements).toHaveLength(400)
    for (const { decision_id, value } of gateway.statements) {
      const row = Number(decision_id.slice(1))
      const model = modelOf(row)
      expect(value).toBe(model === undefined ? -1 : world.answer(row, model.id).satisfaction)
    }
  })

  it('sparse: a share speaks, good and bad alike', async () => {
    const { served } = await run({ feedback: feedbackModel('sparse:0.25') })
    expect(gateway.statements.length).toBeGreaterThan(60)
    expect(gateway.statements.length).toBeLessThan(140)
    const told =
      gateway.statements.filter(statement => statement.value === 1).length / gateway.statements.length
    const true_ = served.filter(request => request.satisfaction === 1).length / served.length
    expect(Math.abs(told - true_)).toBeLessThan(0.2)
  })

  it('one-sided: only unsatisfied users speak, and not all of them', async () => {
    const { served } = await run({ feedback: feedbackModel('one-sided:0.5') })
    const unsatisfied = served.filter(request => request.satisfaction === 0)
    expect(gateway.statements.every(statement => statement.value === 0)).toBe(true)
    expect(gateway.statements.length).toBeGreaterThan(0.3 * unsatisfied.length)
    expect(gateway.statements.length).toBeLessThan(0.7 * unsatisfied.length)
    const rowsTold = gateway.statements.map(statement => Number(statement.decision_id.slice(1)))
    expect(unsatisfied.map(request => request.row)).toEqual(expect.arrayContaining(rowsTold))
  })

  it('a judge grades the shadow answers of explored decisions', async () => {
    gateway.explores = true
    const { failures } = await run({ rows: [0, 1, 2] })
    expect(failures).toEqual([])
    const graded = gateway.statements.filter(statement => statement.source === 'judge')
    const expected = [0, 1, 2].flatMap(row =>
      world.models.slice(0, 2).map(({ id }) => [`d${row}`, id, world.answer(row, id).satisfaction]),
    )
    const found = graded.map(statement => [statement.decision_id, statement.model, statement.value])
    expect(found.toSorted()).toEqual(expected.toSorted())
    expect(gateway.statements).toHaveLength(9)
  })

  it('the same seed asks and tells the same', async () => {
    const first = await run({ feedback: feedbackModel('sparse:0.5'), users: 1, rows: rows.slice(0, 80) })
    const toldFirst = gateway.statements.splice(0)
    const second = await run({ feedback: feedbackModel('sparse:0.5'), users: 1, rows: rows.slice(0, 80) })
    const streamed = (requests: readonly ServedRequest[]) =>
      requests.map(request => [request.row, request.streamed])
    expect(streamed(second.served)).toEqual(streamed(first.served))
    expect(gateway.statements).toEqual(toldFirst)
  })

  it('reports a refusal with its status and goes on', async () => {
    gateway.refuse = 2
    const { served, failures } = await run()
    expect(served).toHaveLength(398)
    expect(failures.map(failure => [failure.what, failure.status])).toEqual([
      ['request', 503],
      ['request', 503],
    ])
  })

  it('ends early when the signal fires, and says nothing afterwards', async () => {
    const controller = new AbortController()
    const { served, failures } = await run({
      perSecond: 1,
      users: 4,
      signal: controller.signal,
      onServed: () => controller.abort(),
    })
    expect(served.length).toBe(0)
    expect(failures).toEqual([])
    expect(gateway.asked.length).toBeLessThan(5)
  })
})

describe('feedback models', () => {
  const random = createRandom('feedback')
  const shareThatSpeaks = (model: FeedbackModel, satisfaction: number): number =>
    Array.from({ length: 4000 }, () => model.react(satisfaction, random)).filter(value => value !== null)
      .length / 4000

  it('a half satisfied user complains half as often', () => {
    expect(shareThatSpeaks(someComplain(0.8), 0)).toBeCloseTo(0.8, 1)
    expect(shareThatSpeaks(someComplain(0.8), 0.5)).toBeCloseTo(0.4, 1)
    expect(shareThatSpeaks(someComplain(0.8), 1)).toBe(0)
    expect(shareThatSpeaks(someSpeak(0.3), 1)).toBeCloseTo(0.3, 1)
  })

  it('are read as they are written, and nothing else is', () => {
    for (const name of ['chosen', 'none', 'sparse:0.25', 'one-sided:1']) {
      expect(parseFeedbackModel(name)?.name).toBe(name)
    }
    for (const name of ['', 'full', 'sparse', 'sparse:0', 'sparse:2', 'one-sided:x', 'chosen:1']) {
      expect(parseFeedbackModel(name)).toBeNull()
    }
  })
})
