import { describe, expect, it } from 'vitest'
import { decisionId } from '../routing/decision.ts'
import { modelId } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import { type CommittedNewEvent, createEventQueue } from './event-queue.ts'
import { createMemoryStore } from './memory.ts'
import { randomRecord } from './random-record.fixture.ts'
import type { NewEvent, Store } from './store.ts'
import { StoreError } from './store-error.ts'

function decided(id: string): NewEvent {
  return { kind: 'decision', atMs: 1, policy: 'p', record: randomRecord(createRandom(id), { id }) }
}

function feedback(id: string, key: string): NewEvent {
  const decision = decisionId(id)
  const said = { metric: 'satisfaction', value: 1, source: 'user' } as const
  return { kind: 'feedback', atMs: 2, decision, model: modelId('m'), ...said, idempotencyKey: key }
}

const broken: NewEvent = { kind: 'silence', atMs: Number.NaN, decision: decisionId('a') }

/** A store that can be told to fail, and that notes the size of every transaction. */
function createFailingStore() {
  const store = createMemoryStore()
  const batches: number[] = []
  const control = { failing: false, batches }
  const append: Store['append'] = async events => {
    if (control.failing) throw new StoreError('store_unavailable', 'the disk is full')
    const results = await store.append(events)
    batches.push(events.length)
    return results
  }
  return { ...store, append, control }
}

const retryMs = { min: 1, max: 2 }

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 1))
}

describe('the event queue', () => {
  it('commits in the order of the offers, in batches of bounded size, and tells listeners before acknowledging', async () => {
    const store = createFailingStore()
    const queue = createEventQueue({ store, maxBatch: 3, maxDelayMs: 60_000 })
    const heard: CommittedNewEvent[] = []
    queue.onCommitted(committed => heard.push(...committed))
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    for (const id of ids) expect(queue.offer(decided(id))).toBe(true)
    const result = await queue.appendDurably(feedback('a', 'k'))
    expect(result).toEqual({ status: 'committed', cursor: 8 })
    expect(heard.map(({ cursor }) => cursor)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(heard.at(-1)?.event.kind).toBe('feedback')
    expect(store.control.batches).toEqual([3, 3, 2])
    expect(queue.state()).toEqual({ health: 'ok', pending: 0, dropped: 0, orphans: 0, lastError: null })
  })

  it('writes waiting telemetry after a while by itself', async () => {
    const store = createMemoryStore()
    const queue = createEventQueue({ store, maxDelayMs: 1 })
    queue.offer(decided('a'))
    await until(() => queue.state().pending === 0)
    expect((await store.summary()).lastCursor).toBe(1)
  })

  it('reports duplicates and orphans, and tells listeners of neither', async () => {
    const queue = createEventQueue({ store: createMemoryStore() })
    let heard = 0
    const end = queue.onCommitted(committed => {
      heard += committed.length
    })
    queue.offer(decided('a'))
    queue.offer(decided('a'))
    expect(await queue.appendDurably(feedback('a', 'k'))).toEqual({ status: 'committed', cursor: 2 })
    expect(await queue.appendDurably(feedback('a', 'k'))).toEqual({ status: 'duplicate' })
    expect(await queue.appendDurably(feedback('lost', 'k'))).toEqual({ status: 'orphan' })
    expect(heard).toBe(2)
    expect(queue.state().orphans).toBe(1)
    end()
    await queue.appendDurably(feedback('a', 'k2'))
    expect(heard).toBe(2)
  })

  it('drops telemetry when it is full, refuses feedback, and counts the loss', async () => {
    const store = createFailingStore()
    const queue = createEventQueue({ store, maxPending: 2, maxDelayMs: 60_000 })
    expect([queue.offer(decided('a')), queue.offer(decided('b')), queue.offer(decided('c'))]).toEqual([
      true,
      true,
      false,
    ])
    await expect(queue.appendDurably(feedback('a', 'k'))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/2 events behind.*repeat/),
    })
    await queue.flush()
    expect(queue.state()).toMatchObject({ pending: 0, dropped: 1, health: 'ok' })
    expect((await store.summary()).decisions).toBe(2)
  })

  it('keeps telemetry while the store fails, refuses feedback at once, and recovers', async () => {
    const store = createFailingStore()
    const queue = createEventQueue({ store, retryMs })
    store.control.failing = true
    queue.offer(decided('a'))
    const early = queue.appendDurably(feedback('a', 'k'))
    await expect(early).rejects.toMatchObject({ code: 'store_unavailable', message: 'the disk is full' })
    expect(queue.state()).toMatchObject({
      health: 'degraded',
      pending: 1,
      dropped: 0,
      lastError: 'the disk is full',
    })
    await expect(queue.appendDurably(feedback('a', 'k'))).rejects.toMatchObject({
      message: expect.stringMatching(/the disk is full.*repeat/),
    })
    queue.offer(decided('b'))
    store.control.failing = false
    await until(() => queue.state().health === 'ok')
    await queue.flush()
    expect(await queue.appendDurably(feedback('a', 'k'))).toEqual({ status: 'committed', cursor: 3 })
    expect((await store.readEvents(0, 10)).map(({ event }) => event.record.id)).toEqual(['a', 'b', 'a'])
  })

  it('loses only the event that cannot be stored', async () => {
    const store = createMemoryStore()
    const queue = createEventQueue({ store, maxDelayMs: 60_000 })
    for (const id of ['a', 'b', 'c']) queue.offer(decided(id))
    queue.offer(broken)
    queue.offer(decided('d'))
    const refused = queue.appendDurably(broken)
    const accepted = queue.appendDurably(feedback('d', 'k'))
    await expect(refused).rejects.toThrow(/has the time NaN; give milliseconds/)
    expect(await accepted).toEqual({ status: 'committed', cursor: 5 })
    expect(queue.state()).toMatchObject({ dropped: 1, health: 'ok', pending: 0 })
  })

  it('survives a listener that fails', async () => {
    const queue = createEventQueue({ store: createMemoryStore() })
    queue.onCommitted(() => {
      throw new Error('no')
    })
    queue.offer(decided('a'))
    await queue.flush()
    expect(queue.state().lastError).toMatch(/listener.*no/)
    expect((await queue.appendDurably(feedback('a', 'k'))).status).toBe('committed')
  })

  it('writes what waits when it is closed, and takes nothing afterwards', async () => {
    const store = createFailingStore()
    const queue = createEventQueue({ store, maxBatch: 2, maxDelayMs: 60_000, retryMs })
    for (const id of ['a', 'b', 'c']) queue.offer(decided(id))
    store.control.failing = true
    const closing = queue.close()
    await until(() => queue.state().health === 'degraded')
    store.control.failing = false
    await closing
    await queue.close()
    expect((await store.summary()).decisions).toBe(3)
    expect(queue.offer(decided('d'))).toBe(false)
    await expect(queue.appendDurably(feedback('a', 'k'))).rejects.toMatchObject({ code: 'store_closed' })
    expect(queue.state()).toMatchObject({ dropped: 1, pending: 0 })
  })

  it('gives up at the deadline of its end and counts what is lost', async () => {
    const store = createFailingStore()
    const queue = createEventQueue({ store, maxDelayMs: 60_000, retryMs })
    store.control.failing = true
    queue.offer(decided('a'))
    queue.offer(decided('b'))
    await queue.close(5)
    expect(queue.state()).toMatchObject({ health: 'degraded', dropped: 2, pending: 0 })
  })
})
