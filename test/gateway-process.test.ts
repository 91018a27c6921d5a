import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bodyOf, chat } from './running-gateway.ts'
import { answer, startScriptedUpstream } from './scripted-upstream.ts'

const cli = new URL('../src/cli/main.ts', import.meta.url).pathname

interface Served {
  readonly process: ChildProcess
  readonly url: string
  readonly adminUrl: string
  lines(): string
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function configText(baseUrl: string, floor: number | string): string {
  return [
    'listen: { port: 0, admin: 0 }',
    `models: [{ id: m0, provider: p, baseUrl: "${baseUrl}", priceUsdPerMillion: { input: 1, output: 2 } }]`,
    `classes: [{ name: gold, satisfaction: { floor: ${floor} }, policy: mess-plus, proven: m0 }]`,
  ].join('\n')
}

async function waitFor<T>(read: () => T | null): Promise<T> {
  for (let i = 0; i < 2000; i++) {
    const found = read()
    if (found !== null) return found
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  throw new Error('it did not happen')
}

async function serve(config: string, store: string): Promise<Served> {
  const child = spawn(process.execPath, [cli, 'serve', '--config', config, '--store', store])
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stderr.on('data', data => {
    text += String(data)
  })
  const started = await waitFor(() => /serves on (\S+), admin on (\S+),/.exec(text))
  return { process: child, url: started[1] ?? '', adminUrl: started[2] ?? '', lines: () => text }
}

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body) })

test('serve: SIGHUP takes a good configuration and refuses a bad one, SIGTERM ends cleanly', async () => {
  const upstream = await startScriptedUpstream(answer('x'))
  onTestFinished(() => upstream.close())
  const folder = temporaryFolder()
  const config = join(folder, 'plimsoll.yaml')
  writeFileSync(config, configText(upstream.baseUrl, 0.8))
  const served = await serve(config, `sqlite:${join(folder, 'log.db')}`)
  const floor = async (): Promise<unknown> => (await bodyOf(fetch(`${served.url}/v1/sla/gold`))).floor
  expect(await floor()).toBe(0.8)
  writeFileSync(config, configText(upstream.baseUrl, 0.9))
  served.process.kill('SIGHUP')
  await waitFor(() => (served.lines().includes('is in force') ? true : null))
  expect(await floor()).toBe(0.9)
  writeFileSync(config, configText(upstream.baseUrl, 1.9))
  served.process.kill('SIGHUP')
  const refusal = await waitFor(() => /configuration refused, .*\n/.exec(served.lines()))
  expect(refusal[0]).toContain('classes[0].satisfaction.floor')
  expect(await floor()).toBe(0.9)
  expect((await post(`${served.url}/v1/chat/completions`, chat())).status).toBe(200)
  served.process.kill('SIGTERM')
  const [code] = await once(served.process, 'exit')
  expect(code).toBe(0)
  expect(served.lines()).toContain('state saved')
})

test('acknowledged feedback survives kill -9, and feedback for a lost record is accepted', async () => {
  const upstream = await startScriptedUpstream(answer('x'))
  onTestFinished(() => upstream.close())
  const folder = temporaryFolder()
  const config = join(folder, 'plimsoll.yaml')
  writeFileSync(config, configText(upstream.baseUrl, 0.8))
  const store = `sqlite:${join(folder, 'log.db')}`
  const acknowledged: string[] = []
  let served = await serve(config, store)
  for (let round = 0; round < 3; round++) {
    const dying = served
    const client = async (): Promise<void> => {
      for (;;) {
        const answered = await post(`${dying.url}/v1/chat/completions`, chat())
        const id = answered.headers.get('x-plimsoll-decision-id') ?? ''
        const said = await post(`${dying.url}/v1/feedback`, { decision_id: id, value: true })
        if (said.status === 202) acknowledged.push(id)
      }
    }
    const clients = Array.from({ length: 8 }, () => client().catch(() => undefined))
    const goal = acknowledged.length + 20
    await waitFor(() => (acknowledged.length >= goal ? true : null))
    dying.process.kill('SIGKILL')
    await Promise.all(clients)
    served = await serve(config, store)
  }
  for (const id of acknowledged) {
    const decision = await bodyOf<{ events: { kind: string }[] }>(
      fetch(`${served.url}/v1/router/decisions/${id}`),
    )
    expect(decision.events.filter(event => event.kind === 'feedback')).toHaveLength(1)
  }
  const state = await bodyOf<{ labels: number }>(fetch(`${served.adminUrl}/admin/classes/gold`))
  expect(state.labels).toBeGreaterThanOrEqual(acknowledged.length)
  served.process.kill('SIGTERM')
  await once(served.process, 'exit')
  // The same secret in a store that lost its decisions: the ids are still known as ours.
  const { createRequestIds } = await import('../src/gateway/request-ids.ts')
  const { openSqliteStore } = await import('../src/store/sqlite.ts')
  const opened = await openSqliteStore(join(folder, 'log.db'))
  const { decisionId } = createRequestIds(await opened.secret()).create(Date.now())
  await opened.close()
  served = await serve(config, store)
  const lost = await post(`${served.url}/v1/feedback`, { decision_id: decisionId, value: true })
  expect([lost.status, await bodyOf(lost)]).toEqual([
    202,
    expect.objectContaining({ accepted: true, duplicate: false }),
  ])
})

