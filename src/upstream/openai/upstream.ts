import type { Pool } from 'undici'
import type { ModelId } from '../../routing/model.ts'
import type { CallTimeouts, Upstream } from '../upstream.ts'
import { OpenAiCall } from './call.ts'
import type { ConnectionPools } from './connection-pools.ts'

/** What is needed to call one model that speaks the OpenAI wire. */
export interface OpenAiUpstreamOptions {
  readonly model: ModelId
  readonly provider: string
  /** With its path, for example `https://api.example.com/v1`. */
  readonly baseUrl: string
  /** The model's name at the provider. */
  readonly upstreamModel: string
  /** `null` for a provider that asks for none. */
  readonly apiKey: string | null
  readonly timeoutMs: CallTimeouts
  /** Whether streams are asked to end with their usage. */
  readonly measureUsage: boolean
}

/** A model behind the OpenAI wire, reached over kept-alive connections. */
export function createOpenAiUpstream(options: OpenAiUpstreamOptions, pools: ConnectionPools): Upstream {
  const base = new URL(options.baseUrl)
  const path = `${base.pathname.replace(/\/$/, '')}/chat/completions${base.search}`
  const pool: Pool = pools.pool(base.origin, options.timeoutMs.connect)
  const headers = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream']
  if (options.apiKey !== null) headers.push('authorization', `Bearer ${options.apiKey}`)
  return {
    model: options.model,
    provider: options.provider,
    call: (request, { cancellation }) =>
      new Promise(resolve => {
        const body = request.body(options.upstreamModel, options.measureUsage)
        const call = new OpenAiCall({
          stream: request.stream,
          timeouts: options.timeoutMs,
          cancellation,
          resolve,
        })
        if (!cancellation.cancelled)
          pool.dispatch({ path, method: 'POST', headers, body: body as Buffer }, call)
      }),
  }
}
