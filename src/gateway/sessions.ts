import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ChatRequest } from '../protocol/openai-chat/parse.ts'
import type { ModelId } from '../routing/model.ts'
import type { KeyConfig } from './config.ts'

/** Which model answered a conversation last: inside a tool loop the next turn stays with it. */
export interface Sessions {
  lastModel(session: string): ModelId | undefined
  remember(session: string, model: ModelId): void
}

/** Remembers at most `capacity` conversations; the one that was silent longest makes room. */
export function createSessions(capacity: number): Sessions {
  const models = new Map<string, ModelId>()
  return {
    lastModel: session => models.get(session),
    remember(session, model) {
      models.delete(session)
      models.set(session, model)
      if (models.size <= capacity) return
      const oldest = models.keys().next()
      if (!oldest.done) models.delete(oldest.value)
    },
  }
}

/** The name that a client gives its conversation; `null` where it gives none. */
export function statedSession(headers: IncomingHttpHeaders, { body }: ChatRequest): string | null {
  const { metadata } = body
  const stated = [
    headers['x-session-id'],
    headers['x-conversation-id'],
    body.session_id,
    body.prompt_cache_key,
    typeof metadata === 'object' && metadata !== null && 'session_id' in metadata
      ? metadata.session_id
      : null,
  ].find(value => typeof value === 'string' && value !== '')
  return typeof stated === 'string' ? stated : null
}

/** Names the conversation that a request belongs to: as the client names it, else by its opening. */
export function sessionOf(headers: IncomingHttpHeaders, chat: ChatRequest, caller: KeyConfig | null): string {
  const owner = caller?.name ?? ''
  // Hashed either way: prompts are not kept, and one client's name for a session means nothing for another's.
  const opening =
    statedSession(headers, chat) ??
    chat.messages.slice(0, 1 + chat.messages.findIndex(message => message.role === 'user'))
  return createHash('sha256')
    .update(JSON.stringify([owner, opening]))
    .digest('base64url')
}
