import { describe, expect, it } from 'vitest'
import { decisionId } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { modelId } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import type { Policy, PolicySnapshot } from '../routing/policy.ts'
import { createEventQueue, type EventQueue } from '../store/event-queue.ts'
import { createMemoryStore } from '../store/memory.ts'
import { randomRecord } from '../store/random-record.fixture.ts'
import type { NewEvent, Store } from '../store/store.ts'
import { StoreError } from '../store/store-error.ts'
import { createLearner, type Learner, type LearnerOptions } from './learner.ts'

/** Its state is the list of what it has learned. */
function createListingPolicy(
  snapshot: PolicySnapshot | null,
): Policy & { readonly heard: readonly string[] } {
  if (snapshot !== null && snapshot.schema !== 1) throw new RangeError('another schema')
  const heard: string[] = snapshot === null ? [] : JSON.parse(new TextDecoder().decode(snapshot.bytes))
  return {
    name: 'listing',
    heard,
    decide: () => {
      throw new Error('it only listens')
    },
    auditProbability: () => 0,
    learn(event: LearningEvent) {
      if (event.kind === 'audit') throw new RangeError('no audits here')
      heard.push(`${event.kind} ${event.record.id}`)
    },
    report: () => null,
    snapshot: () => ({
      policy: 'listing',
      schema: 1,
      bytes: new TextEncoder().encode(JSON.stringify(heard)),
    }),
  }
}

function decided(id: string, policy = 'p', atMs = 1000): NewEvent {
  const record = randomRecord(createRandom(id), { id, className: 'gold', atMs })
  return { kind: 'decision', atMs, policy, record }
}

function said(id: string, key = 'k'): NewEvent {
  const statement = { metric: 'satisfaction', value: 1, source: 'user', idempotencyKey: key } as const
  return { kind: 'feedback', atMs: 2000, decision: decisionId(id), model: modelId('m'), ...statement }
}

function audited(id: string): NewEvent {
  return {
    kind: 'audit',
    atMs: 3000,
    decision: decisionId(id),
    model: modelId('m'),
    value: 1,
    probability: 1,
  }
}

interface Rig {
  readonly queue: EventQueue
  readonly learner: Learner
  heard(policy?: string): readonly string[]
}

async function start(
  store: Store,
  options: Partial<LearnerOptions> = {},
  queueStore: Store = store,
): Promise<Rig> {
  const queue = createEventQueue({ store: queueStore, maxDelayMs: 1 })
  const built = new Map<string, ReturnType<typeof createListingPolicy>>()
  const policies = ['p', 'q'].map(name => ({
    name,
    createPolicy: (snapshot: PolicySnapshot | null) => {
      const policy = createListingPolicy(snapshot)
      built.set(name, policy)
      return policy
    },
  }))
  const learner = await createLearner({ store, queue, policies, classes: [], now: () => 0, ...options })
  return { queue, learner, heard: (policy = 'p') => built.get(policy)?.heard ?? [] }
}

