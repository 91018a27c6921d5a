import { afterEach, describe, expect, it } from 'vitest'
import { decisionId } from '../routing/decision.ts'
import type { LearningEvent } from '../routing/learning-event.ts'
import { modelId } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import { describeAuditDesk } from './audit-desk.contract.ts'
import { randomRecord } from './random-record.fixture.ts'
import type { NewEvent, Store } from './store.ts'

/** How the suite gets at one implementation. */
export interface StoreUnderTest {
  readonly name: string
  /** An empty log of its own. */
  open(): Promise<Store>
  /** Opens the log of a closed store again; `null` where a log ends with its store. */
  readonly reopen: ((closed: Store) => Promise<Store>) | null
}

type Later = Exclude<NewEvent, { readonly kind: 'decision' }>

const model = modelId('provider/model')

function decided(
  id: string,
  options: { readonly className?: string; readonly atMs?: number } = {},
): NewEvent {
  const { className = 'gold', atMs = 1000 } = options
  const record = randomRecord(createRandom(id), { id, className, atMs })
  return { kind: 'decision', atMs, policy: `policy of ${className}`, record }
}

function outcome(id: string, atMs = 2000): Later {
  return {
    kind: 'outcome',
    atMs,
    decision: decisionId(id),
    model,
    outcome: {
      costUsd: 0.1,
      promptTokens: 12,
      completionTokens: null,
      latencyMs: 1.5,
      firstTokenMs: -0,
      error: id.length % 2 === 0 ? 'upstream_timeout' : null,
      shadow: id.length % 3 === 0,
    },
  }
}

function feedback(id: string, key: string, metric = 'satisfaction'): Later {
  const decision = decisionId(id)
  return {
    kind: 'feedback',
    atMs: 3000,
    decision,
    model,
    metric,
    value: 0.3,
    source: 'judge',
    idempotencyKey: key,
  }
}

function audit(id: string): Later {
  return { kind: 'audit', atMs: 4000, decision: decisionId(id), model, value: 1, probability: 0.05 }
}

function silence(id: string): Later {
  return { kind: 'silence', atMs: 5000, decision: decisionId(id) }
}

/** What a learner must be given for a new event. */
function learned(event: NewEvent, decision: NewEvent): LearningEvent {
  if (decision.kind !== 'decision') throw new TypeError('name the decision that the event is about')
  const { record } = decision
  switch (event.kind) {
    case 'decision':
    case 'silence':
      return { kind: event.kind, atMs: event.atMs, record }
    case 'outcome':
      return { kind: 'outcome', atMs: event.atMs, record, model: event.model, outcome: event.outcome }
    case 'feedback': {
      const { kind, atMs, metric, value, source } = event
      return { kind, atMs, record, model: event.model, metric, value, source }
    }
    case 'audit': {
      const { kind, atMs, value, probability } = event
      return { kind, atMs, record, model: event.model, value, probability }
    }
    default:
      return event satisfies never
  }
}

/** Runs every promise of the `Store` interface against one implementation. */
export function describeStore(under: StoreUnderTest): void {
  describe(`the store contract on ${under.name}`, () => {
    const opened: Store[] = []
    const open = async (): Promise<Store> => {
      const store = await under.open()
      opened.push(store)
      return store
    }
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })

    describeAppending(open)
    describeReading(open)
    describeUnanswered(open)
    describeDerivedState(open)
    describeAuditDesk(open, under.reopen)
    it.skipIf(under.reopen === null)('holds everything when it is opened again', async () => {
      const store = await open()
      const first = decided('a')
      await store.append([first, outcome('a'), feedback('lost', 'k')])
      await store.saveSnapshot('p', {
        snapshot: { policy: 'x', schema: 3, bytes: Uint8Array.of(1, 2) },
        cursor: 2,
      })
      const secret = await store.secret()
      await store.close()

      const again = (await under.reopen?.(store)) ?? store
      opened.push(again)
      expect(await again.secret()).toEqual(secret)
      expect((await again.loadSnapshot('p'))?.cursor).toBe(2)
      expect(await again.append([first, feedback('a', 'k')])).toEqual([
        { status: 'duplicate' },
        { status: 'committed', cursor: 3 },
      ])
      expect(await again.summary()).toEqual({ lastCursor: 3, decisions: 1, orphans: 1 })
      expect((await again.readEvents(0, 10)).map(({ event }) => event)).toEqual([
        learned(first, first),
        learned(outcome('a'), first),
        learned(feedback('a', 'k'), first),
      ])
    })
  })
}

