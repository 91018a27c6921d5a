import OpenAI from 'openai'
import { expect, onTestFinished } from 'vitest'
import { type GatewayConfig, parseConfig } from '../src/gateway/config.ts'
import { type RunningGateway, startGateway } from '../src/gateway/main.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import type { Store } from '../src/store/store.ts'
import { type Script, type ScriptedUpstream, startScriptedUpstream } from './scripted-upstream.ts'

type Document = Readonly<Record<string, unknown>>

/** A configuration with one model per base URL, named m0, m1, … of the provider `p`, the first one preferred. */
export function testConfig(
  baseUrls: readonly string[],
  overrides: Document = {},
  model: Document = {},
): GatewayConfig {
  const parsed = parseConfig(
    {
      listen: { port: 0, admin: 0 },
      store: 'memory:',
      models: baseUrls.map((baseUrl, i) => ({
        id: `m${i}`,
        provider: 'p',
        baseUrl,
        upstreamModel: `up-${i}`,
        priceUsdPerMillion: { input: 1, output: 2 },
        capabilities: ['tools', 'json_schema'],
        timeoutMs: { connect: 500, firstToken: 300, total: 3000 },
        ...model,
      })),
      classes: [
        { name: 'gold', satisfaction: { floor: 0.8 }, feedback: { kind: 'chosen' }, policy: 'fixed:m0' },
      ],
      ...overrides,
    },
    { TEST_KEY: 'sk-upstream-secret' },
  )
  if (parsed.ok) return parsed.config
  throw new Error(parsed.faults.map(fault => `${fault.path}: ${fault.message}`).join('\n'))
}

/** A gateway in this process with its log lines and a client. */
export interface TestGateway extends RunningGateway {
  readonly lines: readonly string[]
  readonly client: OpenAI
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  admin(path: string): Promise<Response>
}

export async function startTestGateway(
  config: GatewayConfig,
  store: Store = createMemoryStore(),
): Promise<TestGateway> {
  const lines: string[] = []
  const gateway = await startGateway({ config, store, port: 0, adminPort: 0, log: line => lines.push(line) })
  return {
    ...gateway,
    lines,
    client: new OpenAI({ apiKey: 'sk-client', baseURL: `${gateway.url}/v1`, maxRetries: 0 }),
    post: (path, body, headers = {}) =>
      fetch(gateway.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path, headers = {}) => fetch(gateway.url + path, { headers }),
    admin: path => fetch(gateway.adminUrl + path),
  }
}

/** A chat request body. */
export function chat(extra: Document = {}): Document {
  return { model: 'auto', messages: [{ role: 'user', content: 'Why is the sky blue?' }], ...extra }
}

/** The JSON body of a response, as the form that the test expects. */
export async function bodyOf<T = Readonly<Record<string, unknown>>>(
  response: Response | Promise<Response>,
): Promise<T> {
  return (await (await response).json()) as T
}

/** A decision as `GET /v1/router/decisions/{id}` shows it, as far as tests read it. */
export interface DecisionBody {
  readonly class: string
  readonly floor: number
  readonly chosen: string
  readonly events: readonly {
    readonly kind: string
    readonly model: string
    readonly value?: number
    readonly outcome?: {
      readonly error: string | null
      readonly shadow: boolean
      readonly costUsd: number | null
    }
  }[]
}

/** Starts one scripted upstream per list of scripts and a gateway before them; all end with the test. */
export async function start(
  scripts: readonly (readonly Script[])[],
  overrides: Document = {},
  model: Document = {},
): Promise<{ readonly gateway: TestGateway; readonly upstreams: readonly ScriptedUpstream[] }> {
  const upstreams: ScriptedUpstream[] = []
  for (const script of scripts) {
    const upstream = await startScriptedUpstream(...script)
    upstreams.push(upstream)
    onTestFinished(() => upstream.close())
  }
  const config = testConfig(
    upstreams.map(({ baseUrl }) => baseUrl),
    overrides,
    model,
  )
  const gateway = await startTestGateway(config)
  onTestFinished(() => gateway.close())
  return { gateway, upstreams }
}

/** A class as `GET /v1/sla/{class}` shows it. */
export interface SlaBody {
  readonly class: string
  readonly floor: number
  readonly requests: number
  readonly costUsd: number
  readonly share: Readonly<Record<string, number>>
  readonly constraints: readonly Readonly<Record<string, unknown>>[]
}

/** One class that explores and learns. */
export const messPlus = {
  classes: [
    {
      name: 'gold',
      satisfaction: { floor: 0.8 },
      feedback: { kind: 'chosen', windowMs: 60_000 },
      policy: 'mess-plus',
      proven: 'm1',
    },
  ],
}

/** Asks, then says whether the answer satisfied. */
export async function askAndJudge(gateway: TestGateway, text: string, value: boolean): Promise<string> {
  const response = await gateway.post(
    '/v1/chat/completions',
    chat({ messages: [{ role: 'user', content: text }] }),
  )
  expect(response.status).toBe(200)
  await response.text()
  const id = response.headers.get('x-plimsoll-decision-id') ?? ''
  expect((await gateway.post('/v1/feedback', { decision_id: id, value })).status).toBe(202)
  return id
}
