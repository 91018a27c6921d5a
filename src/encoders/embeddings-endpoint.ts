import { Pool } from 'undici'
import * as z from 'zod'
import { checkedVector, type Encoder, EncoderError, encodedPart } from './encoder.ts'

/** An OpenAI-compatible endpoint and the model that it is asked for. */
export interface EmbeddingsEndpointOptions {
  /** Without `/embeddings`, for example `http://127.0.0.1:8080/v1`. */
  readonly baseUrl: string
  readonly model: string
  /** Sent as a bearer token; `null`: none. */
  readonly apiKey: string | null
  /** Length of the model's vectors; an answer of any other length is refused. */
  readonly dimensions: number
}

const CONNECT_TIMEOUT_MS = 5_000
const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
/** Only to learn the length of a model's vectors. */
const PROBE_TEXT = 'dimensions'

const answerSchema = z.object({
  data: z.array(z.object({ index: z.int().nonnegative(), embedding: z.array(z.number()).min(1) })),
})
type Answer = z.output<typeof answerSchema>

/** An encoder behind `POST /v1/embeddings`: one call per batch, over kept connections. */
export function createEmbeddingsEndpoint(options: EmbeddingsEndpointOptions): Encoder {
  const connection = connect(options)
  const { dimensions } = options
  const name = `embeddings:${options.model}@${dimensions}`
  return {
    name,
    dimensions,
    async encode(texts, signal) {
      if (texts.length === 0) return []
      const { data } = await connection.ask(texts, signal)
      const byIndex = new Map(data.map(entry => [entry.index, entry.embedding]))
      if (data.length !== texts.length || byIndex.size !== texts.length) {
        throw new EncoderError(
          'invalid_answer',
          `${name} gave ${data.length} vectors of ${texts.length} texts`,
        )
      }
      return texts.map((_, i) => checkedVector(byIndex.get(i) ?? [], { name, dimensions }))
    },
    close: connection.close,
  }
}

/** The length of an endpoint's vectors, found out by one call. */
export async function askDimensions(
  options: Omit<EmbeddingsEndpointOptions, 'dimensions'>,
  signal: AbortSignal,
): Promise<number> {
  const connection = connect(options)
  try {
    const { data } = await connection.ask([PROBE_TEXT], signal)
    return data[0]?.embedding.length ?? 0
  } finally {
    await connection.close()
  }
}

interface Connection {
  ask(texts: readonly string[], signal: AbortSignal): Promise<Answer>
  close(): Promise<void>
}

function connect({ baseUrl, model, apiKey }: Omit<EmbeddingsEndpointOptions, 'dimensions'>): Connection {
  const base = new URL(baseUrl)
  const path = `${base.pathname.replace(/\/+$/, '')}/embeddings${base.search}`
  // Callers bound each call by its signal.
  const pool = new Pool(base.origin, {
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
  })
  const headers = {
    'content-type': 'application/json',
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
  }
  const request = async (texts: readonly string[], signal: AbortSignal) => {
    const body = JSON.stringify({ model, input: texts.map(encodedPart), encoding_format: 'float' })
    const response = await pool.request({ method: 'POST', path, headers, body, signal })
    return { status: response.statusCode, bytes: await readBounded(response.body) }
  }
  return {
    async ask(texts, signal) {
      const answer = await request(texts, signal).catch(error => {
        throw signal.aborted ? cancelled(error) : unreachable(base.origin, error)
      })
      if (answer.status !== 200) throw refused(base.origin, answer.status)
      return parseAnswer(base.origin, answer.bytes)
    },
    close: () => pool.destroy(),
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > ANSWER_LIMIT_BYTES) throw new RangeError('the answer is longer than 64 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parseAnswer(origin: string, bytes: Buffer): Answer {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    // The parser's message quotes the answer, and an answer may quote the texts.
    throw new EncoderError('invalid_answer', `the embeddings endpoint ${origin} answered no valid JSON`)
  }
  const parsed = answerSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const field = parsed.error.issues[0]?.path.join('.') || 'the answer'
  throw new EncoderError(
    'invalid_answer',
    `the embeddings endpoint ${origin} answered JSON without vectors (at ${field}); expected data[].embedding and data[].index`,
  )
}

function cancelled(cause: unknown): EncoderError {
  return new EncoderError('cancelled', 'the call of the embeddings endpoint was cancelled', cause)
}

function unreachable(origin: string, cause: unknown): EncoderError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer'
  return new EncoderError(
    'unavailable',
    `the embeddings endpoint ${origin} cannot be reached (${code}); is it running?`,
    cause,
  )
}

/** What an error's body says may quote the texts: only the status is told. */
function refused(origin: string, status: number): EncoderError {
  const passing = status >= 500 || status === 408 || status === 429
  const advice = passing ? 'try again later' : 'correct its address, the model or the key'
  return new EncoderError(
    passing ? 'unavailable' : 'misconfigured',
    `the embeddings endpoint ${origin} answered with status ${status}; ${advice}`,
  )
}