function describeAppending(open: () => Promise<Store>): void {
  it('gives growing cursors, in the order of the batch and of the calls', async () => {
    const store = await open()
    const calls = [[decided('a'), outcome('a')], [decided('b'), feedback('a', 'k')], [outcome('b')]]
    const results = (await Promise.all(calls.map(events => store.append(events)))).flat()
    const cursors = results.map(result => (result.status === 'committed' ? result.cursor : 0))
    expect(cursors).toEqual([...cursors].sort((a, b) => a - b))
    expect(new Set(cursors).size).toBe(5)
    expect(Math.min(...cursors)).toBeGreaterThan(0)
    const events = await store.readEvents(0, 10)
    expect(events.map(({ cursor }) => cursor)).toEqual(cursors)
    expect(events.map(({ event: { kind, record } }) => `${kind} ${record.id}`)).toEqual([
      'decision a',
      'outcome a',
      'decision b',
      'feedback a',
      'outcome b',
    ])
  })

  it('takes an empty batch', async () => {
    const store = await open()
    expect(await store.append([])).toEqual([])
    expect(await store.summary()).toEqual({ lastCursor: 0, decisions: 0, orphans: 0 })
  })

  it('logs what was said once: decisions by id, feedback by decision and key, audits', async () => {
    const store = await open()
    const statuses = async (...events: NewEvent[]): Promise<readonly string[]> =>
      (await store.append(events)).map(({ status }) => status)
    expect(await statuses(decided('a'), decided('a'), decided('b'))).toEqual([
      'committed',
      'duplicate',
      'committed',
    ])
    expect(await statuses(decided('b'))).toEqual(['duplicate'])
    expect(await statuses(feedback('a', 'k'), feedback('a', 'k'), feedback('b', 'k'))).toEqual([
      'committed',
      'duplicate',
      'committed',
    ])
    expect(await statuses(feedback('a', 'k'), feedback('a', 'k2'))).toEqual(['duplicate', 'committed'])
    expect(await statuses(outcome('a'), outcome('a'))).toEqual(['committed', 'committed'])
    expect(await statuses(audit('a'), audit('a'), audit('b'))).toEqual([
      'committed',
      'duplicate',
      'committed',
    ])
    expect((await store.readEvents(0, 100)).length).toBe(9)
  })

  it('sets aside what is said of unknown decisions and teaches nothing from it', async () => {
    const store = await open()
    const events = [
      feedback('lost', 'k'),
      outcome('lost'),
      silence('lost'),
      decided('a'),
      feedback('lost', 'k'),
    ]
    expect((await store.append(events)).map(({ status }) => status)).toEqual([
      'orphan',
      'orphan',
      'orphan',
      'committed',
      'duplicate',
    ])
    expect((await store.summary()).orphans).toBe(3)
    expect((await store.readEvents(0, 10)).length).toBe(1)
  })

  it('writes nothing of a batch that holds an event which cannot be stored', async () => {
    const store = await open()
    const broken: NewEvent = { ...silence('a'), atMs: Number.NaN }
    await expect(store.append([decided('a'), broken])).rejects.toThrow(RangeError)
    expect((await store.summary()).lastCursor).toBe(0)
    expect((await store.append([decided('a')])).length).toBe(1)
    expect((await store.readEvents(0, 10)).length).toBe(1)
  })
}

function describeReading(open: () => Promise<Store>): void {
  it('gives every record back exactly', async () => {
    const store = await open()
    const random = createRandom('records')
    const events = Array.from({ length: 200 }, (_, i): NewEvent => {
      const record = randomRecord(random, { id: `decision ${i} \ud800` })
      return { kind: 'decision', atMs: random.next(), policy: `p${i % 3}`, record }
    })
    await store.append(events)
    const read = await store.readEvents(0, 1000)
    expect(read.length).toBe(200)
    read.forEach(({ event, policy }, i) => {
      const written = events[i]
      if (written?.kind !== 'decision') throw new TypeError('only decisions were written')
      // toStrictEqual tells -0 from 0, NaN from anything, typed arrays by type and absent from undefined.
      expect(event).toStrictEqual(learned(written, written))
      expect(policy).toBe(written.policy)
    })
  })

  it('gives every kind of event back exactly, page by page', async () => {
    const store = await open()
    const a = decided('a')
    const bb = decided('bb', { className: 'bronze' })
    const said: readonly (readonly [NewEvent, NewEvent])[] = [
      [a, a],
      [outcome('a'), a],
      [bb, bb],
      [feedback('a', 'k', 'λ'), a],
      [outcome('bb'), bb],
      [audit('bb'), bb],
      [silence('bb'), bb],
    ]
    await store.append(said.map(([event]) => event))
    const wanted = said.map(([event, decision]) => learned(event, decision))
    const pages: unknown[] = []
    let after = 0
    for (;;) {
      const page = await store.readEvents(after, 2)
      if (page.length === 0) break
      expect(page.length).toBeLessThanOrEqual(2)
      for (const { cursor, policy, event } of page) {
        expect(cursor).toBeGreaterThan(after)
        expect(policy).toBe(`policy of ${event.record.context.sla.name}`)
        after = cursor
        pages.push(event)
      }
    }
    expect(pages).toStrictEqual(wanted)
  })

  it('reads a decision with everything that happened to it', async () => {
    const store = await open()
    const a = decided('a')
    await store.append([a, decided('b'), outcome('b'), outcome('a')])
    await store.append([feedback('a', 'k'), feedback('a', 'k')])
    const trail = await store.findDecision(decisionId('a'))
    expect(trail?.policy).toBe('policy of gold')
    expect(trail?.record).toStrictEqual(learned(a, a).record)
    expect(trail?.events).toStrictEqual([
      learned(a, a),
      learned(outcome('a'), a),
      learned(feedback('a', 'k'), a),
    ])
    expect(await store.findDecision(decisionId('unknown'))).toBeNull()
  })
}

