import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPolicy as createNamedPolicy } from '../routing/policies/registry.ts'
import type { Policy, PolicySnapshot } from '../routing/policy.ts'
import { createEventQueue } from '../store/event-queue.ts'
import { createMemoryStore } from '../store/memory.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import type { Store } from '../store/store.ts'
import { createLearner, type Learner } from './learner.ts'
import { replayLog } from './replay-log.ts'
import { type ScriptedServerOptions, serveScript } from './scripted-server.fixture.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-replay-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

const create =
  (name: string) =>
  (snapshot: PolicySnapshot | null): Policy =>
    createNamedPolicy(name, { parameters: {}, training: null, snapshot, auditBudget: 0 })

async function serve(store: Store, name: string, options: Partial<ScriptedServerOptions>): Promise<Learner> {
  const queue = createEventQueue({ store, maxDelayMs: 2 })
  const learner = await createLearner({
    store,
    queue,
    policies: [{ name, createPolicy: create(name) }],
    classes: [{ name: 'gold', windowMs: null }],
    now: () => 0,
    onError: error => {
      throw error
    },
  })
  const script = { requests: 400, concurrency: 64, seed: 'served' }
  await serveScript({ learner, queue, policy: name, ...script, ...options })
  await queue.close()
  await learner.close()
  return learner
}

describe('replay equals serving', () => {
  it.each(['plimsoll', 'mess-plus', 'static-mixture', 'cheapest-feasible', 'random'])(
    'for %s, 64 requests at a time, with feedback at random delays, over a restart',
    async name => {
      const path = join(folder, `${name}.db`)
      let store = await openSqliteStore(path)
      await serve(store, name, {})
      await store.close()
      store = await openSqliteStore(path)
      const learner = await serve(store, name, {
        seed: 'served after a restart',
        requests: 200,
        speaking: 0.7,
      })
      await store.close()

      store = await openSqliteStore(path, { readOnly: true })
      const replay = await replayLog(store, { policy: name, createPolicy: create(name) })
      const lags = (await store.readEvents(0, 100_000)).flatMap(({ cursor, event: { kind, record } }) =>
        kind === 'decision' ? [cursor - 1 - record.learnedUpTo] : [],
      )
      await store.close()
      // Decisions were made while earlier events of the log were still under way, else nothing would be shown here.
      expect(lags.filter(lag => lag > 0).length).toBeGreaterThan(100)
      expect(replay.listed).toEqual([])
      expect(replay.mismatches).toBe(0)
      expect(replay.decisions).toBe(600)
      expect(replay.snapshot).toEqual(learner.policy(name).snapshot())
    },
  )

  it('was not true of a log in which learning lagged otherwise than its records say', async () => {
    const store = createMemoryStore()
    const name = 'mess-plus'
    await serve(store, name, {})
    const tampered: Store = {
      ...store,
      readEvents: async (after, limit) => {
        const events = await store.readEvents(after, limit)
        // Feedback turned round: later decisions saw other labels than they claim.
        return events.map(committed =>
          committed.event.kind === 'feedback'
            ? { ...committed, event: { ...committed.event, value: 1 - committed.event.value } }
            : committed,
        )
      },
    }
    const replay = await replayLog(tampered, { policy: name, createPolicy: create(name) })
    expect(replay.mismatches).toBeGreaterThan(0)
    expect(replay.listed.length).toBe(Math.min(20, replay.mismatches))
    expect(replay.listed[0]?.field).toMatch(/^(chosen|mode|shadows|prices|probabilities|estimates)/)
  })

  it('says so when decisions were made at states that one sweep cannot pass', async () => {
    const store = createMemoryStore()
    await serve(store, 'random', { requests: 5, concurrency: 1 })
    const shuffled: Store = {
      ...store,
      readEvents: async (after, limit) =>
        (await store.readEvents(after, limit)).map(committed => {
          const { event } = committed
          if (event.kind !== 'decision' || event.record.id !== 'served-4') return committed
          return { ...committed, event: { ...event, record: { ...event.record, learnedUpTo: 1 } } }
        }),
    }
    await expect(replayLog(shuffled, { policy: 'random', createPolicy: create('random') })).rejects.toThrow(
      /made at event 1, but the one before it at/,
    )
  })
})
