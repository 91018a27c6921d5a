import { expect, test } from 'vitest'
import { decisionId } from '../routing/decision.ts'
import { modelId } from '../routing/model.ts'
import { createRandom } from '../routing/numeric/random.ts'
import { randomRecord } from '../store/random-record.fixture.ts'
import { createRecentRecords, type RecentRecords } from './recent-records.ts'

const outcomeOf = {
  costUsd: 1,
  promptTokens: 1,
  completionTokens: 1,
  latencyMs: 1,
  firstTokenMs: null,
  error: null,
}

function decide(records: RecentRecords, id: string): void {
  const record = randomRecord(createRandom(id), { id })
  records.note({ cursor: 1, policy: 'p', event: { kind: 'decision', atMs: 1, record } })
}

function end(records: RecentRecords, id: string, shadow = false): boolean {
  const outcome = { ...outcomeOf, shadow }
  const event = { kind: 'outcome', atMs: 2, decision: decisionId(id), model: modelId('m'), outcome } as const
  const completed = records.complete({ cursor: 2, event })
  if (completed !== null) records.note(completed)
  return completed !== null
}

const held = (records: RecentRecords, id: string): boolean =>
  records.complete({ cursor: 3, event: { kind: 'silence', atMs: 3, decision: decisionId(id) } }) !== null

test('a record is held until its outcome and through the 256 outcomes after it', () => {
  const records = createRecentRecords()
  decide(records, 'waits')
  for (let i = 0; i < 300; i++) {
    decide(records, `d${i}`)
    expect(end(records, `d${i}`, true)).toBe(true)
    expect(end(records, `d${i}`)).toBe(true)
  }
  expect(held(records, 'waits')).toBe(true)
  expect(['d0', 'd43', 'd44', 'd299'].map(id => held(records, id))).toEqual([false, false, true, true])
})

test('4,096 records are held at most', () => {
  const records = createRecentRecords()
  for (let i = 0; i < 4100; i++) decide(records, `d${i}`)
  expect(['d3', 'd4', 'd4099'].map(id => held(records, id))).toEqual([false, true, true])
})
