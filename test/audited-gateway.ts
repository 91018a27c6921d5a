import { expect, onTestFinished } from 'vitest'
import { createMemoryStore } from '../src/store/memory.ts'
import type { Store } from '../src/store/store.ts'
import { bodyOf, chat, startTestGateway, type TestGateway, testConfig } from './running-gateway.ts'
import { answer, type Script, startScriptedUpstream } from './scripted-upstream.ts'

export type Document = Readonly<Record<string, unknown>>

/** A class whose every answer is audited. */
export const audited = (audits: Document, more: Document = {}): Document => ({
  classes: [
    {
      name: 'gold',
      satisfaction: { floor: 0.8 },
      feedback: { kind: 'one-sided' },
      policy: 'fixed:m0',
      auditBudget: 1,
      audits,
    },
  ],
  ...more,
})

export async function scripted(...scripts: readonly Script[]) {
  const server = await startScriptedUpstream(...scripts)
  onTestFinished(() => server.close())
  return server
}

export async function gatewayWith(
  overrides: Document,
  upstream: Script = answer('the sky scatters light'),
  store: Store = createMemoryStore(),
): Promise<TestGateway> {
  const { baseUrl } = await scripted(upstream)
  const gateway = await startTestGateway(testConfig([baseUrl], overrides), store)
  onTestFinished(() => gateway.close())
  return gateway
}

export async function ask(gateway: TestGateway, body: Document = {}, headers = {}): Promise<string> {
  const response = await gateway.post('/v1/chat/completions', chat(body), headers)
  await response.text()
  expect(response.status).toBe(200)
  return response.headers.get('x-plimsoll-decision-id') ?? ''
}

export interface Trail {
  readonly audit: unknown
  readonly events: readonly {
    readonly kind: string
    readonly metric?: string
    readonly value?: number
    readonly probability?: number
  }[]
}

export const trailOf = (gateway: TestGateway, id: string): Promise<Trail> =>
  bodyOf<Trail>(gateway.get(`/v1/router/decisions/${id}`))

/** Waits for what happens beside the requests. */
export async function until<T>(read: () => Promise<T | null | undefined | false>): Promise<T> {
  for (let i = 0; i < 1000; i++) {
    const found = await read()
    if (found) return found
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error('it did not happen')
}

export const eventOf = (gateway: TestGateway, id: string, kind: string, metric?: string) =>
  until(async () =>
    (await trailOf(gateway, id)).events.find(
      event => event.kind === kind && (metric === undefined || event.metric === metric),
    ),
  )

export interface ClassAudits {
  readonly state: string
  readonly spentTodayUsd: number
  readonly labelled: number
  readonly drawn: number
  readonly missed: Readonly<Record<string, number>>
  readonly waitingForHumans: number
}

export async function auditsOf(gateway: TestGateway): Promise<ClassAudits> {
  const { classes } = await bodyOf<{ classes: readonly ClassAudits[] }>(gateway.admin('/admin/audits'))
  const [found] = classes
  if (found === undefined) throw new Error('no audited class')
  return found
}

export const onAdmin = (
  gateway: TestGateway,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> =>
  fetch(gateway.adminUrl + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })

export interface Pending {
  readonly decision_id: string
  readonly model: string
  readonly request: Document
  readonly answer: Document
  readonly complete: boolean
}

export async function pendingOf(gateway: TestGateway): Promise<readonly Pending[]> {
  return (await bodyOf<{ audits: readonly Pending[] }>(gateway.admin('/admin/audits/pending'))).audits
}
