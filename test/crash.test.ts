import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createLearner } from '../src/learner/learner.ts'
import { replayLog } from '../src/learner/replay-log.ts'
import { createSlaLedger, slaLedgerName } from '../src/learner/sla-ledger.ts'
import { createRandom } from '../src/routing/numeric/random.ts'
import { createPolicy } from '../src/routing/policies/registry.ts'
import type { Policy, PolicySnapshot } from '../src/routing/policy.ts'
import { createEventQueue } from '../src/store/event-queue.ts'
import { openSqliteStore } from '../src/store/sqlite.ts'
import type { CommittedEvent, Store } from '../src/store/store.ts'
import { proofSize } from './proof-size.ts'

const kills = proofSize(20, 100)
const name = 'plimsoll'
const child = new URL('./crash-child.fixture.ts', import.meta.url).pathname

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-crash-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

const create = (snapshot: PolicySnapshot | null): Policy =>
  createPolicy(name, { parameters: {}, training: null, snapshot, auditBudget: 0 })

/** Serves in a process of its own and kills it; returns the decisions whose feedback was acknowledged. */
async function serveUntilKilled(
  path: string,
  seed: string,
  acknowledgements: number,
): Promise<readonly string[]> {
  const server = spawn(process.execPath, [child, path, seed], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let complaints = ''
  server.stderr.setEncoding('utf8').on('data', text => {
    complaints += text
  })
  server.stdout.setEncoding('utf8').on('data', text => {
    output += text
    // The first line is `ready`, the last one may be half a line.
    if (output.split('\n').length - 2 >= acknowledgements) server.kill('SIGKILL')
  })
  const [code, signal] = await once(server, 'close')
  expect({ code, signal, complaints }).toEqual({ code: null, signal: 'SIGKILL', complaints: '' })
  return output.split('\n').slice(1, -1)
}

async function readAll(store: Store): Promise<readonly CommittedEvent[]> {
  const events: CommittedEvent[] = []
  for (;;) {
    const page = await store.readEvents(events.at(-1)?.cursor ?? 0, 1000)
    if (page.length === 0) return events
    events.push(...page)
  }
}

/** The state after a restart must be the fold of the whole log, whatever snapshots the crash left behind. */
async function expectFoldOfTheLog(store: Store, events: readonly CommittedEvent[]): Promise<void> {
  const policies = [{ name, createPolicy: create }]
  const queue = createEventQueue({ store })
  const learner = await createLearner({ store, queue, policies, classes: [], now: () => 0 })
  const policy = create(null)
  const ledger = createSlaLedger(null)
  for (const committed of events) {
    policy.learn(committed.event)
    ledger.learn(committed)
  }
  expect(learner.policy(name).snapshot()).toEqual(policy.snapshot())
  expect(learner.slaReports()).toEqual(ledger.reports())
  await queue.close()
  await learner.close()
  expect((await store.loadSnapshot(name))?.snapshot).toEqual(policy.snapshot())
  expect((await store.loadSnapshot(slaLedgerName))?.snapshot).toEqual(ledger.snapshot())
}

it(`keeps everything acknowledged over ${kills} kills, and its state is the fold of the log each time`, async () => {
  const path = join(folder, 'log.db')
  const random = createRandom('kills')
  const acknowledged: string[] = []
  let laggingSnapshots = 0
  for (let kill = 0; kill < kills; kill++) {
    acknowledged.push(...(await serveUntilKilled(path, `server ${kill}`, 1 + random.integer(120))))
    const store = await openSqliteStore(path)
    const events = await readAll(store)
    const answered = new Set(
      events.filter(({ event }) => event.kind === 'feedback').map(({ event }) => event.record.id as string),
    )
    expect(acknowledged.filter(id => !answered.has(id))).toEqual([])
    expect((await store.summary()).orphans).toBe(0)
    const saved = await store.loadSnapshot(name)
    if (saved !== null && saved.cursor < (events.at(-1)?.cursor ?? 0)) laggingSnapshots++
    // Every other restart is the next server's alone, on the snapshots that the kill left.
    if (kill % 2 === 1) await expectFoldOfTheLog(store, events)
    await store.close()
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(kills)
  // The kills did hit between two snapshots, otherwise this test would show nothing.
  expect(laggingSnapshots).toBeGreaterThan(0)

  const store = await openSqliteStore(path, { readOnly: true })
  const replay = await replayLog(store, { policy: name, createPolicy: create })
  await store.close()
  expect(replay.listed).toEqual([])
  expect(replay.decisions).toBeGreaterThanOrEqual(acknowledged.length)
})
