import { expect, it } from 'vitest'
import type { WaitingAudit } from './audit-desk.ts'
import type { Store } from './store.ts'

const waiting = (decision: string, more: Partial<WaitingAudit> = {}): WaitingAudit => ({
  decision,
  className: 'gold',
  model: 'p/m',
  atMs: 100,
  expiresMs: 1000,
  probability: 0.05,
  judged: null,
  humanShare: 1,
  transcript: `{"request":"λ ${decision}"}`,
  ...more,
})

/** Runs every promise of the `AuditDesk` interface against one implementation. */
export function describeAuditDesk(
  open: () => Promise<Store>,
  reopen: ((closed: Store) => Promise<Store>) | null,
): void {
  const all = { className: null, nowMs: 0, limit: 10 }

  it('holds answers for humans, oldest first, the first of each decision', async () => {
    const { auditDesk: desk } = await open()
    await desk.hold(waiting('b', { atMs: 200, judged: 0.25, humanShare: 0.1 }))
    await desk.hold(waiting('a'))
    await desk.hold(waiting('a', { transcript: 'another' }))
    await desk.hold(waiting('c', { className: 'bronze', atMs: 300 }))
    expect(await desk.find('a')).toEqual(waiting('a'))
    expect(await desk.find('b')).toEqual(waiting('b', { atMs: 200, judged: 0.25, humanShare: 0.1 }))
    expect(await desk.find('z')).toBeNull()
    expect((await desk.list(all)).map(({ decision }) => decision)).toEqual(['a', 'b', 'c'])
    expect((await desk.list({ ...all, limit: 1 })).map(({ decision }) => decision)).toEqual(['a'])
    expect((await desk.list({ ...all, className: 'bronze' })).map(({ decision }) => decision)).toEqual(['c'])
    expect([await desk.count('gold'), await desk.count('none')]).toEqual([2, 0])
    expect([await desk.remove('a'), await desk.remove('a')]).toEqual([true, false])
    expect(await desk.count('gold')).toBe(1)
  })

  it('lets go of what has expired and says what it was, without its text', async () => {
    const { auditDesk: desk } = await open()
    await desk.hold(waiting('late', { expiresMs: 5000 }))
    await desk.hold(waiting('a', { atMs: 1 }))
    await desk.hold(waiting('b', { atMs: 2 }))
    expect((await desk.list({ ...all, nowMs: 1000 })).map(({ decision }) => decision)).toEqual(['late'])
    const { transcript: _, ...first } = waiting('a', { atMs: 1 })
    expect(await desk.removeExpired(1000, 1)).toEqual([first])
    expect((await desk.removeExpired(1000, 10)).map(({ decision }) => decision)).toEqual(['b'])
    expect(await desk.removeExpired(1000, 10)).toEqual([])
  })

  it('adds up what was spent, by class and day', async () => {
    const { auditDesk: desk } = await open()
    await desk.spend('gold', 20_000, 0.25)
    await desk.spend('gold', 20_000, 0.5)
    await desk.spend('bronze', 20_000, 1)
    await desk.spend('gold', 20_001, 8)
    const spending = [...(await desk.spending(20_000))].sort((a, b) => a.usd - b.usd)
    expect(spending).toEqual([
      { className: 'gold', usd: 0.75 },
      { className: 'bronze', usd: 1 },
    ])
    expect(await desk.spending(19_999)).toEqual([])
  })

  it.skipIf(reopen === null)('keeps the desk over a restart', async () => {
    const store = await open()
    await store.auditDesk.hold(waiting('a'))
    await store.auditDesk.spend('gold', 1, 2)
    await store.close()
    const again = (await reopen?.(store)) ?? store
    try {
      expect(await again.auditDesk.find('a')).toEqual(waiting('a'))
      expect(await again.auditDesk.spending(1)).toEqual([{ className: 'gold', usd: 2 }])
    } finally {
      await again.close()
    }
  })
}