describe('the learner', () => {
  it('feeds each policy the events of its own decisions, in log order, once', async () => {
    const { queue, learner, heard } = await start(createMemoryStore())
    for (const event of [decided('a'), decided('b', 'q'), decided('c', 'of another gateway')])
      queue.offer(event)
    await Promise.all([said('b'), said('a'), said('a'), said('c')].map(event => queue.appendDurably(event)))
    await learner.caughtUp()
    expect(heard('p')).toEqual(['decision a', 'feedback a'])
    expect(heard('q')).toEqual(['decision b', 'feedback b'])
    expect(learner.learnedUpTo('p')).toBe(6)
    expect(learner.state()).toEqual({ health: 'ok', cursor: 6, refusedEvents: 0, lastError: null })
    expect(learner.slaReport('gold')?.requests).toBe(3)
  })

  it('does not read the log again for what the queue reports', async () => {
    const store = createMemoryStore()
    let reads = 0
    const counting: Store = {
      ...store,
      readEvents: (after, limit) => {
        reads++
        return store.readEvents(after, limit)
      },
    }
    const { queue, learner, heard } = await start(counting)
    for (let i = 0; i < 200; i++) queue.offer(decided(`d${i}`))
    for (let i = 0; i < 200; i++) await queue.appendDurably(said(`d${i}`))
    await learner.caughtUp()
    expect(heard().length).toBe(400)
    expect(reads).toBe(0)
  })

  it('reads from the log what it did not hear of: other writers, and feedback on old decisions', async () => {
    const store = createMemoryStore()
    const { queue, learner, heard } = await start(store)
    queue.offer(decided('a'))
    await queue.flush()
    await store.append([decided('behind its back')])
    await queue.appendDurably(said('a'))
    await learner.caughtUp()
    expect(heard()).toEqual(['decision a', 'decision behind its back', 'feedback a'])
    for (let i = 0; i < 5000; i++) queue.offer(decided(`d${i}`))
    await queue.flush()
    await queue.appendDurably(said('a', 'late'))
    await learner.caughtUp()
    expect(heard().length).toBe(5004)
    expect(heard().at(-1)).toBe('feedback a')
  })

  it('keeps up when far more is reported than it holds', async () => {
    const { queue, learner, heard } = await start(createMemoryStore())
    const ids = Array.from({ length: 9500 }, (_, i) => `d${i}`)
    for (const id of ids) queue.offer(decided(id))
    await queue.flush()
    await learner.caughtUp()
    expect(heard()).toEqual(ids.map(id => `decision ${id}`))
  })

  it('continues from its snapshots, each exactly once, and folds the rest of the log before it starts', async () => {
    const store = createMemoryStore()
    const first = await start(store)
    first.queue.offer(decided('a'))
    await first.queue.close()
    await first.learner.close()
    expect((await store.loadSnapshot('p'))?.cursor).toBe(1)
    expect((await store.loadSnapshot('sla-ledger'))?.cursor).toBe(1)

    await store.append([said('a'), decided('b')])
    // A stop between two saves: the policies' snapshots are of different ages.
    const heardByP = new TextEncoder().encode(JSON.stringify(['decision a', 'feedback a']))
    await store.saveSnapshot('p', { snapshot: { policy: 'listing', schema: 1, bytes: heardByP }, cursor: 2 })
    const second = await start(store)
    expect(second.heard('p')).toEqual(['decision a', 'feedback a', 'decision b'])
    expect(second.learner.learnedUpTo('p')).toBe(3)
    expect(second.learner.slaReport('gold')).toMatchObject({ requests: 2, labels: 0, asOf: 3 })
  })

  it('saves snapshots by itself after so many events', async () => {
    const store = createMemoryStore()
    const { queue, learner } = await start(store, { snapshotEveryEvents: 10 })
    for (let i = 0; i < 25; i++) queue.offer(decided(`d${i}`))
    await queue.flush()
    await learner.caughtUp()
    await learner.saveSnapshots()
    const saved = await store.loadSnapshot('p')
    expect(saved?.cursor).toBe(25)
    expect(JSON.parse(new TextDecoder().decode(saved?.snapshot.bytes)).length).toBe(25)
  })

  it('folds the whole log when a policy refuses its snapshot', async () => {
    const store = createMemoryStore()
    await store.append([decided('a')])
    const snapshot = { policy: 'listing', schema: 0, bytes: new Uint8Array(0) }
    await store.saveSnapshot('p', { snapshot, cursor: 1 })
    const errors: unknown[] = []
    const { heard } = await start(store, { onError: error => errors.push(error) })
    expect(heard()).toEqual(['decision a'])
    expect(String(errors[0])).toMatch(/p refused its snapshot; the whole log is folded instead/)
  })

  it('goes on after an event that a policy refuses, and says so', async () => {
    const errors: unknown[] = []
    const { queue, learner, heard } = await start(createMemoryStore(), {
      onError: error => errors.push(error),
    })
    queue.offer(decided('a'))
    queue.offer(audited('a'))
    await queue.appendDurably(said('a'))
    await learner.caughtUp()
    expect(heard()).toEqual(['decision a', 'feedback a'])
    expect(learner.state()).toMatchObject({ health: 'ok', refusedEvents: 1, lastError: 'p refused event 2' })
    expect(errors.length).toBe(1)
  })

  it('stops learning while the log cannot be read, says so, and catches up', async () => {
    const store = createMemoryStore()
    let failing = true
    const flaky: Store = {
      ...store,
      readEvents: (after, limit) =>
        failing
          ? Promise.reject(new StoreError('store_unavailable', 'no disk'))
          : store.readEvents(after, limit),
    }
    const { queue, learner, heard } = await start(flaky, {}, store)
    await store.append([decided('unheard')])
    await queue.appendDurably(decided('b'))
    await expect(learner.caughtUp()).rejects.toThrow('no disk')
    expect(learner.state()).toMatchObject({ health: 'degraded', lastError: 'no disk', cursor: 0 })
    failing = false
    await learner.caughtUp()
    expect(heard()).toEqual(['decision unheard', 'decision b'])
    expect(learner.state().health).toBe('ok')
    await learner.close()
  })

  it('refuses names that are unknown, repeated or taken', async () => {
    const store = createMemoryStore()
    const { learner, queue } = await start(store)
    expect(() => learner.policy('x')).toThrow(/"x"; the known names are p, q/)
    expect(() => learner.learnedUpTo('x')).toThrow(RangeError)
    const named = (...names: string[]): LearnerOptions => ({
      store,
      queue,
      policies: names.map(name => ({ name, createPolicy: createListingPolicy })),
      classes: [],
      now: () => 0,
    })
    await expect(createLearner(named('p', 'p'))).rejects.toThrow(/"p": it is given twice/)
    await expect(createLearner(named('sla-ledger'))).rejects.toThrow(/a ledger has it/)
  })
})

describe('silence', () => {
  it('is logged for every decision whose window closed without a word, also over a restart', async () => {
    const store = createMemoryStore()
    let nowMs = 1000
    const options = {
      classes: [{ name: 'gold', windowMs: 500 }],
      now: () => nowMs,
      silenceEveryMs: 3_600_000,
    }
    const first = await start(store, options)
    for (let i = 0; i < 300; i++) first.queue.offer(decided(`d${i}`, 'p', 1000))
    first.queue.offer(decided('young', 'p', 1400))
    await first.queue.appendDurably(said('d7'))
    await first.learner.closeFeedbackWindows()
    expect((await store.summary()).lastCursor).toBe(302)
    await first.queue.close()
    await first.learner.close()

    nowMs = 1600
    const second = await start(store, options)
    await second.learner.closeFeedbackWindows()
    await second.learner.closeFeedbackWindows()
    await second.learner.caughtUp()
    const silent = second.heard().filter(text => text.startsWith('silence'))
    expect(silent.length).toBe(299)
    expect(new Set(silent).size).toBe(299)
    expect(silent).not.toContain('silence d7')
    expect(silent).not.toContain('silence young')
    expect((await store.readEvents(302, 1))[0]?.event.atMs).toBe(1600)
  })

  it('is never concluded where users have for ever', async () => {
    const store = createMemoryStore()
    const { queue, learner } = await start(store, {
      classes: [{ name: 'gold', windowMs: null }],
      now: () => 1e15,
    })
    await queue.appendDurably(decided('a'))
    await learner.closeFeedbackWindows()
    expect((await store.summary()).lastCursor).toBe(1)
  })
})
