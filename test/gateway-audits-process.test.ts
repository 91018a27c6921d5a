import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

async function serve(config: string, store: string): Promise<Served> {
  const child = spawn(process.execPath, [cli, 'serve', '--config', config, '--store', store])
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stderr.on('data', data => {
    text += String(data)
  })
  for (;;) {
    const started = /serves on (\S+), admin on (\S+),/.exec(text)
    if (started !== null)
      return { process: child, url: started[1] ?? '', adminUrl: started[2] ?? '', lines: () => text }
    if (child.exitCode !== null) throw new Error(text)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

async function kill({ process: child }: Served): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

interface Pending {
  readonly decision_id: string
  readonly request: unknown
}

async function pendingOf({ adminUrl }: Served): Promise<readonly Pending[]> {
  const listed = await bodyOf<{ audits: readonly Pending[] }>(
    fetch(`${adminUrl}/admin/audits/pending?limit=100`),
  )
  return listed.audits
}

test('the queue of humans survives kill -9, and so does every verdict that was acknowledged', async () => {
  const upstream = await startScriptedUpstream(answer('x'))
  onTestFinished(() => upstream.close())
  const folder = mkdtempSync(join(tmpdir(), 'gateway-audits-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const config = join(folder, 'plimsoll.yaml')
  writeFileSync(
    config,
    [
      'listen: { port: 0, admin: 0 }',
      `models: [{ id: m0, provider: p, baseUrl: "${upstream.baseUrl}" }]`,
      'classes: [{ name: gold, satisfaction: { floor: 0.8 }, policy: "fixed:m0", feedback: { kind: none },',
      '  auditBudget: 1, audits: { judge: { kind: human } } }]',
    ].join('\n'),
  )
  const store = `sqlite:${join(folder, 'log.db')}`
  let served = await serve(config, store)
  for (let i = 0; i < 12; i++)
    await (
      await fetch(`${served.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(chat()) })
    ).text()
  while ((await pendingOf(served)).length < 12) await new Promise(resolve => setTimeout(resolve, 10))
  const acknowledged = new Map<string, number>()
  for (let round = 0; round < 3; round++) {
    await kill(served)
    served = await serve(config, store)
    const waiting = await pendingOf(served)
    expect(waiting).toHaveLength(12 - acknowledged.size)
    expect(waiting[0]?.request).toEqual(chat())
    // Several at once; the process dies right behind the last acknowledgement.
    await Promise.all(
      waiting.slice(0, 4).map(async ({ decision_id: id }, i) => {
        const value = (i + round) % 2
        const response = await fetch(`${served.adminUrl}/admin/audits/${id}`, {
          method: 'POST',
          body: JSON.stringify({ value }),
        })
        expect(response.status).toBe(200)
        acknowledged.set(id, value)
      }),
    )
  }
  await kill(served)
  served = await serve(config, store)
  expect(acknowledged.size).toBe(12)
  for (const [id, value] of acknowledged) {
    const { events } = await bodyOf<{ events: readonly { kind: string; value?: number }[] }>(
      fetch(`${served.url}/v1/router/decisions/${id}`),
    )
    expect(events.filter(event => event.kind === 'audit')).toMatchObject([{ value }])
  }
  expect(await pendingOf(served)).toEqual([])
  expect(served.lines()).not.toContain('sky')
})