function describeUnanswered(open: () => Promise<Store>): void {
  it('finds the decisions on which nobody has spoken, oldest first', async () => {
    const store = await open()
    await store.append([
      decided('late', { atMs: 300 }),
      decided('early', { atMs: 100 }),
      decided('answered', { atMs: 110 }),
      decided('safety', { atMs: 120 }),
      decided('audited', { atMs: 130 }),
      decided('silent', { atMs: 140 }),
      decided('other class', { atMs: 150, className: 'bronze' }),
      decided('middle', { atMs: 200 }),
      decided('too young', { atMs: 400 }),
    ])
    await store.append([
      outcome('early'),
      feedback('answered', 'k'),
      feedback('safety', 'k', 'safety'),
      audit('audited'),
      silence('silent'),
    ])
    expect(await store.findUnanswered('gold', 400, 10)).toEqual([
      'early',
      'safety',
      'audited',
      'middle',
      'late',
    ])
    expect(await store.findUnanswered('gold', 400, 2)).toEqual(['early', 'safety'])
    expect(await store.findUnanswered('gold', 200, 10)).toEqual(['early', 'safety', 'audited'])
    expect(await store.findUnanswered('bronze', 400, 10)).toEqual(['other class'])
    expect(await store.findUnanswered('unknown', 400, 10)).toEqual([])
  })

  it('logs silence once, and never where somebody has spoken', async () => {
    const store = await open()
    await store.append([decided('a'), decided('b'), feedback('b', 'k')])
    const statuses = (await store.append([silence('a'), silence('a'), silence('b')])).map(
      ({ status }) => status,
    )
    expect(statuses).toEqual(['committed', 'duplicate', 'duplicate'])
    const late = await store.append([feedback('a', 'k')])
    expect(late.map(({ status }) => status)).toEqual(['committed'])
  })
}

function describeDerivedState(open: () => Promise<Store>): void {
  it('keeps the last snapshot of each policy with its cursor', async () => {
    const store = await open()
    expect(await store.loadSnapshot('p')).toBeNull()
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251)
    const saved = { snapshot: { policy: 'fixed:m', schema: 7, bytes: bytes.slice() }, cursor: 12 }
    await store.saveSnapshot('p', { ...saved, snapshot: { ...saved.snapshot, bytes: Uint8Array.of(1) } })
    await store.saveSnapshot('other', { ...saved, cursor: 3 })
    await store.saveSnapshot('p', saved)
    // The store owns what it saved: the caller may use its buffer again.
    saved.snapshot.bytes.fill(0)
    expect(await store.loadSnapshot('p')).toStrictEqual({
      snapshot: { policy: 'fixed:m', schema: 7, bytes },
      cursor: 12,
    })
    expect((await store.loadSnapshot('other'))?.cursor).toBe(3)
  })

  it('has a secret of 32 bytes that stays', async () => {
    const store = await open()
    const secret = await store.secret()
    expect(secret.length).toBe(32)
    expect(new Set(secret).size).toBeGreaterThan(8)
    expect(await store.secret()).toEqual(secret)
    const other = await open()
    expect(await other.secret()).not.toEqual(secret)
  })

  it('lets one process learn', async () => {
    expect(await (await open()).tryBecomeLearner()).toBe(true)
  })

  it('says so when it is used after it was closed', async () => {
    const store = await open()
    const pending = store.append([decided('a')])
    await store.close()
    expect((await pending).map(({ status }) => status)).toEqual(['committed'])
    await store.close()
    await expect(store.append([decided('b')])).rejects.toMatchObject({ code: 'store_closed' })
    await expect(store.readEvents(0, 1)).rejects.toMatchObject({ code: 'store_closed' })
  })
}
