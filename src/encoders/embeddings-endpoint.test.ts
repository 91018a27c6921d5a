import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { askDimensions, createEmbeddingsEndpoint } from './embeddings-endpoint.ts'
import { describeEncoder } from './encoder.contract.ts'
import { type Encoder, EncoderError } from './encoder.ts'
import {
  type EndpointMood,
  letterVector,
  type ScriptedEndpoint,
  startScriptedEndpoint,
} from './scripted-endpoint.fixture.ts'

let endpoint: ScriptedEndpoint
let encoder: Encoder

const options = () => ({ baseUrl: endpoint.baseUrl, model: 'letters', apiKey: 'k-123', dimensions: 3 })
const idle = (): AbortSignal => new AbortController().signal

beforeAll(async () => {
  endpoint = await startScriptedEndpoint()
  encoder = createEmbeddingsEndpoint(options())
})
beforeEach(() => {
  endpoint.mood = 'fine'
})
afterAll(async () => {
  await encoder.close()
  await endpoint.close()
})

describeEncoder('an embeddings endpoint', async () => createEmbeddingsEndpoint(options()))

describe('createEmbeddingsEndpoint', () => {
  it('asks for a whole batch in one call, with model and key', async () => {
    const before = endpoint.calls.length
    const vectors = await encoder.encode(['one', 'two'], idle())
    expect(vectors).toEqual([letterVector('one'), letterVector('two')].map(v => Float32Array.from(v)))
    expect(endpoint.calls.slice(before)).toEqual([
      { path: '/v1/embeddings', authorization: 'Bearer k-123', model: 'letters', input: ['one', 'two'] },
    ])
    expect(encoder.name).toBe('embeddings:letters@3')
  })

  it('goes by the index of each vector, not by its place', async () => {
    endpoint.mood = 'reversed'
    const [one] = await encoder.encode(['one', 'two'], idle())
    expect(one).toEqual(Float32Array.from(letterVector('one')))
  })

  it('keeps query and path of its address', async () => {
    const other = createEmbeddingsEndpoint({
      ...options(),
      baseUrl: `${endpoint.baseUrl}/?v=2`,
      apiKey: null,
    })
    await other.encode(['one'], idle())
    await other.close()
    expect(endpoint.calls.at(-1)).toMatchObject({ path: '/v1/embeddings?v=2', authorization: undefined })
  })

  it('finds out how long the vectors are', async () => {
    expect(await askDimensions(options(), idle())).toBe(3)
  })

  it.each<[EndpointMood, string, RegExp]>([
    ['failing', 'unavailable', /answered with status 500; try again later/],
    ['unauthorised', 'misconfigured', /status 401; correct its address, the model or the key/],
    ['dropping', 'unavailable', /cannot be reached/],
    ['malformed', 'invalid_answer', /no valid JSON/],
    ['without-vectors', 'invalid_answer', /without vectors \(at data\)/],
    ['no-numbers', 'invalid_answer', /without vectors \(at data\.0\.embedding\.0\)/],
    ['one-dimension-more', 'invalid_answer', /a vector of 4 dimensions, expected 3/],
    ['one-vector-less', 'invalid_answer', /gave 1 vectors of 2 texts/],
    ['same-index', 'invalid_answer', /gave 2 vectors of 2 texts/],
  ])('%s: %s', async (mood, fault, message) => {
    endpoint.mood = mood
    const secret = 'a prompt that nobody may read'
    const error = await encoder.encode([secret, 'two'], idle()).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(EncoderError)
    expect(error).toMatchObject({ fault, message: expect.stringMatching(message) })
    expect(String(error)).not.toMatch(/nobody may read|k-123/)
  })

  it('lets go of a call that hangs when it is cancelled', async () => {
    endpoint.mood = 'hanging'
    const cancellation = new AbortController()
    const before = endpoint.calls.length
    const call = encoder.encode(['one'], cancellation.signal).catch((caught: unknown) => caught)
    while (endpoint.calls.length === before) await new Promise(resolve => setImmediate(resolve))
    cancellation.abort()
    expect(await call).toMatchObject({ fault: 'cancelled' })
  })

  it('says so when nobody listens', async () => {
    const gone = await startScriptedEndpoint()
    const { baseUrl } = gone
    await gone.close()
    const lost = createEmbeddingsEndpoint({ ...options(), baseUrl })
    const error = await lost.encode(['one'], idle()).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ fault: 'unavailable', message: expect.stringContaining('ECONNREFUSED') })
    await lost.close()
  })
})