test('a port that is taken ends serve with one sentence and exit code 1', async () => {
  const upstream = await startScriptedUpstream(answer('x'))
  onTestFinished(() => upstream.close())
  const config = join(temporaryFolder(), 'plimsoll.yaml')
  writeFileSync(config, configText(upstream.baseUrl, 0.8))
  const taken = new URL(upstream.baseUrl).port
  for (const option of ['--port', '--admin-port']) {
    const child = spawn(process.execPath, [
      cli,
      'serve',
      '--config',
      config,
      '--store',
      'memory:',
      option,
      taken,
    ])
    let text = ''
    child.stderr.on('data', data => {
      text += String(data)
    })
    const [code] = await once(child, 'close')
    expect([code, text]).toEqual([1, expect.stringMatching(/EADDRINUSE.*choose another port/)])
  }
})

test.each<readonly [string, readonly string[], number, RegExp]>([
  [
    'a configuration that is not there',
    ['serve', '--config', '/nowhere.yaml'],
    78,
    /\/nowhere\.yaml has 1 fault/,
  ],
  ['validate of the same', ['validate', '--config', '/nowhere.yaml'], 78, /ENOENT/],
  ['validate of nothing', ['validate'], 64, /--config/],
  ['an unknown option', ['serve', '--prot', '1'], 64, /--port/],
  ['a port that is none', ['serve', '--port', '70000'], 64, /0 to 65535/],
  ['a gateway that is not there', ['sla', '--url', 'http://127.0.0.1:9'], 1, /no gateway answers/],
  ['an explanation of nothing', ['explain'], 64, /ID is required/],
  ['a store of another kind', ['explain', 'dec_x', '--store', 'mysql:x'], 64, /sqlite:FILE/],
])('%s ends with its exit code and one sentence', async (_, args, code, message) => {
  const child = spawn(process.execPath, [cli, ...args])
  let text = ''
  child.stderr.on('data', data => {
    text += String(data)
  })
  const [exit] = await once(child, 'close')
  expect([exit, text]).toEqual([code, expect.stringMatching(message)])
})

test('explain and sla read a running gateway and a closed log alike; the schema is JSON Schema', async () => {
  const upstream = await startScriptedUpstream(answer('x'))
  onTestFinished(() => upstream.close())
  const folder = temporaryFolder()
  const config = join(folder, 'plimsoll.yaml')
  writeFileSync(config, configText(upstream.baseUrl, 0.8))
  const store = `sqlite:${join(folder, 'log.db')}`
  const served = await serve(config, store)
  const answered = await post(`${served.url}/v1/chat/completions`, chat())
  const id = answered.headers.get('x-plimsoll-decision-id') ?? ''
  const run = async (...args: readonly string[]): Promise<unknown> => {
    const child = spawn(process.execPath, [cli, ...args])
    let text = ''
    child.stdout.on('data', data => {
      text += String(data)
    })
    await once(child, 'close')
    return JSON.parse(text)
  }
  const live = await run('explain', id, '--url', served.adminUrl)
  expect(live).toMatchObject({ id, class: 'gold', chosen: 'p/m0', propensity: 1 })
  expect(await run('sla', 'gold', '--url', served.adminUrl)).toMatchObject({ class: 'gold', requests: 1 })
  served.process.kill('SIGTERM')
  await once(served.process, 'exit')
  expect(await run('explain', id, '--store', store)).toEqual(live)
  expect(await run('sla', 'gold', '--store', store)).toMatchObject({ className: 'gold', requests: 1 })
  expect(await run('validate', '--schema')).toMatchObject({ type: 'object', required: ['models', 'classes'] })
  expect(readFileSync(config, 'utf8')).toBe(configText(upstream.baseUrl, 0.8))
})
