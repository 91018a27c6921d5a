import { expect, test } from 'vitest'
import { createMemoryStore } from '../store/memory.ts'
import type { NewEvent } from '../store/store.ts'
import { createHumanDesk } from './human-desk.ts'

function setUp(append?: (event: NewEvent) => Promise<never>) {
  const { auditDesk } = createMemoryStore()
  const events: NewEvent[] = []
  const left: string[] = []
  let nowMs = 100
  const clerk = createHumanDesk({
    desk: auditDesk,
    append:
      append ??
      (async event => {
        events.push(event)
        return { status: 'committed', cursor: events.length }
      }),
    now: () => nowMs,
    onLeft: (className, how) => left.push(`${className} ${how}`),
  })
  const hold = (decision: string, judged: number | null, humanShare: number): Promise<void> =>
    auditDesk.hold({
      decision,
      className: 'gold',
      model: 'p/m',
      atMs: 1,
      expiresMs: 1000,
      probability: 0.05,
      judged,
      humanShare,
      transcript: '{}',
    })
  const wait = (ms: number): void => {
    nowMs += ms
  }
  return { clerk, events, left, hold, desk: auditDesk, wait }
}

test('a human alone gives the label; one who corrects a judge gives J + (S - J)/q2 and both verdicts', async () => {
  const { clerk, events, hold, left } = setUp()
  await hold('alone', null, 1)
  await hold('corrects', 1, 0.25)
  await hold('agrees', 0.5, 0.25)
  expect(await clerk.judge('alone', 0.75)).toBe(true)
  expect(await clerk.judge('corrects', 0)).toBe(true)
  expect(await clerk.judge('agrees', 0.5)).toBe(true)
  expect(events.map(event => ('value' in event ? [event.kind, event.value] : event.kind))).toEqual([
    ['audit', 0.75],
    ['feedback', 1],
    ['feedback', 0],
    ['audit', -3],
    ['feedback', 0.5],
    ['feedback', 0.5],
    ['audit', 0.5],
  ])
  expect(await clerk.judge('alone', 0)).toBe(false)
  expect(left).toEqual(['gold judged', 'gold judged', 'gold judged'])
})

test('an answer stays on the desk until its verdict is in the log', async () => {
  const { clerk, hold, desk } = setUp(() => Promise.reject(new Error('store down')))
  await hold('a', null, 1)
  await expect(clerk.judge('a', 1)).rejects.toThrow('store down')
  expect(await desk.count('gold')).toBe(1)
})

test('what is deleted or has waited too long is gone, and logged as missed', async () => {
  const { clerk, events, hold, left, desk, wait } = setUp()
  await hold('deleted', null, 1)
  await hold('expired', null, 1)
  expect([await clerk.remove('deleted'), await clerk.remove('deleted')]).toEqual([true, false])
  await clerk.expire()
  expect(await desk.count('gold')).toBe(1)
  wait(1000)
  expect(await clerk.judge('expired', 1)).toBe(false)
  await clerk.expire()
  expect(await desk.count('gold')).toBe(0)
  expect(left).toEqual(['gold deleted', 'gold expired'])
  expect(events.map(event => event.kind === 'feedback' && event.metric)).toEqual([
    'audit-missed',
    'audit-missed',
  ])
})
