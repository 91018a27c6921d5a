import type { Capability } from '../../inference/inference-request.ts'
import type { ChatMessage } from './parse.ts'

const NONE: readonly Capability[] = []

/** What a model must be able to do so that no field of the request is dropped. */
export function requiredCapabilities(
  body: Readonly<Record<string, unknown>>,
  messages: readonly ChatMessage[],
): readonly Capability[] {
  const required = new Set<Capability>()
  const tools = body.tools
  if (Array.isArray(tools) && tools.length > 0) required.add('tools')
  if (body.parallel_tool_calls === true) required.add('parallel_tools')
  const format = body.response_format
  if (typeof format === 'object' && format !== null && 'type' in format && format.type === 'json_schema')
    required.add('json_schema')
  const effort = body.reasoning_effort
  if (typeof effort === 'string' && effort !== 'none') required.add('reasoning')
  for (const message of messages) {
    if (message.role === 'tool') required.add('tools')
    if (Array.isArray(message.content)) addParts(message.content, required)
  }
  return required.size === 0 ? NONE : [...required]
}

function addParts(parts: readonly unknown[], required: Set<Capability>): void {
  for (const part of parts) {
    if (typeof part !== 'object' || part === null || !('type' in part)) continue
    if (part.type === 'image_url') required.add('vision')
    if (part.type === 'input_audio') required.add('audio')
  }
}
