import type { UsageShape } from './fault-profile.ts'
import type { WorldAnswer } from './world.ts'

/** What a simulated provider reads of a chat request. */
export interface SimulatedChatRequest {
  readonly model: string
  /** Text of the last user message. */
  readonly prompt: string
  readonly stream: boolean
  /** The caller asked for a usage chunk. */
  readonly streamUsage: boolean
}

/** What a response is made from. */
export interface ChatReply {
  readonly id: string
  readonly createdSeconds: number
  /** The name that the caller used for the model. */
  readonly model: string
  readonly answer: WorldAnswer
  /** Reported as `usage.cost`; `null`: not reported. */
  readonly costUsd: number | null
  readonly usageShape: UsageShape | null
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map(part => (isRecord(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

/** Reads a request body; a string says what is wrong with it. */
export function parseChatRequest(body: string): SimulatedChatRequest | string {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return 'the body is not JSON'
  }
  if (!isRecord(parsed)) return 'the body is not an object'
  if (typeof parsed.model !== 'string') return '`model` is not a string'
  if (!Array.isArray(parsed.messages) || parsed.messages.length === 0)
    return '`messages` is not a non-empty list'
  const lastUser = parsed.messages.findLast(message => isRecord(message) && message.role === 'user')
  const options = parsed.stream_options
  return {
    model: parsed.model,
    prompt: isRecord(lastUser) ? textOf(lastUser.content) : '',
    stream: parsed.stream === true,
    streamUsage: isRecord(options) && options.include_usage === true,
  }
}

/** The usage object in a shape; `undefined` where the shape is to leave it out. */
function usageOf({ answer, costUsd, usageShape }: ChatReply): unknown {
  const { promptTokens: prompt, completionTokens: completion } = answer
  const cost = costUsd === null ? {} : { cost: costUsd }
  switch (usageShape) {
    case null:
    case 'with-choice':
      return {
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: prompt + completion,
        ...cost,
      }
    case 'absent':
      return undefined
    case 'strings':
      return {
        prompt_tokens: `${prompt}`,
        completion_tokens: `${completion}`,
        total_tokens: `${prompt + completion}`,
      }
    case 'nulls':
      return { prompt_tokens: null, completion_tokens: null, total_tokens: null }
    case 'other-names':
      return { input_tokens: prompt, output_tokens: completion }
  }
}

/** The body of an unstreamed answer. */
export function renderCompletion(reply: ChatReply): string {
  return JSON.stringify({
    id: reply.id,
    object: 'chat.completion',
    created: reply.createdSeconds,
    model: reply.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: reply.answer.text, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: usageOf(reply),
  })
}

/** Text cut into parts of a few words, nothing lost. */
function cutText(text: string): readonly string[] {
  return text.match(/(?:\S*\s*){1,3}/g)?.filter(part => part !== '') ?? []
}

/** The events of a streamed answer, each with its `data:` line, `[DONE]` last. */
export function renderStream(reply: ChatReply, withUsage: boolean): readonly string[] {
  const head = {
    id: reply.id,
    object: 'chat.completion.chunk',
    created: reply.createdSeconds,
    model: reply.model,
  }
  const event = (choices: readonly unknown[], usage?: unknown): string =>
    `data: ${JSON.stringify({ ...head, choices, ...(usage === undefined ? {} : { usage }) })}\n\n`
  const choice = (delta: unknown, finish: string | null): unknown => ({
    index: 0,
    delta,
    finish_reason: finish,
  })
  const usage = withUsage ? usageOf(reply) : undefined
  const inLastChoice = reply.usageShape === 'with-choice'
  return [
    event([choice({ role: 'assistant', content: '' }, null)]),
    ...cutText(reply.answer.text).map(text => event([choice({ content: text }, null)])),
    event([choice({}, 'stop')], inLastChoice ? usage : undefined),
    ...(usage !== undefined && !inLastChoice ? [event([], usage)] : []),
    'data: [DONE]\n\n',
  ]
}

/** An OpenAI error object. */
export function renderProviderError(message: string, type: string, code: string | null): string {
  return JSON.stringify({ error: { message, type, param: null, code } })
}
