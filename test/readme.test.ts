import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { readConfigFile } from '../src/gateway/config.ts'
import { startGateway } from '../src/gateway/main.ts'
import { createMemoryStore } from '../src/store/memory.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The first block of code in a language that contains a text. */
function block(language: string, containing: string): string {
  const blocks = readme.matchAll(new RegExp(`\`\`\`${language}\\n([^\`]*)\`\`\``, 'g'))
  const found = [...blocks].map(match => match[1] ?? '').find(code => code.includes(containing))
  if (found === undefined) throw new Error(`README.md has no ${language} block with ${containing}`)
  return found
}

/** An upstream that always gives the same answer. */
async function startProvider(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          id: 'chatcmpl-1',
          object: 'chat.completion',
          created: 1,
          model: 'upstream-model',
          choices: [
            { index: 0, message: { role: 'assistant', content: 'The load line.' }, finish_reason: 'stop' },
          ],
          usage: { prompt_tokens: 12, completion_tokens: 4, total_tokens: 16 },
        }),
      )
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address() as AddressInfo
  return `http://127.0.0.1:${address.port}/v1`
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-readme-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

test('the configuration and the client of the README work together as they stand', async () => {
  const folder = makeFolder()
  const provider = await startProvider()
  const file = join(folder, 'plimsoll.yaml')
  writeFileSync(file, block('yaml', 'classes:').replace(/baseUrl: .*/g, `baseUrl: ${provider}`))
  const result = readConfigFile(file, { OPENAI_API_KEY: 'key' })
  if (!result.ok) throw new Error(JSON.stringify(result.faults))

  const store = createMemoryStore()
  const gateway = await startGateway({ config: result.config, store, port: 0, adminPort: 0 })
  onTestFinished(() => gateway.close())
  const script = join(folder, 'client.mjs')
  const client = block('js', "from 'openai'").replace('http://127.0.0.1:4000', gateway.url)
  writeFileSync(script, `${client}\nconsole.log(decision)\n`)
  const { stdout } = await promisify(execFile)(process.execPath, [script])

  const [answer, decision] = stdout.split('\n')
  expect(answer).toBe('The load line.')
  const trail: unknown = await (await fetch(`${gateway.url}/v1/router/decisions/${decision}`)).json()
  expect(trail).toMatchObject({
    events: expect.arrayContaining([expect.objectContaining({ kind: 'feedback', value: 1 })]),
  })
  const sla: unknown = await (await fetch(`${gateway.url}/v1/sla/gold`)).json()
  expect(sla).toMatchObject({ class: 'gold', floor: 0.9, requests: 1 })
})

test('the table of paths names only paths that are there', async () => {
  const folder = makeFolder()
  const file = join(folder, 'plimsoll.yaml')
  writeFileSync(file, block('yaml', 'classes:'))
  const result = readConfigFile(file, { OPENAI_API_KEY: 'key' })
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  const gateway = await startGateway({
    config: result.config,
    store: createMemoryStore(),
    port: 0,
    adminPort: 0,
  })
  onTestFinished(() => gateway.close())

  const rows = [...readme.matchAll(/^\| `((?:GET|POST) [^|]*) \|/gm)].map(match => match[1] ?? '')
  const paths = rows.flatMap(row => [...row.matchAll(/\/[a-z0-9/{}_]+/g)].map(match => match[0]))
  expect(paths).toContain('/v1/chat/completions')
  for (const path of paths) {
    const response = await fetch(gateway.url + path.replace('{class}', 'gold').replace('{id}', 'none'), {
      method: rows.find(row => row.includes(path))?.startsWith('POST') ? 'POST' : 'GET',
    })
    expect({ path, body: await response.text() }).not.toMatchObject({
      body: expect.stringContaining('path_not_found'),
    })
  }
  for (const path of ['/metrics', '/admin/classes', '/admin/upstreams']) {
    expect({ path, status: (await fetch(gateway.adminUrl + path)).status }).toEqual({ path, status: 200 })
  }
})
