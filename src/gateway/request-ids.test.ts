import { expect, test } from 'vitest'
import { createRequestIds } from './request-ids.ts'

test('an id is verified by the secret that signed it, under either of its names, and tells its time', () => {
  const ids = createRequestIds(Buffer.alloc(32, 1))
  const seen = new Set<string>()
  for (let i = 0; i < 1000; i++) {
    const atMs = 1_790_000_000_000 + i
    const { requestId, decisionId } = ids.create(atMs)
    expect(ids.verify(requestId)).toEqual({ decisionId, atMs })
    expect(ids.verify(decisionId)).toEqual({ decisionId, atMs })
    seen.add(decisionId)
  }
  expect(seen.size).toBe(1000)
})

test('an id that was altered, or signed elsewhere, is not ours', () => {
  const ids = createRequestIds(Buffer.alloc(32, 1))
  const { decisionId } = ids.create(1)
  for (let i = 4; i < decisionId.length; i++) {
    const other = decisionId[i] === 'A' ? 'B' : 'A'
    expect(ids.verify(decisionId.slice(0, i) + other + decisionId.slice(i + 1))).toBeNull()
  }
  expect(createRequestIds(Buffer.alloc(32, 2)).verify(decisionId)).toBeNull()
  for (const id of ['', 'dec_', `${decisionId}A`, decisionId.slice(4)]) expect(ids.verify(id)).toBeNull()
})
